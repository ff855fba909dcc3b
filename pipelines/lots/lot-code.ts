// Codes of lots: v3 wants a lot's code unique within its trade item, v2 lets two lots of a product bear one number, or none.

/**
 * The lot's number; that of another lot with the same number, and that of a lot without one, is followed by its id in
 * brackets: 'A123 [42]', '[42]'. The first by id has the number to itself. A number that looks so itself gets the id, too:
 * two lots of a product never have the same code.
 */
export function lotCode(lot: {
  readonly id: number;
  readonly lotnumber: string | null;
  /** The lots of the product with this number, this one among them. */
  readonly sameNumber: readonly { readonly id: number }[];
}): string {
  const { id, lotnumber } = lot;
  if (lotnumber === null || lotnumber === '') return `[${id}]`;
  const isFirst = lot.sameNumber.every((other) => other.id >= id);
  return isFirst && !/\[\d+\]$/.test(lotnumber) ? lotnumber : `${lotnumber} [${id}]`;
}
