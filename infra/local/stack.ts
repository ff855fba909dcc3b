// The real parts around us, for `npm start`, tests and benchmarks alike: v2, v3, Kafka, Connect, Temporal. Each caller has
// its own state folder and ports, so that several stacks live side by side.
import { join, resolve } from 'node:path';
import { projectDir, defaultCacheDir } from './settings.ts';
import { assertPortsFree } from './ports.ts';
import type { PortName, Ports } from './ports.ts';
import { databaseUrls, prepareV2, prepareV3 } from './databases.ts';
import type { DatabaseUrls } from './databases.ts';
import { fetchPrograms } from './fetch.ts';
import type { Programs } from './fetch.ts';
import { fetchJmxAgent } from './fetch/monitoring.ts';
import { createConnect } from './parts/connect.ts';
import { createKafka } from './parts/kafka.ts';
import type { JmxAgent } from './parts/jmx-agent.ts';
import { describeExit } from './parts/part.ts';
import type { Exit, Part } from './parts/part.ts';
import { createPostgres } from './parts/postgres.ts';
import { createTemporal } from './parts/temporal.ts';
import { logTail } from './parts/log-tail.ts';
import { loadSecrets } from './secrets.ts';
import type { Secrets } from './secrets.ts';
import { createSupervisor } from './supervisor.ts';

export type StackPart = 'v2' | 'v3' | 'kafka' | 'connect' | 'temporal';

export const allStackParts: readonly StackPart[] = ['v2', 'v3', 'kafka', 'connect', 'temporal'];

export interface StackOptions {
  /** Data, logs and secrets; absolute, or relative to the checkout. */
  readonly stateDir: string;
  readonly ports: Ports;
  /** What to start, all of it by default. Connect needs Kafka. */
  readonly parts?: readonly StackPart[];
  /** Give Connect the JDBC sink as well. */
  readonly sink?: boolean;
  /** Kafka and Connect show their figures, since there will be a Prometheus: the caller starts it (monitoring.ts). */
  readonly isWatched?: boolean;
  readonly fsync?: 'on' | 'off';
  readonly cacheDir?: string;
  readonly log?: (line: string) => void;
  /** Ports of parts that will be added by `up`: looked at with the rest, before anything is started. */
  readonly alsoNeeded?: readonly PortName[];
  /** Fills the databases as soon as both servers serve, while Kafka and Connect are still starting. */
  readonly fillDatabases?: (urls: DatabaseUrls) => Promise<void>;
  /** Aborting it ends all parts and makes `startStack` throw. */
  readonly signal?: AbortSignal;
  /** A part died by itself. By default it is named on standard error, with the tail of its log. */
  readonly onDeath?: (part: Part, exit: Exit) => void;
}

export interface Stack {
  readonly stateDir: string;
  readonly ports: Ports;
  readonly secrets: Secrets;
  /** PostgreSQL URLs of every role. */
  readonly urls: DatabaseUrls;
  /** host:port */
  readonly kafka: string;
  readonly temporal: string;
  /** http URLs */
  readonly connect: string;
  readonly temporalUi: string;
  /** http URLs; null when nothing watches. */
  readonly prometheus: string | null;
  readonly alertmanager: string | null;
  /** The started part of that name; throws when it was not asked for. */
  part(name: StackPart): Part;
  /** Adds a part that is watched and stopped with the rest. */
  up(part: Part): Promise<void>;
  /** Ends everything that this stack started, each part before those that it needs. */
  stop(): Promise<void>;
}

const portsOf: Readonly<Record<StackPart, readonly PortName[]>> = {
  v2: ['v2'],
  v3: ['v3'],
  kafka: ['kafka', 'kafkaController'],
  connect: ['connect'],
  temporal: ['temporal', 'temporalUi', 'temporalMetrics'],
};

/** Starts the parts, those that do not need each other at the same time. When one fails, all are stopped before it throws. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { ports, parts: wanted = allStackParts, log = () => undefined } = options;
  const stateDir = resolve(projectDir, options.stateDir);
  const cacheDir = options.cacheDir ?? defaultCacheDir(process.env);
  const supervisor = await createSupervisor({ stateDir, onDeath: options.onDeath ?? nameTheDead });
  options.signal?.addEventListener('abort', () => void supervisor.stopAll(), { once: true });
  try {
    await assertPortsFree(ports, [...wanted.flatMap((part) => portsOf[part]), ...(options.alsoNeeded ?? [])]);
    const programs = await fetchPrograms({ cacheDir, sink: options.sink ?? false, log });
    const agentJar = options.isWatched === true ? await fetchJmxAgent({ cacheDir, log }) : null;
    const secrets = await loadSecrets(stateDir);
    const urls = databaseUrls({ ports, secrets });
    const parts = createParts({ stateDir, ports, secrets, programs, agentJar, fsync: options.fsync ?? 'off' });

    const up = async (name: StackPart): Promise<void> => {
      if (!wanted.includes(name)) return;
      const begun = performance.now();
      await supervisor.up(parts[name]);
      log(`${name} is ready after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    };
    const databases = async (): Promise<void> => {
      await allOrFirstFailure([
        up('v2').then(() => (wanted.includes('v2') ? prepareV2({ serverUrl: parts.v2.url, secrets }) : undefined)),
        up('v3').then(() => (wanted.includes('v3') ? prepareV3({ serverUrl: parts.v3.url, secrets }) : undefined)),
      ]);
      await options.fillDatabases?.(urls);
    };
    await allOrFirstFailure([up('kafka').then(() => up('connect')), up('temporal'), databases()]);

    return {
      stateDir,
      ports,
      secrets,
      urls,
      kafka: parts.kafka.url,
      connect: parts.connect.url,
      temporal: parts.temporal.url,
      temporalUi: `http://127.0.0.1:${ports.temporalUi}`,
      prometheus: options.isWatched === true ? `http://127.0.0.1:${ports.prometheus}` : null,
      alertmanager: options.isWatched === true ? `http://127.0.0.1:${ports.alertmanager}` : null,
      part: (name) => {
        if (!wanted.includes(name)) throw new Error(`the stack in ${stateDir} was started without ${name}`);
        return parts[name];
      },
      up: (part) => supervisor.up(part),
      stop: () => supervisor.stopAll(),
    };
  } catch (error) {
    await supervisor.stopAll();
    throw error;
  }
}

function createParts(task: {
  readonly stateDir: string;
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly programs: Programs;
  /** Null: nobody asks for the figures of Kafka and Connect. */
  readonly agentJar: string | null;
  readonly fsync: 'on' | 'off';
}): Readonly<Record<StackPart, Part>> {
  const { stateDir, ports, secrets, programs, agentJar, fsync } = task;
  const agent = (of: 'kafka' | 'connect'): JmxAgent | undefined =>
    agentJar === null
      ? undefined
      : {
          jar: agentJar,
          port: ports[`${of}Jmx`],
          rules: join(projectDir, 'infra/prometheus/jmx', `${of}.yml`),
        };
  const server = { bin: programs.postgresBin, stateDir, superuserPassword: secrets.superuser, fsync };
  const kafka = createKafka({
    java: programs.java,
    libs: programs.kafkaLibs,
    stateDir,
    port: ports.kafka,
    controllerPort: ports.kafkaController,
    agent: agent('kafka'),
  });
  return {
    v2: createPostgres({
      ...server,
      name: 'v2',
      port: ports.v2,
      timeZone: 'Africa/Dar_es_Salaam',
      settings: captureSettings,
    }),
    v3: createPostgres({
      ...server,
      name: 'v3',
      port: ports.v3,
      timeZone: 'UTC',
      // Ids are hashes: new rows go to random pages of their indexes, which should stay in memory with landing's newest pages.
      settings: { shared_buffers: '512MB' },
    }),
    kafka,
    connect: createConnect({
      java: programs.java,
      libs: programs.kafkaLibs,
      plugins: programs.plugins,
      stateDir,
      port: ports.connect,
      kafka: kafka.url,
      agent: agent('connect'),
    }),
    temporal: createTemporal({
      program: programs.temporal,
      stateDir,
      port: ports.temporal,
      uiPort: ports.temporalUi,
      metricsPort: ports.temporalMetrics,
    }),
  };
}

/** What capture asks of v2's server. */
const captureSettings = {
  wal_level: 'logical',
  max_replication_slots: '8',
  max_wal_senders: '8',
  // A slot that nobody reads may not fill v2's disk: it is given up first.
  max_slot_wal_keep_size: '8GB',
};

/** Waits for all to settle before it throws the first failure, so that nothing is still starting while the rest is stopped. */
async function allOrFirstFailure(tasks: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(tasks)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function nameTheDead(part: Part, exit: Exit): void {
  void logTail(part.logFile).then((tail) =>
    console.error(`${part.name} ${describeExit(exit)}. The end of ${part.logFile}:\n${tail}`),
  );
}
