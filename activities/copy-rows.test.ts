import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventValue } from '../model/change-event.ts';
import { copyFields, copyText, createCopyBytes } from './copy-rows.ts';

const line = (values: readonly (EventValue | undefined)[]): string =>
  copyText(Object.fromEntries(values.map((value, index) => [`c${index}`, value as EventValue])));

test('separates values by tabs', () => {
  expect(line(['a', 1, true, -0.5])).toBe('a\t1\ttrue\t-0.5');
});

test('writes NULL for null and for a column that is absent, and nothing for an empty text', () => {
  expect(line([null, undefined, ''])).toBe('\\N\t\\N\t');
});

test('keeps a text that looks like NULL apart from NULL', () => {
  expect(line(['\\N'])).toBe('\\\\N');
});

test('writes arrays and objects as JSON', () => {
  expect(line([{ a: 'x\ty' }, [1, 'z']])).toBe('{"a":"x\\\\ty"}\t[1,"z"]');
});

test('any text, and NULL, is one field of one line, and comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[\\tnrN\t\n\r]*$/))), {
        minLength: 1,
      }),
      (texts) => {
        const written = line(texts);
        expect(written).not.toMatch(/[\n\r]/);
        expect(written.split('\t').map(unescape)).toEqual(texts);
        expect(copyFields(written)).toEqual(texts);
      },
    ),
  );
});

test('lines become bytes in their order, however long they are and whenever what is left is given', () => {
  const long = fc.tuple(fc.string({ unit: 'binary' }), fc.nat(40_000)).map(([text, times]) => text.repeat(times));
  const lines = fc.array(fc.tuple(fc.oneof(fc.string({ unit: 'binary' }), long), fc.boolean()));
  fc.assert(
    fc.property(lines, (added) => {
      const given: Buffer[] = [];
      const bytes = createCopyBytes((chunk) => given.push(chunk));
      for (const [text, ends] of added) {
        bytes.add(text);
        if (ends) bytes.end();
      }
      bytes.end();
      const count = given.length;
      bytes.end();
      expect(given.length).toBe(count);
      const expected = Buffer.from(added.map(([text]) => `${text}\n`).join(''));
      expect(Buffer.concat(given).equals(expected)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

/** What PostgreSQL does with a field of COPY's text format. */
function unescape(field: string): string | null {
  if (field === '\\N') return null;
  const letters: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };
  return field.replaceAll(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter);
}
