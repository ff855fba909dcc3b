// Exact arithmetic on PostgreSQL's numerics, which v2's rows carry as text: a double would round prices. NaN and the
// infinities pass through unchanged, as they do in PostgreSQL.
import type { DeriveContext } from '../definition.ts';

interface Decimal {
  /** The number without its point. */
  readonly digits: bigint;
  /** How many of the digits stand behind the point. */
  readonly scale: number;
}

/** `value * factor`, with all its digits. */
export function times(value: string, factor: number): string {
  const decimal = parse(value);
  if (decimal !== null) return format({ digits: decimal.digits * BigInt(factor), scale: decimal.scale });
  if (value === 'NaN' || factor === 0) return 'NaN';
  return factor > 0 ? value : negate(value);
}

/** `left + right`, with as many digits behind the point as the longer of the two. */
export function plus(left: string, right: string): string {
  const [one, other] = [parse(left), parse(right)];
  if (one !== null && other !== null) {
    const scale = Math.max(one.scale, other.scale);
    const digits = [one, other].map((each) => each.digits * 10n ** BigInt(scale - each.scale));
    return format({ digits: digits.reduce((sum, each) => sum + each, 0n), scale });
  }
  if (one !== null) return right;
  if (other !== null) return left;
  return left === right ? left : 'NaN';
}

/**
 * `value` with `scale` digits behind the point, halves rounded away from zero: what PostgreSQL's cast to
 * numeric(p, scale) gives.
 */
export function roundTo(value: string, scale: number): string {
  return round(value, scale).text;
}

/** `roundTo`, with a loss recorded when a digit was lost that was not zero. NULL stays NULL. */
export function rounded(
  value: string | null,
  { scale, column, loss }: { readonly scale: number; readonly column: string } & Pick<DeriveContext, 'loss'>,
): string | null {
  if (value === null) return null;
  const { text, isExact } = round(value, scale);
  if (!isExact) loss('NUMBER_ROUNDED', column);
  return text;
}

function round(value: string, scale: number): { readonly text: string; readonly isExact: boolean } {
  const decimal = parse(value);
  if (decimal === null || decimal.scale === scale) return { text: value, isExact: true };
  const { digits } = decimal;
  if (decimal.scale < scale) {
    return { text: format({ digits: digits * 10n ** BigInt(scale - decimal.scale), scale }), isExact: true };
  }
  const unit = 10n ** BigInt(decimal.scale - scale);
  const half = digits < 0n ? -unit / 2n : unit / 2n;
  return { text: format({ digits: (digits + half) / unit, scale }), isExact: digits % unit === 0n };
}

function parse(value: string): Decimal | null {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(value);
  if (match !== null) return { digits: BigInt(`${match[1]}${match[2] ?? ''}`), scale: match[2]?.length ?? 0 };
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return null;
  throw new RangeError(`'${value}' is no numeric in PostgreSQL's form`);
}

function format({ digits, scale }: Decimal): string {
  if (scale === 0) return String(digits);
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  return `${digits < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

function negate(infinity: string): string {
  return infinity === 'Infinity' ? '-Infinity' : 'Infinity';
}
