// How all pipelines stand, and how one does, in words for a terminal. Pure.
import type { PipelineView, WholePipelineView } from './api-client.ts';
import type { Colour } from './output.ts';
import { duration, instant, renderTable } from './table.ts';

/** Rows come with the colour of their state; one line each. */
export interface StatusLine {
  readonly text: string;
  readonly colour: Colour | null;
}

export function statusTable(
  pipelines: readonly PipelineView[],
  { columns, nowMs }: { readonly columns: number; readonly nowMs: number },
): readonly StatusLine[] {
  const rows = pipelines.map((pipeline) => [
    pipeline.name,
    stateOf(pipeline, nowMs),
    lagOf(pipeline),
    count(pipeline.lag?.events ?? 0),
    count(pipeline.dirty),
    count(pipeline.waiting),
    count(pipeline.quarantined),
    pipeline.lastEventAt === null ? '' : `${duration((nowMs - Date.parse(pipeline.lastEventAt)) / 1000)} ago`,
    whyOf(pipeline, nowMs),
  ]);
  const [head = '', ...lines] = renderTable(
    [
      { title: 'PIPELINE' },
      { title: 'STATE' },
      { title: 'LAG', align: 'right' },
      { title: 'EVENTS', align: 'right' },
      { title: 'DUE', align: 'right' },
      { title: 'WAITING', align: 'right' },
      { title: 'QUARANTINE', align: 'right' },
      { title: 'NEWEST', align: 'right' },
      { title: 'WHY' },
    ],
    rows,
    columns,
  );
  return [
    { text: head, colour: 'grey' },
    ...lines.map((text, index) => ({ text, colour: colourOf(pipelines[index] as PipelineView) })),
    { text: summary(pipelines), colour: null },
  ];
}

function summary(pipelines: readonly PipelineView[]): string {
  const modes = new Map<string, number>();
  for (const { mode } of pipelines) modes.set(mode ?? 'not begun', (modes.get(mode ?? 'not begun') ?? 0) + 1);
  const quarantined = pipelines.reduce((sum, pipeline) => sum + pipeline.quarantined, 0);
  const states = Array.from(modes, ([mode, of]) => `${of} ${mode}`).join(', ');
  return `${pipelines.length} pipelines: ${states}; ${quarantined} in quarantine`;
}

function stateOf({ mode, until }: PipelineView, nowMs: number): string {
  if (mode === null) return 'not begun';
  return mode === 'paused' && typeof until === 'string'
    ? `paused, ${duration(Math.max(0, (Date.parse(until) - nowMs) / 1000))} left`
    : mode;
}

function lagOf({ lag }: PipelineView): string {
  if (lag === null) return '?';
  return lag.events === 0 ? '-' : duration(lag.seconds);
}

function count(figure: number): string {
  return figure === 0 ? '-' : figure.toLocaleString('en');
}

/** A day of events in doubt is soon enough to say so. */
const RETENTION_SHORT_MS = 7 * 86_400_000;

function whyOf(pipeline: PipelineView, nowMs: number): string {
  const { mode, stop, by, reason, since, retention, lag } = pipeline;
  const left = retention ? Date.parse(retention.until) - nowMs : Infinity;
  const kept =
    (lag?.events ?? 0) > 0 && left < RETENTION_SHORT_MS
      ? `Kafka keeps it for ${duration(Math.max(0, left / 1000))} more; `
      : '';
  if (stop !== null) return `${kept}${stop.code}: ${stop.message}`;
  if (mode === null || mode === 'running') return kept;
  return `${kept}${since === null ? '' : `since ${instant(since)} `}by ${by}: ${reason}`;
}

function colourOf({ mode, quarantined }: PipelineView): Colour | null {
  if (mode === 'drifted') return 'red';
  if (mode === 'paused' || mode === 'resetting' || quarantined > 0) return 'yellow';
  return mode === null ? 'grey' : null;
}

/** All that is known of one pipeline. */
export function statusText(pipeline: WholePipelineView, nowMs: number): readonly string[] {
  const { name, summary: what, failure, stop, retention, operations, positions, workflow } = pipeline;
  const lines = [
    `${name}: ${stateOf(pipeline, nowMs)}${pipeline.since === null ? '' : ` since ${instant(pipeline.since)}`}${pipeline.reason === '' ? '' : `, by ${pipeline.by}: ${pipeline.reason}`}`,
    `  ${what}`,
    ...(typeof pipeline.until === 'string' ? [`  resumes by itself at ${instant(pipeline.until)}`] : []),
    ...(stop === null ? [] : [`  stopped by ${stop.code}: ${stop.message}`]),
    ...(failure
      ? [`  failing, ${failure.code}: ${failure.message}`, ...(failure.advice ? [`    ${failure.advice}`] : [])]
      : []),
    `  lag          ${pipeline.lag === null ? '?' : duration(pipeline.lag.seconds)}, ${pipeline.lag?.events ?? 0} events`,
    `  due          ${pipeline.dirty} roots, of which ${pipeline.waiting} wait`,
    `  quarantine   ${pipeline.quarantined}`,
    `  newest       ${pipeline.lastEventAt === null ? 'none yet' : instant(pipeline.lastEventAt)}`,
    ...(retention ? [`  Kafka keeps  what is not landed until ${instant(retention.until)} at least`] : []),
    `  workflow     ${workflow.url ?? workflow.id}`,
    '  positions',
    ...Object.entries(positions).map(([at, offset]) => `    ${at}  ${offset}`),
  ];
  if (operations.length > 0) lines.push('  operations');
  for (const operation of operations)
    lines.push(
      `    ${instant(operation.requestedAt)} ${operation.name} ${operation.state}${operation.state === 'running' ? ` (id ${operation.id})` : ''}, by ${operation.by}: ${operation.reason}`,
      ...(operation.answer === '' ? [] : [`      ${operation.answer}`]),
    );
  return lines;
}
