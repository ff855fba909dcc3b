// The engine alone, without bridge and Temporal: `apply` called directly, in this process, on the real Kafka and v3. The
// quickest way to see where time goes (`node --cpu-prof test/bench/engine.ts --lines 50000`).
import { parseArgs } from 'node:util';
import { Pool } from 'pg';
import { pino } from 'pino';
import { APPLY_LIMITS, apply } from '../../activities/apply.ts';
import type { ActivityScope } from '../../activities/apply.ts';
import { createEngines } from '../../activities/engine.ts';
import type { Engine, Engines } from '../../activities/engine.ts';
import { markAll } from '../../activities/operations.ts';
import { migrate } from '../../activities/schema/migrate.ts';
import { startStack } from '../../infra/local/stack.ts';
import { portsFrom } from '../../infra/local/ports.ts';
import { processEnvironment } from '../../infra/local/parts/mkondo.ts';
import { readConfig } from '../../model/config.ts';
import { createMetrics } from '../../model/metrics.ts';
import type { Metrics } from '../../model/metrics.ts';
import { pipelines } from '../../pipelines/index.ts';
import { verifyPipeline } from '../../verification/landing/verify-pipeline.ts';
import { startDeriving } from '../../workers/derive-beside.ts';
import { v3PoolConfig } from '../../workers/v3-pool.ts';
import { clearDestination } from './destination.ts';
import { cpuSeconds, postgresProcesses } from './process-figures.ts';
import { say, table } from './report.ts';
import { FULL_STORE_LINES, linesTopic, makeSource } from './source.ts';
import { logEnds } from './topic-ends.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '50000' },
    state: { type: 'string', default: '.run/bench-engine' },
    'port-base': { type: 'string', default: '33100' },
    fsync: { type: 'string', default: 'off' },
    // What an earlier run with the same state folder has put into Kafka is read again; v2 and Connect are not started.
    reuse: { type: 'boolean', default: false },
    threads: { type: 'string', default: '2' },
    // Verifies v3 against landing instead of deriving all again: at first, with nothing changed, and with one character changed.
    verify: { type: 'boolean', default: false },
  },
});

const stack = await startStack({
  stateDir: values.state,
  ports: portsFrom(Number(values['port-base'])),
  parts: values.reuse ? ['v3', 'kafka'] : ['v2', 'v3', 'kafka', 'connect'],
  fsync: values.fsync === 'on' ? 'on' : 'off',
  log: say,
});
try {
  if (!values.reuse) {
    await makeSource({ stack, lines: Number(values.lines), linesPerRequisition: FULL_STORE_LINES, seed: 1, say });
    await stack.part('connect').stop();
  }
  const lines = (await logEnds({ broker: stack.kafka, topics: [linesTopic] })).get(linesTopic) ?? 0;
  await clearDestination(stack);
  Object.assign(process.env, processEnvironment(stack));
  const pool = new Pool(v3PoolConfig(readConfig(process.env), 'first'));
  pool.on('error', () => undefined);
  await migrate(pool);
  const metrics = createMetrics('worker');
  const engines = createEngines({
    pool,
    metrics,
    log: pino({ level: 'error' }),
    brokers: [stack.kafka],
    topicPrefix: 'elmis',
    placeholder: stack.secrets.unavailableValue,
    pipelines,
    ...(values.threads === '2' ? { beside: startDeriving({ log: console, environment: process.env }) } : {}),
  });
  for (const { name } of pipelines) if (name !== 'requisitions') await run(engines, name);
  say('the parents are in v3');

  const measure = async (title: string, work: () => Promise<void>): Promise<void> => {
    const before = await stages(metrics);
    const node = process.cpuUsage();
    const postgres = await postgresProcesses(stack.part('v3').pid);
    const postgresBefore = await cpuSeconds(postgres);
    const began = performance.now();
    await work();
    const seconds = (performance.now() - began) / 1000;
    const used = process.cpuUsage(node);
    const postgresSeconds = (await cpuSeconds(await postgresProcesses(stack.part('v3').pid))) - postgresBefore;
    const after = await stages(metrics);
    const stageText = [...after]
      .map(([stage, sum]) => `${stage} ${(sum - (before.get(stage) ?? 0)).toFixed(1)}`)
      .join(', ');
    console.log(
      table([
        [title, 'lines/s', 'seconds', 'node CPU s', 'PostgreSQL CPU s', 'peak RSS MB'],
        [
          '',
          Math.round(lines / seconds),
          seconds.toFixed(1),
          ((used.user + used.system) / 1e6).toFixed(1),
          postgresSeconds.toFixed(1),
          Math.round(process.resourceUsage().maxRSS / 1024),
        ],
      ]),
    );
    const { values: derived } = await metrics.rootsDerived.get();
    const roots = derived.find(({ labels }) => labels.pipeline === 'requisitions')?.value ?? 0;
    console.log(`stages (s): ${stageText}; roots derived so far ${roots}`);
  };
  await measure('initial', () => run(engines, 'requisitions'));
  if (values.verify) await verifyThreeTimes(await engines('requisitions'), measure);
  else
    await measure('reprocess', async () => {
      const engine = await engines('requisitions');
      await markAll(engine, {
        id: 'bench',
        pipeline: 'requisitions',
        name: 'reprocess',
        reason: 'bench',
        by: 'bench',
        via: 'update',
      });
      await run(engines, 'requisitions');
    });
  const { rows } = await pool.query<object>(
    `SELECT (SELECT count(*) FROM requisition.requisition_line_items) AS lines, (SELECT count(*) FROM cdc.dirty) AS dirty,
            (SELECT count(*) FROM cdc.waiting) AS waiting, (SELECT count(*) FROM cdc.quarantine) AS quarantined`,
  );
  console.log(rows[0]);
  await pool.end();
} finally {
  await stack.stop();
}
process.exit(0);

async function verifyThreeTimes(
  { pool, plan, version }: Engine,
  measure: (title: string, work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const look = async (): Promise<void> => {
    const { ranges, rows, differences } = await verifyPipeline({ pool, plan, version, compareAfterMs: 86_400_000 });
    console.log(JSON.stringify({ ranges, rows, differences: differences.slice(0, 2) }));
  };
  await measure('verify: first', look);
  await measure('verify: unchanged', look);
  await pool.query(
    `UPDATE requisition.requisition_line_items SET remarks = coalesce(remarks, '') || 'x'
     WHERE id = (SELECT min(id::text)::uuid FROM requisition.requisition_line_items)`,
  );
  await measure('verify: one character changed', look);
}

/** Applies until nothing is left: Kafka read to the end, no root due. */
async function run(engines: Engines, name: string): Promise<void> {
  const engine = await engines(name);
  const scope: ActivityScope = { run: 'bench', signal: new AbortController().signal, heartbeat: () => undefined };
  const ends = await engine.reader.bounds();
  const claimed = Object.fromEntries(Object.entries(ends).map(([at, { end }]) => [at, end]));
  for (;;) {
    const result = await apply(engine, { pipeline: name, claimed }, scope, { ...APPLY_LIMITS, lingerMs: 50 });
    const isReached = Object.entries(claimed).every(([at, offset]) => (result.applied[at] ?? 0) >= offset);
    if (isReached && result.dirty === result.waiting) return;
  }
}

async function stages(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const { values } = await metrics.stageSeconds.get();
  return new Map(
    values
      .filter((value) => value.metricName?.endsWith('_sum') === true && value.labels.pipeline === 'requisitions')
      .map((value) => [String(value.labels.stage), value.value]),
  );
}
