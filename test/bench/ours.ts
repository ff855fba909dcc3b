// Our own path, in real processes: worker and bridge beside the stack's Kafka, Temporal and v3; and what the benches need
// to see of it.
import { Client, Connection } from '@temporalio/client';
import { Pool } from 'pg';
import type { ClientBase } from 'pg';
import { pino } from 'pino';
import { APPLY_LIMITS, apply } from '../../activities/apply.ts';
import { createEngines } from '../../activities/engine.ts';
import { changeMode } from '../../activities/operations.ts';
import { migrate } from '../../activities/schema/migrate.ts';
import { createProcess } from '../../infra/local/parts/mkondo.ts';
import type { Part } from '../../infra/local/parts/part.ts';
import { captureNames } from '../../infra/local/capture.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { createMetrics } from '../../model/metrics.ts';
import { pipelines } from '../../pipelines/index.ts';
import { pipelineWorkflow } from '../../workflows/messages.ts';

export interface Ours {
  readonly worker: Part;
  readonly bridge: Part;
  readonly temporal: Client;
  readonly close: () => Promise<void>;
}

export async function startOurs(stack: Stack): Promise<Ours> {
  const worker = createProcess({ stack, name: 'worker', environment: { MKONDO_LOG_LEVEL: 'warn' } });
  const bridge = createProcess({ stack, name: 'bridge', environment: { MKONDO_LOG_LEVEL: 'warn' } });
  await stack.up(worker);
  await stack.up(bridge);
  const connection = await Connection.connect({ address: stack.temporal });
  return { worker, bridge, temporal: new Client({ connection }), close: () => connection.close() };
}

/**
 * Has every pipeline applied, by the engine in this process; without `excepted`, so that it can be measured alone afterwards:
 * pipelines of which roots wait for rows of it are paused. Their names are given.
 */
export async function applyAll(stack: Stack, excepted?: string): Promise<readonly string[]> {
  const pool = new Pool({ connectionString: stack.urls.v3.mkondo });
  await migrate(pool);
  const engines = createEngines({
    pool,
    metrics: createMetrics('worker'),
    log: pino({ level: 'error' }),
    brokers: [stack.kafka],
    topicPrefix: captureNames.topicPrefix,
    placeholder: stack.secrets.unavailableValue,
    pipelines,
  });
  const scope = { run: 'bench', signal: new AbortController().signal, heartbeat: () => undefined };
  const names = pipelines.map(({ name }) => name).filter((name) => name !== excepted);
  try {
    // Twice: what a later pipeline adopts may mark roots of an earlier one.
    for (const name of [...names, ...names]) {
      const engine = await engines(name);
      const bounds = await engine.reader.bounds();
      const claimed = Object.fromEntries(Object.entries(bounds).map(([at, { end }]) => [at, end]));
      for (;;) {
        const { applied, dirty, waiting } = await apply(engine, { pipeline: name, claimed }, scope, {
          ...APPLY_LIMITS,
          lingerMs: 50,
        });
        if (dirty === waiting && Object.entries(claimed).every(([at, offset]) => (applied[at] ?? 0) >= offset)) break;
      }
    }
    const { rows } = await pool.query<{ name: string }>('SELECT DISTINCT pipeline AS name FROM cdc.waiting ORDER BY 1');
    const waiting = excepted === undefined ? [] : rows.map(({ name }) => name);
    for (const name of waiting)
      await changeMode(await engines(name), {
        id: `bench-pause-${name}`,
        pipeline: name,
        name: 'pause',
        mode: 'paused',
        reason: `${excepted} is measured alone`,
        by: 'bench',
        via: 'update',
      });
    return waiting;
  } finally {
    for (const name of names) await (await engines(name)).reader.close();
    await pool.end();
  }
}

export interface Progress {
  /** Offset of the pipeline in the topic. */
  readonly position: number;
  readonly dirty: number;
  readonly waiting: number;
  readonly quarantined: number;
}

export async function progressOf(client: ClientBase, pipeline: string, topic: string): Promise<Progress> {
  const { rows } = await client.query<Record<keyof Progress, string>>(
    `SELECT coalesce((SELECT next_offset FROM cdc.positions WHERE pipeline = $1 AND topic = $2), 0) AS position,
              (SELECT count(*) FROM cdc.dirty WHERE pipeline = $1) AS dirty,
              (SELECT count(*) FROM cdc.waiting WHERE pipeline = $1) AS waiting,
              (SELECT count(*) FROM cdc.quarantine WHERE pipeline = $1 AND resolved_at IS NULL) AS quarantined`,
    [pipeline, topic],
  );
  const [row] = rows;
  return {
    position: Number(row?.position),
    dirty: Number(row?.dirty),
    waiting: Number(row?.waiting),
    quarantined: Number(row?.quarantined),
  };
}

/** Whether anything of a pipeline has landed. */
export async function hasLanded(client: ClientBase, pipeline: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM cdc.positions WHERE pipeline = $1 LIMIT 1', [pipeline]);
  return rowCount === 1;
}

/** When the pipeline's workflow began, by Temporal's clock, which is this machine's: from then on it may read Kafka. */
export async function workflowBeganMs(temporal: Client, workflowId: string): Promise<number> {
  const { raw } = await temporal.workflow.getHandle(workflowId).describe();
  const runId = raw.workflowExecutionInfo?.firstRunId ?? undefined;
  const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
  const at = events?.[0]?.eventTime;
  if (at === undefined || at === null) throw new Error(`${workflowId} has no history`);
  return Number(at.seconds) * 1000 + Number(at.nanos) / 1e6;
}

export interface HistoryFigures {
  /** Events of all runs together. */
  readonly events: number;
  readonly longest: number;
}

/** History events of pipelines' workflows, over every run that Temporal still knows. */
export async function historyOf(temporal: Client, workflowId?: string): Promise<HistoryFigures> {
  const query = workflowId === undefined ? `WorkflowType = '${pipelineWorkflow}'` : `WorkflowId = '${workflowId}'`;
  let events = 0;
  let longest = 0;
  for await (const run of temporal.workflow.list({ query })) {
    // The list knows the length of a running workflow late or not at all; its description does.
    const { historyLength } = await temporal.workflow.getHandle(run.workflowId, run.runId).describe();
    events += historyLength;
    longest = Math.max(longest, historyLength);
  }
  return { events, longest };
}

/** Rows that the worker has written into v3 for a pipeline since it started. */
export async function rowsWritten(worker: Part, pipeline: string): Promise<number> {
  const text = await (await fetch(`${worker.url}/metrics`)).text();
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('mkondo_rows_written_total{') && line.includes(`pipeline="${pipeline}"`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
