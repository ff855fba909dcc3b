// Stock on hand, which v3's services would have computed and nobody computes here: for each day on which something moved,
// what there was at its end. One entry comes late, and all days after it change; the card is derived as a whole.
import { isInfinite, microsecondsOf } from '../steps/timestamp.ts';

export interface DatedChange {
  /** As PostgreSQL prints a date. */
  readonly day: string;
  /** When it was written down: a timestamp as PostgreSQL prints it. */
  readonly processed: string;
  readonly change: number;
}

interface StockOnHand {
  readonly day: string;
  readonly quantity: number;
  /** When the newest change of the day was written down. */
  readonly processed: string;
}

/** One for each day with a change, oldest first, in one pass over the days. */
export function stockOnHand(changes: readonly DatedChange[]): readonly StockOnHand[] {
  const days = [...Map.groupBy(changes, ({ day }) => day)].toSorted(([left], [right]) =>
    compare(placeOf(midnightOf(left)), placeOf(midnightOf(right))),
  );
  let quantity = 0;
  return days.map(([day, ofDay]) => {
    for (const { change } of ofDay) quantity += change;
    const processed = ofDay.map((each) => each.processed).reduce(later);
    return { day, quantity, processed };
  });
}

function later(left: string, right: string): string {
  return compare(placeOf(left), placeOf(right)) < 0 ? right : left;
}

/** Where a timestamp stands among others. */
function placeOf(timestamp: string): bigint | number {
  if (isInfinite(timestamp)) return timestamp.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return microsecondsOf(timestamp);
}

function midnightOf(day: string): string {
  if (isInfinite(day)) return day;
  return day.endsWith(' BC') ? `${day.slice(0, -3)} 00:00:00 BC` : `${day} 00:00:00`;
}

function compare(left: bigint | number, right: bigint | number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
