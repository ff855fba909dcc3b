// What the ledger keeps of a root, as text.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ledgerText } from './owned-rows.ts';
import type { OwnedRow } from './owned-rows.ts';

function row(key: string, hash: string): OwnedRow {
  return { key, hash, rows: [], lines: [], layout: null };
}

test("the ledger's text is JSON of all pieces, targets and keys that have rows", () => {
  const name = fc.oneof(fc.stringMatching(/^[\w-]{1,6}$/), fc.string({ minLength: 1, maxLength: 6, unit: 'binary' }));
  const hashes = fc.dictionary(name, fc.stringMatching(/^[0-9a-f]{16}$/), { maxKeys: 3, noNullPrototype: true });
  const pieces = fc.dictionary(name, fc.dictionary(name, hashes, { maxKeys: 3, noNullPrototype: true }), {
    maxKeys: 4,
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(pieces, (owned) => {
      const text = ledgerText({
        root: '1',
        isWhole: true,
        digest: '',
        losses: {},
        pieces: new Map(
          Object.entries(owned).map(([piece, targets]) => [
            piece,
            new Map(
              Object.entries(targets).map(([target, rows]) => [
                target,
                Object.entries(rows).map(([key, hash]) => row(key, hash)),
              ]),
            ),
          ]),
        ),
      });
      const kept = Object.entries(owned).flatMap(([piece, targets]) => {
        const withRows = Object.entries(targets).filter(([, rows]) => Object.keys(rows).length > 0);
        return withRows.length === 0 ? [] : [[piece, Object.fromEntries(withRows)]];
      });
      expect(JSON.parse(text)).toEqual(Object.fromEntries(kept));
    }),
  );
});
