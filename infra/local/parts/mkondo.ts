// Our own processes as parts: the worker, the bridge, the API, and the simulator that plays eLMIS.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { captureNames } from '../capture.ts';
import { projectDir } from '../settings.ts';
import type { Stack } from '../stack.ts';
import { createPart } from './part.ts';
import type { Part } from './part.ts';

export type OurProcess = 'worker' | 'bridge' | 'api';

const entries: Readonly<Record<OurProcess, string>> = {
  worker: 'workers/main.ts',
  bridge: 'bridge/main.ts',
  api: 'api/main.ts',
};

export interface ProcessOptions {
  readonly stack: Stack;
  readonly name: OurProcess;
  /** Settings on top of those that the stack gives, such as MKONDO_LOG_LEVEL. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** One of our processes. It serves when `GET /healthz` on its metrics port answers 200. */
export function createProcess({ stack, name, environment = {} }: ProcessOptions): Part {
  const url = `http://127.0.0.1:${stack.ports[name]}`;
  return createPart({
    name,
    url,
    logFile: join(stack.stateDir, 'log', `${name}.log`),
    needs: ['v3', 'kafka', 'temporal'],
    command: () => ({
      file: ourNode,
      // Full collections come seldom when there is room for what grows old with its batch (a quarter of node's processor time
      // less than with 64 MB); young generations are small, since several threads have one: with 16 MB instead of 8 the worker
      // peaked at 545 MB instead of 440, at the same speed. The process is to stay under 512 MB.
      args: [
        '--max-semi-space-size=8',
        // V8 would make some short-lived rows in the old generation at once, and once dead there they kept alive whatever they held:
        // twice as much grew old in a first load, three times as much in a reprocess (docs/decisions/0024).
        '--no-allocation-site-pretenuring',
        '--initial-old-space-size=128',
        '--max-old-space-size=256',
        join(projectDir, entries[name]),
      ],
      // glibc keeps an arena for each of many threads, and gives none of them back.
      environment: { ...process.env, MALLOC_ARENA_MAX: '1', ...processEnvironment(stack), ...environment },
      directory: projectDir,
    }),
    probe: async () => {
      const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2000) });
      if (!answer.ok) throw new Error(`GET /healthz answered ${answer.status}`);
    },
    readyWithinMs: 90_000,
    graceMs: 20_000,
  });
}

/** The environment by which our processes find this stack: the names of model/config.ts. */
export function processEnvironment(stack: Stack): Readonly<Record<string, string>> {
  return {
    MKONDO_V3_URL: stack.urls.v3.mkondo,
    MKONDO_KAFKA_BROKERS: stack.kafka,
    MKONDO_KAFKA_TOPIC_PREFIX: captureNames.topicPrefix,
    MKONDO_UNAVAILABLE_VALUE: stack.secrets.unavailableValue,
    MKONDO_TEMPORAL_ADDRESS: stack.temporal,
    MKONDO_TEMPORAL_UI_URL: stack.temporalUi,
    MKONDO_CONNECT_URL: stack.connect,
    MKONDO_CONNECTOR: captureNames.connector,
    MKONDO_V2_MONITORING_URL: stack.urls.v2.monitoring,
    MKONDO_V2_SLOT: captureNames.slot,
    MKONDO_BRIDGE_METRICS_PORT: String(stack.ports.bridge),
    MKONDO_WORKER_METRICS_PORT: String(stack.ports.worker),
    MKONDO_WORKER_TEMPORAL_METRICS_PORT: String(stack.ports.workerTemporal),
    MKONDO_API_PORT: String(stack.ports.api),
    // A demo on this machine: it listens at 127.0.0.1.
    MKONDO_API_AUTH: 'off',
    MKONDO_API_URL: `http://127.0.0.1:${stack.ports.api}`,
    ...(stack.prometheus === null
      ? {}
      : {
          MKONDO_PROMETHEUS_URL: stack.prometheus,
          // There is no Grafana here: the page of charts is the dashboard.
          MKONDO_DASHBOARD_URL: process.env['MKONDO_DASHBOARD_URL'] ?? `http://127.0.0.1:${stack.ports.api}/charts`,
        }),
  };
}

export interface SimulatorOptions {
  readonly stack: Stack;
  readonly actionsPerSecond: number;
  readonly seed: number;
}

/** The simulator: it serves nothing, so it is ready when it has begun. */
export function createSimulatorPart({ stack, actionsPerSecond, seed }: SimulatorOptions): Part {
  return createPart({
    name: 'simulator',
    url: `${actionsPerSecond} action(s)/s against v2`,
    logFile: join(stack.stateDir, 'log', 'simulator.log'),
    needs: ['v2'],
    command: () => ({
      file: ourNode,
      args: [join(projectDir, simulatorEntry)],
      environment: {
        ...process.env,
        MKONDO_SIMULATOR_V2_URL: stack.urls.v2.application,
        MKONDO_SIMULATOR_ACTIONS_PER_SECOND: String(actionsPerSecond),
        MKONDO_SIMULATOR_SEED: String(seed),
      },
      directory: projectDir,
    }),
    probe: () => sleep(300), // long enough for a wrong setting to end it
    readyWithinMs: 10_000,
  });
}

const simulatorEntry = 'infra/demo/simulate.ts';
// Node 24, which the project brings; the one that runs this file may be older.
const ourNode = join(projectDir, 'node_modules', '.bin', 'node');
