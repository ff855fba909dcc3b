import { expect, test } from 'vitest';
import { location } from './location.ts';

test.each([
  { latitude: '-6.17222', longitude: '35.73950', point: 'SRID=4326;POINT(35.73950 -6.17222)', losses: 0 },
  { latitude: null, longitude: null, point: null, losses: 0 },
  { latitude: '-6.17222', longitude: null, point: null, losses: 1 },
  { latitude: null, longitude: '35.73950', point: null, losses: 1 },
  { latitude: 'NaN', longitude: '35.73950', point: null, losses: 1 },
])('latitude $latitude and longitude $longitude are $point', ({ latitude, longitude, point, losses }) => {
  const recorded: string[] = [];
  expect(location({ latitude, longitude }, { loss: (code) => recorded.push(code) })).toBe(point);
  expect(recorded).toHaveLength(losses);
});
