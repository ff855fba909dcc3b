// v2 keeps wall-clock time without a zone, as its servers in Tanzania saw it. These steps read the text in which
// PostgreSQL prints it, such as '2018-01-31 23:59:59.123456', '0044-03-15 00:00:00 BC' and 'infinity', and never pass
// through a JavaScript Date, which has neither microseconds nor infinity.

/** The zone in which v2's clocks tell time. */
const ZONE = 'Africa/Dar_es_Salaam';

/**
 * A v2 timestamp as the instant that it meant: what `x AT TIME ZONE 'Africa/Dar_es_Salaam'` gives. PostgreSQL itself
 * finds the offset when it reads the text, so that days before the zone had +03 come out as it would have them.
 */
export function instantOf(timestamp: string): string;
export function instantOf(timestamp: string | null): string | null;
export function instantOf(timestamp: string | null): string | null {
  if (timestamp === null || isInfinite(timestamp)) return timestamp;
  const { time, era } = split(timestamp);
  return `${time} ${ZONE}${era}`;
}

/** The day of a timestamp: what `x::date` gives. */
export function dayOf(timestamp: string): string;
export function dayOf(timestamp: string | null): string | null;
export function dayOf(timestamp: string | null): string | null {
  if (timestamp === null || isInfinite(timestamp)) return timestamp;
  const { time, era } = split(timestamp);
  return `${time.slice(0, time.indexOf(' '))}${era}`;
}

export function isInfinite(timestamp: string): boolean {
  return timestamp === 'infinity' || timestamp === '-infinity';
}

const MICROSECONDS_A_DAY = 86_400_000_000n;

/**
 * Microseconds since 1970 on the same clock, for comparing and counting.
 * @throws RangeError when the text is no finite timestamp
 */
export function microsecondsOf(timestamp: string): bigint {
  const match = /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?( BC)?$/.exec(timestamp);
  if (match === null) throw new RangeError(`'${timestamp}' is no finite timestamp in PostgreSQL's form`);
  const [, year = '', month = '', day = '', hours = '', minutes = '', seconds = '', fraction = '', era] = match;
  // 1 BC is the year 0, 2 BC the year -1: with a zero the calendar is one formula.
  const days = dayNumber({
    year: era === undefined ? Number(year) : 1 - Number(year),
    month: Number(month),
    day: Number(day),
  });
  const secondsOfDay = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return BigInt(days) * MICROSECONDS_A_DAY + BigInt(secondsOfDay) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

/** The other way round, in PostgreSQL's form. */
export function timestampOf(microseconds: bigint): string {
  const inDay = ((microseconds % MICROSECONDS_A_DAY) + MICROSECONDS_A_DAY) % MICROSECONDS_A_DAY;
  const { year, month, day } = civilDate(Number((microseconds - inDay) / MICROSECONDS_A_DAY));
  const seconds = Number(inDay / 1_000_000n);
  const fraction = String(inDay % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const date = `${String(year > 0 ? year : 1 - year).padStart(4, '0')}-${two(month)}-${two(day)}`;
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${date} ${time}${fraction === '' ? '' : `.${fraction}`}${year > 0 ? '' : ' BC'}`;
}

function split(timestamp: string): { readonly time: string; readonly era: '' | ' BC' } {
  return timestamp.endsWith(' BC') ? { time: timestamp.slice(0, -3), era: ' BC' } : { time: timestamp, era: '' };
}

interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

// Both ways count from 1 March of the year 0 in eras of 400 years (146,097 days), so that the leap day comes last.

function dayNumber({ year, month, day }: CivilDate): number {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilDate(dayNumber: number): CivilDate {
  const days = dayNumber + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month > 2 ? 0 : 1),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
