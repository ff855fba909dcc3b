// Names for v3 tables that want them unique ignoring case where v2 wants only the code so.

/**
 * The name with the code behind it: 'Monthly (M)'. Two rows whose codes differ ignoring case never get the same name
 * ignoring case: what stands in the last parentheses is the whole code, because a code that holds a parenthesis itself
 * gives way to the row's id, in brackets.
 */
export function nameWithCode(row: { readonly id: number; readonly code: string; readonly name: string }): string {
  return /[()]/.test(row.code) ? `${row.name} [${row.id}]` : `${row.name} (${row.code})`;
}
