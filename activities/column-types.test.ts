import { describe, expect, test } from 'vitest';
import { typedValue } from './column-types.ts';

/** Days since 1970, and microseconds of it, as PostgreSQL itself counts them. */
const day = 86_400_000_000n;

describe.each([
  ['integer', '-2147483648', -2_147_483_648],
  ['smallint', '7', 7],
  ['double precision', '0.1', 0.1],
  ['double precision', 'NaN', Number.NaN],
  ['double precision', '-Infinity', Number.NEGATIVE_INFINITY],
  ['boolean', 'true', true],
  ['boolean', 'false', false],
  // Exact, whatever a double can hold.
  ['bigint', '9223372036854775807', '9223372036854775807'],
  ['numeric(20,2)', '9007199254740993.10', '9007199254740993.10'],
  ['numeric', '0.0000000000000000000001', '0.0000000000000000000001'],
  ['numeric', 'NAN', 'NaN'],
  ['numeric', 'POSITIVE_INFINITY', 'Infinity'],
  ['numeric', 'NEGATIVE_INFINITY', '-Infinity'],
  ['text', 'true', 'true'],
  ['character varying(50)', '17', '17'],
  ['bytea', '00ff', String.raw`\x00ff`],
  ['bytea', String.raw`\x00ff`, String.raw`\x00ff`],
] as const)('%s', (type, landed, value) => {
  test(`${landed} is ${String(value)}`, () => {
    expect(typedValue(type)(landed)).toBe(value);
  });
});

test.each([
  ['0', '1970-01-01'],
  ['-1', '1969-12-31'],
  ['17562', '2018-01-31'],
  ['11016', '2000-02-29'],
  ['-719162', '0001-01-01'],
  ['-719163', '0001-12-31 BC'],
  ['-735160', '0044-03-15 BC'],
  ['6585501', '20000-06-28'],
  // Infinite days, streamed and read by a snapshot.
  ['2146033979', 'infinity'],
  ['-622191234', 'infinity'],
  ['-2147472691', '-infinity'],
  ['-625821272', '-infinity'],
])('the day %s is %s', (landed, value) => {
  expect(typedValue('date')(landed)).toBe(value);
});

test.each([
  ['0', '1970-01-01 00:00:00'],
  ['1517443199123456', '2018-01-31 23:59:59.123456'],
  ['1517443199100000', '2018-01-31 23:59:59.1'],
  ['-1', '1969-12-31 23:59:59.999999'],
  [String(-719_163n * day + 1n), '0001-12-31 00:00:00.000001 BC'],
  ['9223372036854775807', 'infinity'],
  ['-9223372036854775808', '-infinity'],
])('the microsecond %s is %s', (landed, value) => {
  expect(typedValue('timestamp without time zone')(landed)).toBe(value);
});

test.each([
  ['2018-01-31T23:59:59.123400Z', '2018-01-31 23:59:59.1234+00'],
  ['2018-01-31T23:59:59.000000Z', '2018-01-31 23:59:59+00'],
  ['2018-01-31T23:59:59Z', '2018-01-31 23:59:59+00'],
  ['+20000-01-01T00:00:00.000001Z', '20000-01-01 00:00:00.000001+00'],
  ['0000-12-31T00:00:00Z', '0001-12-31 00:00:00+00 BC'],
  ['-0043-03-15T12:00:00Z', '0044-03-15 12:00:00+00 BC'],
  ['infinity', 'infinity'],
  ['-infinity', '-infinity'],
])('the instant %s is %s', (landed, value) => {
  expect(typedValue('timestamp with time zone')(landed)).toBe(value);
});

test("text that is already PostgreSQL's stays as it is", () => {
  expect(typedValue('date')('2018-01-31')).toBe('2018-01-31');
  expect(typedValue('timestamp without time zone')('2018-01-31 00:00:00')).toBe('2018-01-31 00:00:00');
});
