// The program of a stock card: v3's card has one, v2's has none. A product may be in several programs, and the whole card
// goes to one of them, so that stock is counted once.

interface Membership {
  readonly programid: number;
  readonly active: boolean;
}

/**
 * Of the programs that have the product, one that the facility supports, with both sides active if there is such a one; a
 * facility may hold what none of its programs has, and then it is any program of the product. The lowest id decides
 * between equals. Null when no program has the product.
 */
export function programOfCard({
  offers,
  supported,
}: {
  /** The programs that have the product. */
  readonly offers: readonly Membership[];
  /** The programs that the facility supports. */
  readonly supported: readonly Membership[];
}): number | null {
  const support = new Map(supported.map(({ programid, active }) => [programid, active]));
  const [best] = offers
    .map(({ programid, active }) => ({ programid, distance: distance({ active, support: support.get(programid) }) }))
    .toSorted((left, right) => left.distance - right.distance || left.programid - right.programid);
  return best?.programid ?? null;
}

function distance({ active, support }: { readonly active: boolean; readonly support: boolean | undefined }): number {
  if (support === undefined) return active ? 2 : 3;
  return active && support ? 0 : 1;
}
