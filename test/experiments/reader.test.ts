import { expect, test } from 'vitest';
import { faultOf } from './reader.ts';

const root = { id: 'a', v2Id: 7, lines: 3 };
const seen = (isChanged: boolean, lines: number, changedLines: number) => ({ id: 'a', isChanged, lines, changedLines });

test.each([
  ['wholly old', seen(false, 3, 0), null],
  ['wholly changed', seen(true, 3, 3), null],
  ['a line changed before the rest', seen(false, 3, 1), '7 was old with 1 of 3 lines changed'],
  ['a line left behind', seen(true, 3, 2), '7 was changed with 2 of 3 lines changed'],
  ['its lines changed before itself', seen(false, 3, 3), '7 was old with 3 of 3 lines changed'],
  ['a line missing', seen(true, 2, 2), '7 had 2 of its 3 lines'],
])('%s', (_, found, fault) => {
  expect(faultOf(root, found)).toBe(fault);
});
