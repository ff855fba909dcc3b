// v2's instants (timestamps with a zone) as PostgreSQL prints them, such as '2018-01-31 21:30:00.5+00', for v3 columns that
// hold none: a date, or a timestamp that is understood to be UTC.
import { dayOf, isInfinite, microsecondsOf, timestampOf } from './timestamp.ts';

const MICROSECONDS_A_SECOND = 1_000_000n;

/** Tanzania has been three hours ahead of UTC since 1961, without summer time; the rows begin in 2013. */
const AHEAD_OF_UTC = 3n * 3600n * MICROSECONDS_A_SECOND;

/** The same instant on a clock in UTC, without its zone: what `x AT TIME ZONE 'UTC'` gives. */
export function utcOf(instant: string): string {
  return isInfinite(instant) ? instant : timestampOf(microsecondsInUtc(instant));
}

/** The day that it was in Tanzania: what `(x AT TIME ZONE 'Africa/Dar_es_Salaam')::date` gives. */
export function dayInTanzania(instant: string): string;
export function dayInTanzania(instant: string | null): string | null;
export function dayInTanzania(instant: string | null): string | null {
  if (instant === null || isInfinite(instant)) return instant;
  return dayOf(timestampOf(microsecondsInUtc(instant) + AHEAD_OF_UTC));
}

/** @throws RangeError when the text is no finite timestamp with an offset */
function microsecondsInUtc(instant: string): bigint {
  const match = /^(.*)([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/.exec(instant);
  if (match === null) throw new RangeError(`'${instant}' is no timestamp with a zone in PostgreSQL's form`);
  const [, time = '', sign, hours = '', minutes = '0', seconds = '0', era = ''] = match;
  const offset = BigInt((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * MICROSECONDS_A_SECOND;
  return microsecondsOf(`${time}${era}`) - (sign === '-' ? -offset : offset);
}
