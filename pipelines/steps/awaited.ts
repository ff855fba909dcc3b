// What to write where v2's foreign keys promise a row that has not landed yet: topics arrive independently.

/**
 * An id that no v3 row has. In a column with a reference it makes the root wait, with the rows that it has in v3 left as
 * they are; the joined row's landing derives the root again. Nothing half-known ever reaches v3, and operators see the wait.
 */
export function awaited(
  id: (table: string, ...key: readonly (string | number)[]) => string,
  table: string,
  key: string | number,
): string {
  return id(table, key, 'not landed');
}
