import { expect, test } from 'vitest';
import { endOfHours, parseHours } from './hours.ts';

test.each(['', '22', '22-', '25-4', '4-4', '24-3', 'night'])("'%s' is no range of hours", (text) => {
  expect(parseHours(text)).toBeUndefined();
});

test.each([
  ['22-4', '2026-01-31T21:59:59Z', null],
  ['22-4', '2026-01-31T22:00:00Z', '2026-02-01T04:00:00.000Z'],
  ['22-4', '2026-02-01T03:59:00Z', '2026-02-01T04:00:00.000Z'],
  ['22-4', '2026-02-01T04:00:00Z', null],
  ['1-5', '2026-02-01T00:30:00Z', null],
  ['1-5', '2026-02-01T02:30:00Z', '2026-02-01T05:00:00.000Z'],
  ['0-24', '2026-02-01T23:30:00Z', '2026-02-02T00:00:00.000Z'],
] as const)('of %s, %s is %s', (text, now, end) => {
  const hours = parseHours(text);
  expect(hours && (endOfHours(hours, new Date(now))?.toISOString() ?? null)).toBe(end);
});
