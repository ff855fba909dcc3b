import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aroundDifference, reasonToCompare } from './ranges.ts';
import type { Circumstances, RecordedRange } from './ranges.ts';

const HOUR_MS = 3_600_000;
const figures = { lines: { owned: '2', keys: '5', found: '2', checksum: '7' } };
const range = { above: '10', upto: '20' };
const state = { mark: '3:9', figures };
const now = new Date('2026-01-31T00:00:00Z');
const recorded: RecordedRange = {
  ...range,
  ...state,
  version: 'v',
  isClean: true,
  comparedAt: new Date(now.getTime() - HOUR_MS),
};
const given: Circumstances = { range, state, recorded, version: 'v', now, compareAfterMs: 100 * HOUR_MS };

test('what adds up to the same is not looked at row by row', () => {
  expect(reasonToCompare(given)).toBeNull();
});

test.each([
  ['new', { recorded: undefined }],
  ['new', { range: { ...range, upto: null } }],
  ['unclean', { recorded: { ...recorded, isClean: false } }],
  ['transformation', { version: 'w' }],
  ['ledger', { state: { ...state, mark: '3:10' } }],
  ['v3', { state: { ...state, figures: { lines: { ...figures.lines, checksum: '8' } } } }],
  ['v3', { state: { ...state, figures: { lines: { ...figures.lines, found: '1' } } } }],
  ['v3', { state: { ...state, figures: {} } }],
  ['time', { compareAfterMs: HOUR_MS }],
] as const)('%s: it is, when %j', (reason, change) => {
  expect(reasonToCompare({ ...given, ...change })).toBe(reason);
});

test('ranges that were compared together come up again at different times, and none later than allowed', () => {
  const hours = Array.from({ length: 200 }, (_, index) => {
    const each = { above: String(index), upto: null };
    for (let passed = 0; ; passed += 1) {
      const comparedAt = new Date(now.getTime() - passed * HOUR_MS);
      if (reasonToCompare({ ...given, range: each, recorded: { ...recorded, ...each, comparedAt } }) === 'time')
        return passed;
    }
  });
  expect(Math.min(...hours)).toBeGreaterThanOrEqual(50);
  expect(Math.max(...hours)).toBeLessThanOrEqual(100);
  expect(new Set(hours).size).toBeGreaterThan(20);
});

test('a changed character shows, wherever in a long text it stands', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 2_000 }), fc.nat(), (text, place) => {
      const at = place % (text.length + 1);
      const changed = `${text.slice(0, at)}\u0001${text.slice(at)}`;
      const { expected, actual } = aroundDifference(text, changed);
      expect(expected).not.toBe(actual);
      expect(actual?.length).toBeLessThanOrEqual(122);
    }),
  );
  expect(aroundDifference(null, 'x')).toEqual({ expected: null, actual: 'x' });
});
