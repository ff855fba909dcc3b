import { expect, test } from 'vitest';
import { boundary } from './boundary.ts';

function drawn(geometry: string | null) {
  const losses: string[] = [];
  return { text: boundary(geometry, { loss: (code, column) => losses.push(`${code} ${column}`) }), losses };
}

const square = [
  [35, -6],
  [36, -6],
  [36, -7.5],
  [35, -6],
];

test('a polygon, with a hole or without, is a multipolygon of one', () => {
  expect(drawn(JSON.stringify({ type: 'Polygon', coordinates: [square, square] }))).toEqual({
    text: 'SRID=4326;MULTIPOLYGON(((35 -6,36 -6,36 -7.5,35 -6),(35 -6,36 -6,36 -7.5,35 -6)))',
    losses: [],
  });
});

test('a council of mainland and island has two outlines', () => {
  const { text } = drawn(JSON.stringify({ type: 'MultiPolygon', coordinates: [[square], [square]] }));
  expect(text).toBe('SRID=4326;MULTIPOLYGON(((35 -6,36 -6,36 -7.5,35 -6)),((35 -6,36 -6,36 -7.5,35 -6)))');
});

test('heights are left out', () => {
  const high = square.map((position) => [...position, 1200]);
  expect(drawn(JSON.stringify({ type: 'Polygon', coordinates: [high] })).text).toBe(
    'SRID=4326;MULTIPOLYGON(((35 -6,36 -6,36 -7.5,35 -6)))',
  );
});

test('a zone without outline has none', () => {
  expect(drawn(null)).toEqual({ text: null, losses: [] });
});

test.each([
  ['no JSON', 'POLYGON((35 -6))'],
  ['empty', ''],
  ['JSON, but nothing', 'null'],
  ['a point', '{"type":"Point","coordinates":[35,-6]}'],
  ['without coordinates', '{"type":"Polygon"}'],
  ['without a ring', '{"type":"Polygon","coordinates":[]}'],
  ['of a ring that is open', '{"type":"Polygon","coordinates":[[[35,-6],[36,-6],[36,-7],[35,-7]]]}'],
  ['of a ring that is too short', '{"type":"Polygon","coordinates":[[[35,-6],[36,-6],[35,-6]]]}'],
  ['of words', '{"type":"Polygon","coordinates":[[["35","-6"],[36,-6],[36,-7],["35","-6"]]]}'],
  ['beyond all numbers', '{"type":"Polygon","coordinates":[[[1e999,-6],[36,-6],[36,-7],[1e999,-6]]]}'],
])('what is %s is no outline, and a loss', (_what, geometry) => {
  expect(drawn(geometry)).toEqual({ text: null, losses: ['VALUE_WITHOUT_HOME geographic_zones.boundary'] });
});
