// Dates of the demo, as the text that PostgreSQL reads. Times are eLMIS's own: without zone, local to Dar es Salaam.

export const dayMs = 86_400_000;

/** `2026-02-28 23:59:59.000`, of milliseconds counted as if local time were UTC. */
export function timestampText(localMs: number): string {
  return new Date(localMs).toISOString().replace('T', ' ').slice(0, -1);
}

export interface Span {
  /** Local time, ms since 1970. */
  readonly startMs: number;
  /** The last second of the last day, as eLMIS has it. */
  readonly endMs: number;
  /** Such as `Jan-Feb 2026`. */
  readonly name: string;
}

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `count` spans of `months` each, one after the other; the first begins with `firstMonth` (0 is January) of `firstYear`. */
export function spans(from: {
  readonly firstYear: number;
  readonly firstMonth: number;
  readonly months: number;
  readonly count: number;
}): readonly Span[] {
  return Array.from({ length: from.count }, (_, index) => {
    const first = from.firstMonth + index * from.months;
    const startMs = Date.UTC(from.firstYear, first, 1);
    const endMs = Date.UTC(from.firstYear, first + from.months, 1) - 1000;
    const lastMonth = monthNames[new Date(endMs).getUTCMonth()];
    const firstMonth = monthNames[new Date(startMs).getUTCMonth()];
    return {
      startMs,
      endMs,
      name: `${from.months === 1 ? firstMonth : `${firstMonth}-${lastMonth}`} ${new Date(endMs).getUTCFullYear()}`,
    };
  });
}
