// Figures as people read them.

export type Unit = 'seconds' | 'bytes' | 'count' | 'per second' | 'share';

export function shown(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return '-';
  if (unit === 'seconds') return duration(value);
  if (unit === 'bytes') return `${scaled(value, 1024, ['', 'Ki', 'Mi', 'Gi', 'Ti'])}B`;
  if (unit === 'share') return `${rounded(value * 100)} %`;
  return `${scaled(value, 1000, ['', 'k', 'M', 'G'])}${unit === 'per second' ? '/s' : ''}`;
}

function duration(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 1) return `${rounded(seconds * 1000)} ms`;
  if (seconds < 120) return `${rounded(seconds)} s`;
  if (seconds < 7_200) return `${rounded(seconds / 60)} min`;
  if (seconds < 172_800) return `${rounded(seconds / 3_600)} h`;
  return `${rounded(seconds / 86_400)} d`;
}

function scaled(value: number, step: number, names: readonly string[]): string {
  let size = value;
  let at = 0;
  while (Math.abs(size) >= step && at < names.length - 1) {
    size /= step;
    at += 1;
  }
  return `${rounded(size)}${names[at] === '' ? '' : ` ${names[at]}`}${step === 1024 && at === 0 ? ' ' : ''}`;
}

/** Three digits that matter. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** The end of an axis that holds the value: of its quarters all can be told in few digits. */
export function axisTop(value: number, unit: Unit): number {
  if (value <= 0 || !Number.isFinite(value)) return 1;
  const step = stepOf(value, unit);
  const power = 10 ** Math.floor(Math.log10(value / step));
  const factor = [1, 2, 4, 8, 10].find((each) => each * power * step >= value * (1 - 1e-9)) ?? 10;
  return factor * power * step;
}

/** What the value is told in. */
function stepOf(value: number, unit: Unit): number {
  if (unit === 'bytes') return 1024 ** Math.floor(Math.log(Math.max(1, value)) / Math.log(1024));
  if (unit !== 'seconds') return 1;
  return value < 120 ? 1 : value < 7_200 ? 60 : value < 172_800 ? 3_600 : 86_400;
}
