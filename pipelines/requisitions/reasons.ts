// Why stock is adjusted: v2's types of losses and adjustments as v3's reasons.

const categories: ReadonlySet<string> = new Set(['TRANSFER', 'ADJUSTMENT', 'PHYSICAL_INVENTORY', 'AGGREGATION']);

/** v2's category is free text that is mostly not filled; only a word of v3's counts, in any case. */
export function reasonCategoryOf(reason: { readonly category: string | null }): string {
  const category = reason.category?.toUpperCase() ?? '';
  return categories.has(category) ? category : 'ADJUSTMENT';
}
