import { expect, test } from 'vitest';
import { path, plot } from './plot.ts';

const same = { x: (seconds: number) => seconds, y: (value: number) => value };

test('a line has a gap where there is no value, and a dot where one stands alone', () => {
  const points = [
    [0, 1],
    [1, 2],
    [2, Number.NaN],
    [3, 4],
    [4, Number.NaN],
    [5, 1],
    [6, 1],
  ] as const;
  expect(path(points, same)).toBe('M0,1L1,2M3,4h0M5,1L6,1');
});

test('what comes from outside cannot become markup', () => {
  const svg = plot({
    title: '<b>"x"</b>',
    series: [{ name: '</title><script>', points: [[0, 1]] }],
    span: { fromSeconds: 0, toSeconds: 60 },
    show: String,
    topOf: (value) => value,
  });
  expect(svg).not.toMatch(/<script|<b>/);
  expect(svg).toContain('&lt;script&gt;');
});

test('every value lies within the drawing', () => {
  const svg = plot({
    title: 'a',
    series: [{ name: 'a', points: Array.from({ length: 61 }, (_, index) => [index, index * index] as const) }],
    span: { fromSeconds: 0, toSeconds: 60 },
    show: String,
    topOf: (value) => value,
  });
  const points = [...svg.matchAll(/[ML]([\d.]+),([\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)] as const);
  expect(points.length).toBe(61);
  expect(points.every(([x, y]) => x >= 0 && x <= 440 && y >= 0 && y <= 170)).toBe(true);
});
