import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { lotCode } from './lot-code.ts';

test.each([
  { what: 'a number that no other lot has', lot: { id: 7, lotnumber: 'A123', sameNumber: [{ id: 7 }] }, code: 'A123' },
  { what: 'the first of a number', lot: { id: 7, lotnumber: 'A1', sameNumber: [{ id: 7 }, { id: 9 }] }, code: 'A1' },
  { what: 'the second', lot: { id: 9, lotnumber: 'A1', sameNumber: [{ id: 7 }, { id: 9 }] }, code: 'A1 [9]' },
  { what: 'no number', lot: { id: 7, lotnumber: null, sameNumber: [] }, code: '[7]' },
  { what: 'an empty number', lot: { id: 7, lotnumber: '', sameNumber: [{ id: 7 }] }, code: '[7]' },
  {
    what: "a number like another lot's code",
    lot: { id: 8, lotnumber: 'A1 [9]', sameNumber: [{ id: 8 }] },
    code: 'A1 [9] [8]',
  },
])('$what: $code', ({ lot, code }) => {
  expect(lotCode(lot)).toBe(code);
});

test('no two lots of a product have the same code, whatever their numbers', () => {
  const number = fc.constantFrom(null, '', 'A', 'A [1]', 'A [2]', 'A [2] [2]', '[2]', '[1]');
  fc.assert(
    fc.property(fc.array(number, { maxLength: 12 }), (numbers) => {
      const lots = numbers.map((lotnumber, index) => ({ id: index + 1, lotnumber }));
      const codes = lots.map((lot) =>
        lotCode({ ...lot, sameNumber: lots.filter((other) => other.lotnumber === lot.lotnumber) }),
      );
      expect(new Set(codes).size).toBe(codes.length);
    }),
  );
});
