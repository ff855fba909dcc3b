// The bridge: Kafka in, claims out. It tells every pipeline's workflow how far the topics hold data, and never reads a row.
import { Client, Connection } from '@temporalio/client';
import { Pool } from 'pg';
import { setTimeout as wait } from 'node:timers/promises';
import type { Mode } from '../activities/contract.ts';
import { readConfig } from '../model/config.ts';
import { exitClearly } from '../model/exit-clearly.ts';
import { MkondoError } from '../model/errors.ts';
import { serveHealth } from '../model/health.ts';
import { Kafka, logLevel } from '../model/kafka.ts';
import { listen } from '../model/listen.ts';
import { createLog } from '../model/log.ts';
import { createMetrics } from '../model/metrics.ts';
import { pipelines } from '../pipelines/index.ts';
import { topicsOf } from '../pipelines/topics.ts';
import { readBacklog } from './backlog.ts';
import { readPipelines } from './control-schema.ts';
import { deliver, hasTakenSignals } from './deliver.ts';
import { createDispatch } from './dispatch.ts';
import { follow } from './follow.ts';
import type { Position } from './follow.ts';
import { lagOf, observe } from '../model/lag.ts';
import type { Unreached } from '../model/lag.ts';

/** How often lag is measured, and Temporal asked whether it is there. */
const LOOK_MS = 3_000;
/** A pipeline that has due roots, or is behind without getting on, is woken so often. */
const WAKE_MS = 30_000;

const modes: readonly Mode[] = ['running', 'paused', 'resetting', 'drifted'];

exitClearly();
const config = readConfig(process.env);
const log = createLog('bridge', config);
const metrics = createMetrics('bridge');
const topics = topicsOf(pipelines, config.MKONDO_KAFKA_TOPIC_PREFIX);
const names = pipelines.map(({ name }) => name);
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort()).once('SIGINT', () => stopping.abort());

const faults = new Map<string, string>([['kafka', 'The topics are not followed yet.']]);
const health = await serveHealth({
  host: config.MKONDO_API_HOST,
  port: config.MKONDO_BRIDGE_METRICS_PORT,
  metrics,
  health: () => [...faults.values()][0] ?? null,
});
const pool = new Pool({
  connectionString: config.MKONDO_V3_URL,
  max: 2,
  application_name: 'mkondo-bridge',
  connectionTimeoutMillis: 5_000,
  query_timeout: 10_000,
});
pool.on('error', (error) => log.warn({ err: error }, 'an idle connection to v3 was lost'));
const connection = Connection.lazy({ address: config.MKONDO_TEMPORAL_ADDRESS });
const client = new Client({ connection, namespace: config.MKONDO_TEMPORAL_NAMESPACE });
const kafka = new Kafka({
  clientId: 'mkondo-bridge',
  brokers: config.MKONDO_KAFKA_BROKERS,
  retry: { retries: 3, initialRetryTime: 200, maxRetryTime: 2_000 },
  logLevel: logLevel.WARN,
  logCreator:
    () =>
    ({ namespace, log: { message, ...rest } }) =>
      log.debug({ kafka: namespace, ...rest }, message),
});

/** The end of each partition, as far as it was told. */
const ends = new Map<string, number>();

const dispatch = createDispatch({
  pipelines: names,
  async deliver(pipeline, parcel) {
    await deliver({
      client,
      taskQueue: config.MKONDO_TASK_QUEUE,
      pipeline,
      parcel,
      onSignal: (signal) => metrics.signals.inc({ pipeline, signal }),
    });
    metrics.deliverySeconds.observe({ pipeline }, (Date.now() - parcel.sinceMs) / 1000);
    faults.delete('temporal');
  },
  hasTaken: (pipeline) => hasTakenSignals(client, pipeline),
  onTaken(pipeline, taken) {
    if (taken) log.info({ pipeline }, 'the workflow takes its signals again');
    else
      log.warn(
        { pipeline, advice: 'See whether a worker runs, and in the Temporal UI whether its task fails.' },
        'the workflow does not take its signal: claims are kept until it has',
      );
  },
  onFailure(pipeline, error) {
    faults.set('temporal', 'Temporal does not take signals; claims are kept.');
    report(error, pipeline);
  },
});

// Every pipeline has its workflow from the start, whether or not v2 changes.
for (const name of names) dispatch.wake(name);
log.info({ pipelines: names.length, topics: topics.all.length }, 'the bridge runs');
await Promise.all([
  follow({
    kafka,
    groupId: config.MKONDO_KAFKA_GROUP,
    topics: topics.all,
    onWatermark: claim,
    onFollowing: () => faults.delete('kafka'),
    onFailure: (error) => {
      faults.set('kafka', error.message);
      report(error);
    },
    committable,
    signal: stopping.signal,
  }),
  listen({
    connectionString: config.MKONDO_V3_URL,
    channel: 'cdc_wake',
    applicationName: 'mkondo-bridge-listen',
    onNotified: (pipeline) => dispatch.wake(pipeline),
    onListening: () => void wakeTheDue(),
    onFailure: report,
    signal: stopping.signal,
  }),
  look(),
]);
await dispatch.drain();
await Promise.all([connection.close(), pool.end(), health.close()]);
log.info('the bridge has ended');
process.exit(0);

/** A watermark is a claim for every pipeline that reads the topic; one that is no news is not told again. */
function claim({ topic, partition, offset }: Position): void {
  const position = `${topic}/${partition}`;
  if (offset === 0 || ends.get(position) === offset) return;
  ends.set(position, offset);
  for (const pipeline of topics.readers.get(topic) ?? []) {
    metrics.claims.inc({ pipeline });
    dispatch.claim(pipeline, { [position]: offset });
  }
}

/** What all readers of a partition have had accepted. */
function committable(): readonly Position[] {
  return [...ends.keys()].flatMap((position) => {
    const cut = position.lastIndexOf('/');
    const topic = position.slice(0, cut);
    const offset = Math.min(
      ...(topics.readers.get(topic) ?? []).map((pipeline) => dispatch.accepted(pipeline)[position] ?? -1),
    );
    return offset < 0 || offset === Infinity ? [] : [{ topic, partition: Number(position.slice(cut + 1)), offset }];
  });
}

async function look(): Promise<void> {
  const behind = new Map<string, Unreached>();
  let wokeAtMs = Date.now();
  while (!stopping.signal.aborted) {
    await measure(behind).catch(report);
    await measureBacklog().catch(() => {
      metrics.backlogTasks.reset(); // not known; that Temporal is away is told below
      metrics.backlogAgeSeconds.reset();
    });
    await connection.workflowService.getSystemInfo({}).then(
      () => faults.delete('temporal'),
      () => faults.set('temporal', 'Temporal does not answer; claims are kept.'),
    );
    if (Date.now() - wokeAtMs >= WAKE_MS) {
      wokeAtMs = Date.now();
      await wakeTheDue();
      // A claim may have been applied to a database that has been restored since: the workflow looks for itself.
      for (const [pipeline, unreached] of behind) {
        if (lagOf(unreached, {}, Date.now()).seconds * 1000 >= WAKE_MS) dispatch.wake(pipeline);
      }
    }
    await wait(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}

async function measure(behind: Map<string, Unreached>): Promise<void> {
  const rows = await readPipelines(pool);
  const nowMs = Date.now();
  for (const [pipeline, read] of topics.ofPipeline) {
    const positions = rows?.get(pipeline)?.positions ?? {};
    const readEnds = Object.fromEntries(
      [...ends].filter(([position]) => read.includes(position.slice(0, position.lastIndexOf('/')))),
    );
    const unreached = observe(behind.get(pipeline) ?? {}, { ends: readEnds, positions, nowMs });
    behind.set(pipeline, unreached);
    const lag = lagOf(unreached, positions, nowMs);
    metrics.lagEvents.set({ pipeline }, lag.events);
    metrics.lagSeconds.set({ pipeline }, lag.seconds);
    for (const mode of modes) metrics.mode.set({ pipeline, mode }, rows?.get(pipeline)?.mode === mode ? 1 : 0);
  }
}

async function measureBacklog(): Promise<void> {
  for (const { type, tasks, ageSeconds } of await readBacklog(connection, {
    namespace: config.MKONDO_TEMPORAL_NAMESPACE,
    taskQueue: config.MKONDO_TASK_QUEUE,
  })) {
    metrics.backlogTasks.set({ type }, tasks);
    metrics.backlogAgeSeconds.set({ type }, ageSeconds);
  }
}

async function wakeTheDue(): Promise<void> {
  const rows = await readPipelines(pool).catch((error: unknown) => {
    report(error);
    return null;
  });
  for (const [pipeline, { hasDueRoots }] of rows ?? []) if (hasDueRoots) dispatch.wake(pipeline);
}

function report(error: unknown, pipeline?: string): void {
  metrics.countError(error, pipeline);
  const advice = error instanceof MkondoError ? error.advice : undefined;
  log.error({ err: error, advice, pipeline }, error instanceof Error ? error.message : String(error));
}
