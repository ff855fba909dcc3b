import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayOf, instantOf, microsecondsOf, timestampOf } from './timestamp.ts';

test.each([
  ['2018-01-31 23:59:59.123456', '2018-01-31 23:59:59.123456 Africa/Dar_es_Salaam'],
  ['0044-03-15 00:00:00 BC', '0044-03-15 00:00:00 Africa/Dar_es_Salaam BC'],
  ['infinity', 'infinity'],
  ['-infinity', '-infinity'],
  [null, null],
])('%s is, as an instant, %s', (timestamp, instant) => {
  expect(instantOf(timestamp)).toBe(instant);
});

test.each([
  ['2018-01-31 23:59:59.123456', '2018-01-31'],
  ['0044-03-15 23:59:59 BC', '0044-03-15 BC'],
  ['12018-01-31 00:00:00', '12018-01-31'],
  ['infinity', 'infinity'],
  ['-infinity', '-infinity'],
  [null, null],
])('the day of %s is %s', (timestamp, day) => {
  expect(dayOf(timestamp)).toBe(day);
});

// Computed with PostgreSQL: extract(epoch FROM x) * 1000000.
test.each([
  ['1970-01-01 00:00:00', 0n],
  ['1970-01-01 00:00:00.000001', 1n],
  ['1969-12-31 23:59:59.9', -100_000n],
  ['2000-02-29 12:00:00', 951_825_600_000_000n],
  ['0001-01-01 00:00:00', -62_135_596_800_000_000n],
  ['0001-12-31 00:00:00 BC', -62_135_683_200_000_000n],
  ['0044-03-15 00:00:00 BC', -63_517_824_000_000_000n],
  ['4713-11-24 00:00:00 BC', -210_835_180_800_000_000n],
])('%s is %d microseconds from 1970, and back', (timestamp, microseconds) => {
  expect(microsecondsOf(timestamp)).toBe(microseconds);
  expect(timestampOf(microseconds)).toBe(timestamp);
});

test('a count of microseconds survives the way through text, and its order is kept', () => {
  const count = fc.bigInt({ min: -210_866_803_200_000_000n, max: 9_224_318_015_999_999_999n });
  fc.assert(
    fc.property(count, (microseconds) => {
      expect(microsecondsOf(timestampOf(microseconds))).toBe(microseconds);
      expect(microsecondsOf(timestampOf(microseconds + 1n))).toBe(microseconds + 1n);
    }),
  );
});

test('agrees with the platform wherever the platform can tell time', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01T00:00:00Z'), noInvalidDate: true }), (date) => {
      fc.pre(date.getUTCFullYear() < 10_000);
      const text = date.toISOString().replace('T', ' ').replace('Z', '');
      expect(microsecondsOf(text)).toBe(BigInt(date.getTime()) * 1000n);
    }),
  );
});

test('what is no finite timestamp is an error', () => {
  expect(() => microsecondsOf('infinity')).toThrow('is no finite timestamp');
  expect(() => microsecondsOf('2018-01-31')).toThrow('is no finite timestamp');
});
