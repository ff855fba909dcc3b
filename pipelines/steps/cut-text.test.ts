import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText } from './cut-text.ts';

function cut(text: string | null, maxCharacters: number) {
  const losses: string[] = [];
  const loss = (code: string, column: string) => losses.push(`${code} ${column}`);
  return { text: cutText(text, { maxCharacters, column: 'lines.remarks', loss }), losses };
}

test('text that fits stays as it is', () => {
  expect(cut('abc', 3)).toEqual({ text: 'abc', losses: [] });
  expect(cut(null, 3)).toEqual({ text: null, losses: [] });
});

test('longer text is cut, and the loss recorded', () => {
  expect(cut('abcd', 3)).toEqual({ text: 'abc', losses: ['TEXT_CUT lines.remarks'] });
});

test('a character beyond the basic plane counts once and is never cut in two', () => {
  expect(cut('💉💉💉', 3)).toEqual({ text: '💉💉💉', losses: [] });
  expect(cut('ab💉💉', 3).text).toBe('ab💉');
});

test('the result is the beginning of the text, no longer than v3 permits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, maxCharacters) => {
      const result = cut(text, maxCharacters);
      expect(text.startsWith(result.text ?? '')).toBe(true);
      expect(Array.from(result.text ?? '').length).toBe(Math.min(Array.from(text).length, maxCharacters));
      expect(result.losses.length).toBe(result.text === text ? 0 : 1);
    }),
  );
});
