import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { line } from './copy-rows.ts';

test('separates values by tabs and ends with a line feed', () => {
  expect(line(['a', 1, true, -0.5])).toBe('a\t1\ttrue\t-0.5\n');
});

test('writes NULL for null and for a column that is absent, and nothing for an empty text', () => {
  expect(line([null, undefined, ''])).toBe('\\N\t\\N\t\n');
});

test('keeps a text that looks like NULL apart from NULL', () => {
  expect(line(['\\N'])).toBe('\\\\N\n');
});

test('writes arrays and objects as JSON', () => {
  expect(line([{ a: 'x\ty' }, [1, 'z']])).toBe('{"a":"x\\\\ty"}\t[1,"z"]\n');
});

test('any text is one field of one line, and comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (texts) => {
      const written = line(texts);
      expect(written.indexOf('\n')).toBe(written.length - 1);
      expect(written.slice(0, -1).split('\t').map(unescape)).toEqual(texts);
    }),
  );
});

/** What PostgreSQL does with a field of COPY's text format. */
function unescape(field: string): string {
  const letters: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };
  return field.replaceAll(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter);
}
