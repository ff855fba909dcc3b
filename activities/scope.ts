// What of a root is to be derived. A root without parts is one piece. One with parts (see Part in pipelines/definition.ts)
// has its head, the rows that no part owns, and a piece for each part, so that a change may concern a few of them only.

/** Piece of a root: '' is its head; any other one a part, by its landing key. */
export type Piece = string;

export const HEAD: Piece = '';

export type Scope = 'whole' | ReadonlySet<Piece>;

/** Root -> what of it. */
export type Scopes = ReadonlyMap<string, Scope>;

/**
 * A row as landing would give it back, in COPY's text format: its key, the values that join it to its parent, its columns
 * (see rowToLoad). One text, since thousands of them wait in memory and go to another thread.
 */
export type LandedRow = string;

/** Root -> its parts that were landed just now, so that they need not be read. Plain data: it may go to another thread. */
export type LandedParts = ReadonlyMap<string, ReadonlyMap<Piece, LandedRow>>;

/** More parts than this of one root have to be read: loading it whole costs no more. */
const PARTS_MOST = 64;

/** Notes that a piece of a root is concerned; null: all of it. */
export type AddScope = (root: string, piece: Piece | null) => void;

/** Collects what several changes concern. */
export function createScopes(): { readonly scopes: Scopes; readonly add: AddScope } {
  const scopes = new Map<string, 'whole' | Set<Piece>>();
  return {
    scopes,
    add(root, piece) {
      const known = scopes.get(root);
      if (known === 'whole') return;
      if (piece === null) scopes.set(root, 'whole');
      else if (known === undefined) scopes.set(root, new Set([piece]));
      else known.add(piece);
    },
  };
}

/** Whole roots where too many parts would have to be read from landing. */
export function boundScopes(scopes: Scopes, landed: LandedParts): Scopes {
  return new Map(
    Array.from(scopes, ([root, scope]): readonly [string, Scope] => {
      const known = landed.get(root)?.size ?? 0;
      return [root, scope !== 'whole' && scope.size - known > PARTS_MOST ? 'whole' : scope];
    }),
  );
}

export function wholeRoots(roots: Iterable<string>): Scopes {
  return new Map(Array.from(roots, (root) => [root, 'whole'] as const));
}
