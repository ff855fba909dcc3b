// Text that v3 has less room for than v2.
import type { DeriveContext } from '../definition.ts';

/**
 * The first `maxCharacters` characters, counted as PostgreSQL counts them (code points), with a loss recorded when more
 * were there. NULL stays NULL.
 */
export function cutText(
  text: string | null,
  {
    maxCharacters,
    column,
    loss,
  }: { readonly maxCharacters: number; readonly column: string } & Pick<DeriveContext, 'loss'>,
): string | null {
  // A code point is one UTF-16 unit or two: what is short in units is short in characters.
  if (text === null || text.length <= maxCharacters) return text;
  const characters = Array.from(text);
  if (characters.length <= maxCharacters) return text;
  loss('TEXT_CUT', column);
  return characters.slice(0, maxCharacters).join('');
}
