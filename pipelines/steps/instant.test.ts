import { expect, test } from 'vitest';
import { dayInTanzania, utcOf } from './instant.ts';

test.each([
  ['2018-01-31 20:59:59.999999+00', '2018-01-31 20:59:59.999999', '2018-01-31'],
  ['2018-01-31 21:00:00+00', '2018-01-31 21:00:00', '2018-02-01'],
  ['2018-02-01 00:00:00+03', '2018-01-31 21:00:00', '2018-02-01'],
  ['2018-01-31 15:15:00.5-05:45', '2018-01-31 21:00:00.5', '2018-02-01'],
  ['0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00 BC', '0044-03-15 BC'],
  ['infinity', 'infinity', 'infinity'],
  ['-infinity', '-infinity', '-infinity'],
])('%s is %s in UTC, and %s in Tanzania', (instant, utc, day) => {
  expect(utcOf(instant)).toBe(utc);
  expect(dayInTanzania(instant)).toBe(day);
});

test('NULL has no day', () => {
  expect(dayInTanzania(null)).toBeNull();
});

test('a timestamp without a zone is no instant', () => {
  expect(() => utcOf('2018-01-31 20:59:59')).toThrow(RangeError);
});
