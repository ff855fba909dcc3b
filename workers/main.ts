// A worker: hosts every pipeline's workflow and activities. Wiring only.
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { Pool } from 'pg';
import { createActivities } from '../activities/index.ts';
import { createExperiments } from '../experiments/activities.ts';
import { lookAtV3 } from '../activities/drift.ts';
import { forgetOldEvents } from '../activities/events.ts';
import { applyAdoptionsFile, readAdoptionsFile } from '../activities/operator-adoptions.ts';
import type { AdoptionsFile } from '../activities/operator-adoptions.ts';
import { migrate } from '../activities/schema/migrate.ts';
import { readConfig } from '../model/config.ts';
import { exitClearly } from '../model/exit-clearly.ts';
import type { Config } from '../model/config.ts';
import { MkondoError } from '../model/errors.ts';
import { serveHealth } from '../model/health.ts';
import { createLog } from '../model/log.ts';
import type { Logger } from '../model/log.ts';
import { createMetrics } from '../model/metrics.ts';
import { pipelines } from '../pipelines/index.ts';
import { cachedBundle } from './bundle.ts';
import { deploymentName, keepCurrent } from './current-build.ts';
import type { Standing } from './current-build.ts';
import { startDeriving } from './derive-beside.ts';
import { tryDeployedChanges } from './deployed-changes.ts';
import { experimentsBeside } from './experiment-beside.ts';
import { linksFrom } from './links.ts';
import { replayLive } from './replay-live.ts';
import { temporalLogger } from './temporal-logger.ts';
import { v3PoolConfig } from './v3-pool.ts';
import { keepVerifying } from './verify-schedules.ts';
import { createVerification } from '../verification/activities.ts';
import { parseHours } from '../verification/hours.ts';

/** Activities hear at once that the worker ends, finish the batch that they commit, and return. */
const SHUTDOWN_GRACE = '100 ms';
const SHUTDOWN_MOST = '30 s';
const RETRY_MOST_MS = 10_000;
/** How often v3's catalog is compared with what the mappings expect. */
const LOOK_AT_V3_MS = 60_000;

exitClearly();
const config = readConfig(process.env);
const adoptions =
  config.MKONDO_ADOPTIONS_FILE === undefined ? null : readAdoptionsFile(config.MKONDO_ADOPTIONS_FILE, pipelines);
const log = createLog('worker', config);
const metrics = createMetrics('worker');
const stopping = new AbortController();
const stop = (): void => stopping.abort();
process.once('SIGTERM', stop).once('SIGINT', stop);

let state: 'starting' | Standing = 'starting';
const health = await serveHealth({
  host: config.MKONDO_API_HOST,
  port: config.MKONDO_WORKER_METRICS_PORT,
  metrics,
  health: () => unready(state),
});
installRuntime(config, log);
const pool = new Pool({ ...v3PoolConfig(config, 'first'), application_name: 'mkondo-worker' });
pool.on('error', (error) => log.warn({ err: error }, 'an idle connection to v3 was lost'));
const activities = {
  ...createExperiments({ pool, metrics, log, pipelines, run: experimentsBeside(process.env) }),
  ...createVerification({
    pool,
    metrics,
    log,
    pipelines,
    boundedMs: config.MKONDO_VERIFY_SECONDS * 1_000,
    compareAfterMs: config.MKONDO_VERIFY_COMPARE_DAYS * 86_400_000,
    v2Url: config.MKONDO_VERIFY_V2_URL,
    v2Hours: parseHours(config.MKONDO_VERIFY_V2_HOURS ?? ''),
  }),
  ...createActivities({
    pool,
    metrics,
    log,
    brokers: config.MKONDO_KAFKA_BROKERS,
    topicPrefix: config.MKONDO_KAFKA_TOPIC_PREFIX,
    placeholder: config.MKONDO_UNAVAILABLE_VALUE,
    pipelines,
    linksOf: linksFrom(config),
    beside: startDeriving({ log, environment: process.env }),
  }),
};

await untilDone('migrating our schema in v3', () => migrate(pool));
if (adoptions !== null) await untilDone('applying the file of adoptions', () => applyAdoptions(adoptions));
const watchingV3 = watchV3();
const { codePath, buildId } = await cachedBundle();
keepWorkflowsSmall();
await untilDone('running', runWorker);
await watchingV3;
await health.close();
log.info('the worker has ended');
// What the activities hold (readers of Kafka, connections to v3) is at rest now and needs no farewell.
process.exit(0);

/** Also while every pipeline is idle: a release of v3 announces itself. */
async function watchV3(): Promise<void> {
  const { signal } = stopping;
  while (!signal.aborted) {
    await lookAtV3(pool, pipelines).catch((error: unknown) =>
      log.warn({ err: error }, "v3's schema cannot be looked at"),
    );
    await forgetOldEvents(pool).catch((error: unknown) => log.warn({ err: error }, 'old events cannot be forgotten'));
    await wait(LOOK_AT_V3_MS, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Temporal runs workflows in a thread of its own. It holds no rows, and is not to take the heap that this process was given
 * for them: what is set here holds for threads that start from now on.
 */
function keepWorkflowsSmall(): void {
  setFlagsFromString('--initial-old-space-size=0');
  setFlagsFromString('--max-semi-space-size=8');
}

async function runWorker(): Promise<void> {
  const connection = await NativeConnection.connect({ address: config.MKONDO_TEMPORAL_ADDRESS }).catch(
    (cause: unknown) => {
      throw new MkondoError('TEMPORAL_UNAVAILABLE', `Temporal does not answer at ${config.MKONDO_TEMPORAL_ADDRESS}.`, {
        advice: 'Start Temporal, or set MKONDO_TEMPORAL_ADDRESS; the worker tries again by itself.',
        cause,
      });
    },
  );
  try {
    const worker = await Worker.create({
      connection,
      namespace: config.MKONDO_TEMPORAL_NAMESPACE,
      taskQueue: config.MKONDO_TASK_QUEUE,
      workflowBundle: { codePath },
      workerDeploymentOptions: {
        version: { deploymentName: deploymentName(config.MKONDO_TASK_QUEUE), buildId },
        useWorkerVersioning: true,
        // A pipeline runs for ever and must not depend on workers of a build that has gone.
        defaultVersioningBehavior: 'AUTO_UPGRADE',
      },
      activities,
      // Every pipeline applies at once, beside a step of an operation each.
      maxConcurrentActivityTaskExecutions: Math.max(20, pipelines.length * 2),
      maxCachedWorkflows: 200,
      // How long a pipeline's next task waits for a worker that died before another one may take it.
      stickyQueueScheduleToStartTimeout: '5 s',
      // A cancelled or paused apply hears of it at its next heartbeat.
      maxHeartbeatThrottleInterval: '1 s',
      defaultHeartbeatThrottleInterval: '1 s',
      shutdownGraceTime: SHUTDOWN_GRACE,
      shutdownForceTime: SHUTDOWN_MOST,
    });
    const shutDown = (): void => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    stopping.signal.addEventListener('abort', shutDown);
    const client = new Client({ connection, namespace: config.MKONDO_TEMPORAL_NAMESPACE });
    await tryDeployedChanges(client, {
      pool,
      log,
      pipelines,
      taskQueue: config.MKONDO_TASK_QUEUE,
      decides: config.MKONDO_DEPLOYED_CHANGE === 'promote' ? 'itself' : 'operator',
    });
    await keepVerifying(client, { config, pipelines });
    log.info({ taskQueue: config.MKONDO_TASK_QUEUE, pipelines: pipelines.length, build: buildId }, 'the worker runs');
    const ended = new AbortController();
    const keeping = keepCurrent(
      { connection, namespace: config.MKONDO_TEMPORAL_NAMESPACE, taskQueue: config.MKONDO_TASK_QUEUE, buildId },
      {
        log,
        signal: ended.signal,
        replay: () =>
          replayLive({
            address: config.MKONDO_TEMPORAL_ADDRESS,
            namespace: config.MKONDO_TEMPORAL_NAMESPACE,
            taskQueue: config.MKONDO_TASK_QUEUE,
            codePath,
          }),
        onStanding: (standing) => (state = standing),
        onError: (error) => {
          metrics.countError(error);
          log.error({ err: error }, 'this workflow code could not be made the current one; trying again');
        },
      },
    );
    await worker.run().finally(() => {
      stopping.signal.removeEventListener('abort', shutDown);
      ended.abort();
    });
    await keeping;
  } finally {
    state = 'starting';
    await connection.close();
  }
}

/** What /healthz says. A worker whose code was replaced is well: it has nothing to do. */
function unready(standing: typeof state): string | null {
  if (standing === 'starting') return 'The worker waits for the v3 database or for Temporal.';
  return standing === 'refused' ? 'BUILD_REFUSED: its workflow code does not replay what runs; see its log.' : null;
}

/** What v3 does not allow now is left out, and said. */
async function applyAdoptions(file: AdoptionsFile): Promise<void> {
  for (const error of await applyAdoptionsFile(pool, { file, pipelines })) {
    metrics.countError(error);
    log.error({ err: error }, `${error.message} ${error.advice}`);
  }
}

/** Tries again, with back-off, until it is done or the process is asked to end. */
async function untilDone(what: string, act: () => Promise<void>): Promise<void> {
  for (let times = 1; !stopping.signal.aborted; times += 1) {
    try {
      return await act();
    } catch (error) {
      metrics.countError(error);
      log.error({ err: error, times }, `${what} failed; trying again`);
      await wait(Math.min(250 * 2 ** times, RETRY_MOST_MS), undefined, { signal: stopping.signal }).catch(
        () => undefined,
      );
    }
  }
}

function installRuntime(settings: Config, logger: Logger): void {
  Runtime.install({
    logger: temporalLogger(logger),
    // This process ends its worker itself.
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: 'WARN' },
      metrics: {
        prometheus: {
          bindAddress: `${settings.MKONDO_API_HOST}:${settings.MKONDO_WORKER_TEMPORAL_METRICS_PORT}`,
          useSecondsForDurations: true,
          unitSuffix: true,
          countersTotalSuffix: true,
        },
      },
    },
  });
}
