// What to do where v3 demands a value that v2 may leave empty.
import { MkondoError } from '../../model/errors.ts';

/**
 * The value. Without one the root cannot be made, and goes to quarantine: counted, shown with this reason, and derived
 * again by itself as soon as v2 fills the column. Not `awaited`, which is for rows that v2's foreign keys promise: nobody
 * promises this one, so a wait might never end, and nothing would say so.
 */
export function demanded<T>(value: T | null, column: string): T {
  if (value !== null) return value;
  throw new MkondoError('DERIVE_FAILED', `v2's ${column} is empty, and v3 holds no such row without it.`, {
    advice: `Fill ${column} in v2: the row follows by itself.`,
  });
}
