import { expect, test } from 'vitest';
import type { RowDifference } from './compare-roots.ts';
import { doubt } from './mend.ts';

const entry = { '': { heads: { h: 'hash of h' } }, '7': { lines: { a: 'hash of a', b: 'hash of b' } } };

test('only the hash of a row that differs is forgotten, in the piece that has it', () => {
  expect(doubt(entry, [found('different', 'lines', 'b')])).toEqual({
    '': { heads: { h: 'hash of h' } },
    '7': { lines: { a: 'hash of a', b: '' } },
  });
  expect(entry['7'].lines.b).toBe('hash of b');
});

test('a row that nobody owned is taken into the head, so that it goes', () => {
  expect(doubt(entry, [found('extra', 'lines', 'x')])).toEqual({
    '': { heads: { h: 'hash of h' }, lines: { x: '' } },
    '7': { lines: { a: 'hash of a', b: 'hash of b' } },
  });
  expect(doubt(undefined, [found('extra', 'lines', 'x')])).toEqual({ '': { lines: { x: '' } } });
});

test.each([
  ['a missing row that nobody owned is new', found('missing', 'lines', 'x')],
  ['a root that is refused has no row', found('refused', '', '7')],
])('nothing is noted: %s', (_, difference) => {
  expect(doubt(entry, [difference])).toBeNull();
});

function found(kind: RowDifference['kind'], target: string, key: string): RowDifference {
  return { kind, target, key, table: 't', root: '1', columns: [], cause: 'v3' };
}
