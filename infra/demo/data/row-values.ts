// Small values that many tables of the demo share.
import { dayMs, timestampText } from './calendar.ts';
import type { NewRows } from '../copy-rows.ts';
import type { Random } from '../random.ts';

/** The rows of one table. */
export type Rows<Table extends keyof NewRows> = NonNullable<NewRows[Table]>;

/** When a row of reference data was made and last changed; eLMIS leaves either empty in old rows. */
export function audit(random: Random): {
  createdby: number | null;
  createddate: string | null;
  modifiedby: number | null;
  modifieddate: string | null;
} {
  const createdMs = Date.UTC(2014, 0, 1) + random.integer(0, 3000) * dayMs + random.integer(0, dayMs - 1);
  return {
    createdby: random.chance(0.1) ? null : 1,
    createddate: random.chance(0.03) ? null : timestampText(createdMs),
    modifiedby: random.chance(0.1) ? null : 1,
    modifieddate: random.chance(0.03) ? null : timestampText(createdMs + random.integer(0, 400 * dayMs)),
  };
}

export function orNull<T>(random: Random, value: T, probability = 0.15): T | null {
  return random.chance(probability) ? null : value;
}
