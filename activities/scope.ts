// What of a root is to be derived. A root without parts is one piece. One with parts (see Part in pipelines/definition.ts)
// has its head, the rows that no part owns, and a piece for each part, so that a change may concern a few of them only.

/** Piece of a root: '' is its head; any other one a part, by its landing key. */
export type Piece = string;

export const HEAD: Piece = '';

export type Scope = 'whole' | ReadonlySet<Piece>;

/** Root -> what of it. */
export type Scopes = ReadonlyMap<string, Scope>;

/** More parts than this of one root: loading it whole costs no more, and its digest is known again afterwards. */
const PARTS_MOST = 64;

/** Collects what several changes concern: a piece of a root, or (null) all of it. */
export function createScopes(): {
  readonly scopes: Scopes;
  readonly add: (root: string, piece: Piece | null) => void;
} {
  const scopes = new Map<string, 'whole' | Set<Piece>>();
  return {
    scopes,
    add(root, piece) {
      const known = scopes.get(root);
      if (known === 'whole') return;
      if (piece === null) scopes.set(root, 'whole');
      else if (known === undefined) scopes.set(root, new Set([piece]));
      else {
        known.add(piece);
        if (known.size > PARTS_MOST) scopes.set(root, 'whole');
      }
    },
  };
}

export function wholeRoots(roots: Iterable<string>): Scopes {
  return new Map(Array.from(roots, (root) => [root, 'whole'] as const));
}
