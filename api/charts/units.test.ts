import { expect, test } from 'vitest';
import { axisTop, shown } from './units.ts';

test.each([
  [0, 'seconds', '0 s'],
  [0.0421, 'seconds', '42.1 ms'],
  [90, 'seconds', '90 s'],
  [600, 'seconds', '10 min'],
  [90_000, 'seconds', '25 h'],
  [7_776_000, 'seconds', '90 d'],
  [0, 'bytes', '0 B'],
  [1_536, 'bytes', '1.5 KiB'],
  [2 * 1024 ** 3, 'bytes', '2 GiB'],
  [0.256, 'share', '25.6 %'],
  [1_234, 'count', '1.23 k'],
  [7, 'count', '7'],
  [12.3456, 'per second', '12.3/s'],
  [Number.NaN, 'count', '-'],
] as const)('%s %s is shown as %s', (value, unit, text) => {
  expect(shown(value, unit)).toBe(text);
});

test.each([
  [0, 'count', 1],
  [0.3, 'count', 0.4],
  [1, 'count', 1],
  [7, 'per second', 8],
  [1_001, 'count', 2_000],
  [3 * 1024 ** 2, 'bytes', 4 * 1024 ** 2],
  [700, 'seconds', 1_200],
  [90 * 86_400, 'seconds', 100 * 86_400],
] as const)('an axis that holds %s %s ends at %s', (value, unit, top) => {
  expect(axisTop(value, unit)).toBeCloseTo(top, 9);
});
