import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { plus, rounded, roundTo, times } from './decimal.ts';

// Computed with PostgreSQL: x::numeric(19, 2).
test.each([
  ['0', '0.00'],
  ['1.005', '1.01'],
  ['1.0049', '1.00'],
  ['-1.005', '-1.01'],
  ['-0.004', '0.00'],
  ['-0.005', '-0.01'],
  ['12345.6789', '12345.68'],
  ['99999999999.9999', '100000000000.00'],
  ['7', '7.00'],
  ['NaN', 'NaN'],
])('%s rounds to %s', (value, result) => {
  expect(roundTo(value, 2)).toBe(result);
});

test.each([
  ['12345.6789', 4, '49382.7156'],
  ['0.10', 3, '0.30'],
  ['-2.5', -2, '5.0'],
  ['3', 0, '0'],
  ['NaN', 0, 'NaN'],
  ['Infinity', -1, '-Infinity'],
  ['-Infinity', -1, 'Infinity'],
  ['Infinity', 2, 'Infinity'],
  ['Infinity', 0, 'NaN'],
])('%s times %d is %s', (value, factor, product) => {
  expect(times(value, factor)).toBe(product);
});

test.each([
  ['0', '0.00', '0.00'],
  ['49382.72', '0.1', '49382.82'],
  ['-0.005', '1', '0.995'],
  ['1', '2', '3'],
  ['NaN', '1', 'NaN'],
  ['1', 'Infinity', 'Infinity'],
  ['Infinity', 'Infinity', 'Infinity'],
  ['Infinity', '-Infinity', 'NaN'],
  ['NaN', 'Infinity', 'NaN'],
])('%s plus %s is %s', (left, right, sum) => {
  expect(plus(left, right)).toBe(sum);
  expect(plus(right, left)).toBe(sum);
});

test('rounding loses less than half a unit, and goes away from zero at the half', () => {
  const numeric = fc.tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.integer({ min: 0, max: 6 }));
  fc.assert(
    fc.property(numeric, ([digits, scale]) => {
      const exact = digits * 10n ** BigInt(6 - scale);
      const value = scale === 0 ? String(digits) : withPoint(digits, scale);
      const result = BigInt(roundTo(value, 2).replace('.', '')) * 10_000n;
      const difference = result - exact;
      const size = difference < 0n ? -difference : difference;
      expect(size <= 5000n).toBe(true);
      expect(size < 5000n || difference > 0n === exact > 0n).toBe(true);
    }),
  );
});

test.each([
  { value: '12.5000', result: '12.50', losses: 0 },
  { value: '12.5', result: '12.50', losses: 0 },
  { value: '100', result: '100.00', losses: 0 },
  { value: '0.0000', result: '0.00', losses: 0 },
  { value: '-0.0010', result: '0.00', losses: 1 },
  { value: '12.3456', result: '12.35', losses: 1 },
  { value: 'NaN', result: 'NaN', losses: 0 },
  { value: null, result: null, losses: 0 },
])('$value becomes $result with $losses loss(es)', ({ value, result, losses }) => {
  const recorded: string[] = [];
  const loss = (code: string, column: string) => recorded.push(`${code} ${column}`);
  expect(rounded(value, { scale: 2, column: 'lines.price', loss })).toBe(result);
  expect(recorded).toEqual(Array.from({ length: losses }, () => 'NUMBER_ROUNDED lines.price'));
});

test('what is no numeric is an error', () => {
  expect(() => roundTo('1e5', 2)).toThrow('is no numeric');
});

function withPoint(digits: bigint, scale: number): string {
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  return `${digits < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}
