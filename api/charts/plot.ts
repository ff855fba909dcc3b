// A line chart as SVG, of series over time. Pure.

export interface Series {
  readonly name: string;
  /** Seconds since 1970 and value, in the order of time; NaN where there is none. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

export interface Span {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** About as wide as it is shown, so that its letters are as large as the others. */
const WIDTH = 440;
const HEIGHT = 170;
const MARGIN = { top: 10, right: 10, bottom: 22, left: 60 };
const TICKS = 4;

export function plot(options: {
  readonly title: string;
  readonly series: readonly Series[];
  readonly span: Span;
  readonly show: (value: number) => string;
  /** The end of an axis that holds the value. */
  readonly topOf: (value: number) => number;
}): string {
  const { title, series, span, show, topOf } = options;
  const values = series.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  const top = topOf(Math.max(0, ...values));
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const x = (seconds: number): number =>
    MARGIN.left + ((seconds - span.fromSeconds) / (span.toSeconds - span.fromSeconds)) * inner.width;
  const y = (value: number): number => MARGIN.top + (1 - value / top) * inner.height;

  const levels = Array.from({ length: TICKS + 1 }, (_, index) => (top * index) / TICKS);
  const times = Array.from(
    { length: TICKS + 1 },
    (_, index) => span.fromSeconds + ((span.toSeconds - span.fromSeconds) * index) / TICKS,
  );
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    ...levels.map(
      (level) =>
        `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${figure(y(level))}" y2="${figure(y(level))}"/>` +
        `<text class="y" x="${MARGIN.left - 6}" y="${figure(y(level) + 4)}">${escaped(show(level))}</text>`,
    ),
    ...times.map(
      (seconds, index) =>
        `<text class="x" text-anchor="${index === 0 ? 'start' : index === TICKS ? 'end' : 'middle'}" x="${figure(x(seconds))}" y="${HEIGHT - 6}">${clock(seconds, span)}</text>`,
    ),
    ...series.map(
      ({ name, points }, index) =>
        `<path class="s${index}" d="${path(points, { x, y })}"><title>${escaped(name)}</title></path>`,
    ),
    '</svg>',
  ].join('');
}

/** A line with a gap wherever a value is missing; what stands alone is a dot. */
export function path(
  points: Series['points'],
  { x, y }: { readonly x: (seconds: number) => number; readonly y: (value: number) => number },
): string {
  const parts: string[] = [];
  let isDrawing = false;
  for (const [index, [seconds, value]] of points.entries()) {
    if (Number.isFinite(value)) {
      const at = `${figure(x(seconds))},${figure(y(value))}`;
      parts.push(`${isDrawing ? 'L' : 'M'}${at}`);
      const next = points[index + 1]?.[1];
      if (!isDrawing && (next === undefined || !Number.isFinite(next))) parts.push('h0');
    }
    isDrawing = Number.isFinite(value);
  }
  return parts.join('');
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Two digits are finer than any screen. */
function figure(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** UTC; with the day where the span is longer than one. */
function clock(seconds: number, { fromSeconds, toSeconds }: Span): string {
  const text = new Date(seconds * 1000).toISOString();
  return toSeconds - fromSeconds > 86_400 ? text.slice(5, 16).replace('T', ' ') : text.slice(11, 16);
}
