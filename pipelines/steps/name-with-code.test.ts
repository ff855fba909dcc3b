import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameWithCode } from './name-with-code.ts';

test('the code stands behind the name', () => {
  expect(nameWithCode({ id: 1, code: 'groupA', name: 'Bimonthly' })).toBe('Bimonthly (groupA)');
});

test('a code with a parenthesis gives way to the id', () => {
  expect(nameWithCode({ id: 7, code: 'B) (C', name: 'A' })).toBe('A [7]');
});

test('different codes never give equal names, whatever names and codes look like', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'A', '(', ')', ' ', '[', ']', '1', '2'), maxLength: 8 });
  const row = fc.record({ code: text, name: text });
  fc.assert(
    fc.property(row, row, (one, other) => {
      fc.pre(one.code.toLowerCase() !== other.code.toLowerCase());
      const names = [nameWithCode({ id: 1, ...one }), nameWithCode({ id: 2, ...other })];
      expect(names[0]?.toLowerCase()).not.toBe(names[1]?.toLowerCase());
    }),
    { numRuns: 2000 },
  );
});
