// A line's adjusted consumptions in earlier periods, which v2 keeps as a list in one text: '[30,31]'.
import type { DeriveContext } from '../definition.ts';

/** The numbers in v2's order. What is no list of whole numbers is left out, and recorded as a loss. */
export function previousConsumptions(list: string | null, { loss }: Pick<DeriveContext, 'loss'>): readonly number[] {
  if (list === null || list === '' || list === '[]') return [];
  const values = parseList(list);
  const numbers = values.filter((value) => Number.isInteger(value)) as number[];
  if (numbers.length < values.length || values.length === 0) {
    loss('VALUE_WITHOUT_HOME', 'previous_adjusted_consumptions.previousadjustedconsumption');
  }
  return numbers;
}

function parseList(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return []; // v2's column has 25 characters: a longer list is not stored, an edited one may be anything
  }
}
