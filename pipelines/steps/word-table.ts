// Words that v2 and v3 use for the same thing.
import { MkondoError } from '../../model/errors.ts';

/**
 * Translates v2's words of one column. v3 has no check constraints: it would take any word, and its reports would drop
 * the row without a sign. So a word that the table does not know is an error.
 */
export function wordTable(column: string, words: Readonly<Record<string, string>>): (word: string) => string {
  const table = new Map(Object.entries(words));
  return (word) => {
    const translated = table.get(word);
    if (translated !== undefined) return translated;
    throw new MkondoError('DERIVE_FAILED', `v2's ${column} holds '${word}', for which v3 has no word.`, {
      advice: `Known are ${[...table.keys()].join(', ')}. If '${word}' is new in v2, add it to the pipeline's table; if it is a mistake, correct the row in v2. Then retry the quarantined root.`,
    });
  };
}
