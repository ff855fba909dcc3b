// Landed text -> the typed value that a mapping sees. Landing holds what Debezium wrote; here it becomes PostgreSQL's own
// canonical text (dates, times, bytes) or a JavaScript number or boolean, by the column's type in v2's catalog.

export type TypedValue = string | number | boolean;

/** The reader of a v2 column type, as `pipelines/catalog/v2.ts` names types. */
export function typedValue(type: string): (text: string) => TypedValue {
  if (type === 'integer' || type === 'smallint' || type === 'double precision' || type === 'real') return numberOf;
  if (type === 'boolean') return (text) => text === 'true' || text === 't';
  if (type === 'date') return dateOf;
  if (type.startsWith('timestamp without time zone') || type === 'timestamp') return timestampOf;
  if (type.startsWith('timestamp with time zone')) return instantOf;
  if (type.startsWith('numeric')) return numericOf;
  if (type === 'bytea') return (text) => (text.startsWith('\\x') ? text : `\\x${text}`);
  return (text) => text;
}

function numberOf(text: string): number {
  return Number(text);
}

/** Debezium writes PostgreSQL's special numerics in its own words. */
function numericOf(text: string): string {
  if (text === 'NAN') return 'NaN';
  if (text === 'POSITIVE_INFINITY') return 'Infinity';
  if (text === 'NEGATIVE_INFINITY') return '-Infinity';
  return text;
}

const DAY_MICROS = 86_400_000_000n;

// How Debezium 3.7 writes infinite dates, seen on the real connector: other days while streaming than in a snapshot.
export const INFINITE_DAYS: Readonly<Record<string, string>> = {
  '2146033979': 'infinity',
  '-622191234': 'infinity',
  '-2147472691': '-infinity',
  '-625821272': '-infinity',
};

/** Days since 1970-01-01 -> PostgreSQL's text. */
function dateOf(text: string): string {
  if (!/^-?\d+$/.test(text)) return text;
  return INFINITE_DAYS[text] ?? calendar(BigInt(text));
}

// And infinite timestamps: the ends of 64 bits, or the driver's own ends where a version documents them.
export const INFINITE_MICROS: Readonly<Record<string, string>> = {
  '9223372036854775807': 'infinity',
  '9223372036825200000': 'infinity',
  '-9223372036854775808': '-infinity',
  '-9223372036832400000': '-infinity',
};

/** Microseconds since 1970-01-01, local time -> PostgreSQL's text. */
function timestampOf(text: string): string {
  if (!/^-?\d+$/.test(text)) return text;
  const infinite = INFINITE_MICROS[text];
  if (infinite !== undefined) return infinite;
  const micros = BigInt(text);
  const days = floorDiv(micros, DAY_MICROS);
  const rest = Number(micros - days * DAY_MICROS);
  const seconds = Math.floor(rest / 1_000_000);
  const fraction = rest % 1_000_000;
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
  const fractionText = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
  const date = calendar(days);
  return date.endsWith(' BC') ? `${date.slice(0, -3)} ${clock}${fractionText} BC` : `${date} ${clock}${fractionText}`;
}

/** ISO 8601 in UTC, as Debezium writes instants whatever its settings -> PostgreSQL's text in a session in UTC. */
function instantOf(text: string): string {
  const match = /^([+-]?)(\d{4,})-(\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(text);
  if (match === null) return text; // infinity and -infinity are words already
  const [, sign, year = '', day, clock, fraction = ''] = match;
  // The year 0000 is 1 BC, -0001 is 2 BC.
  const isBc = sign === '-' || Number(year) === 0;
  const shownYear = String(isBc ? Number(year) + 1 : Number(year)).padStart(4, '0');
  const shownFraction = fraction.replace(/0+$/, '');
  return `${shownYear}-${day} ${clock}${shownFraction === '' ? '' : `.${shownFraction}`}+00${isBc ? ' BC' : ''}`;
}

function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

/**
 * Days since 1970-01-01 in the proleptic Gregorian calendar, as PostgreSQL counts. The arithmetic is Howard Hinnant's
 * "civil_from_days"; JavaScript's Date ends at the year 275,760 and knows no BC text.
 */
function calendar(days: bigint): string {
  const shifted = days + 719_468n;
  const era = floorDiv(shifted, 146_097n);
  const dayOfEra = Number(shifted - era * 146_097n);
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = era * 400n + BigInt(yearOfEra) + (month <= 2 ? 1n : 0n);
  const isBc = year <= 0n;
  const text = `${String(isBc ? 1n - year : year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  return isBc ? `${text} BC` : text;
}
