// The whole system, of real parts and real child processes, as `npm start` runs it: for the end to end tests and for chaos.
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Pool } from 'pg';
import { loadDemo } from '../../infra/demo/load.ts';
import { captureNames, startCapture } from '../../infra/local/capture.ts';
import { monitoringPorts } from '../../infra/local/monitoring.ts';
import { createProcess } from '../../infra/local/parts/mkondo.ts';
import type { OurProcess } from '../../infra/local/parts/mkondo.ts';
import type { Exit, Part } from '../../infra/local/parts/part.ts';
import type { Ports } from '../../infra/local/ports.ts';
import { projectDir } from '../../infra/local/settings.ts';
import { startStack } from '../../infra/local/stack.ts';
import type { Stack, StackPart } from '../../infra/local/stack.ts';
import { declaredKeys } from '../../infra/v2/declared-keys.ts';
import { waitUntilSettled } from '../../infra/verify/settled.ts';
import { verify } from '../../verification/v2/verify.ts';
import type { VerifyReport } from '../../verification/v2/verify.ts';
import { pipelines, publishedTables } from '../../pipelines/index.ts';
import type { Pipeline } from '../../pipelines/definition.ts';

export interface RunningSystem {
  readonly stack: Stack;
  readonly apiUrl: string;
  /** The role that owns eLMIS's tables. */
  readonly v2: Pool;
  /** A role that may do everything. */
  readonly v3: Pool;
  readonly part: (name: OurProcess | StackPart) => Part;
  /** Waits until all that v2 has committed is in v3. Throws with what is still on its way. */
  readonly settle: (waitMs?: number) => Promise<void>;
  readonly verify: (options?: {
    readonly pipelines?: readonly Pipeline[];
    readonly patienceMs?: number;
  }) => Promise<VerifyReport>;
  readonly stop: () => Promise<void>;
}

export interface SystemOptions {
  /** Emptied before the start. */
  readonly stateDir: string;
  readonly ports: Ports;
  readonly demo: { readonly scale: number; readonly seed: number };
  readonly log: (line: string) => void;
  /** There will be a Prometheus, which the caller starts. */
  readonly isWatched?: boolean;
  /** Settings of our processes on top of the stack's; looked at whenever one of them starts. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A part died that nobody had killed. By default it is named on standard error. */
  readonly onDeath?: (part: Part, exit: Exit) => void;
}

const SETTLE_MS = 180_000;

export async function startSystem({
  stateDir,
  ports,
  demo,
  log,
  isWatched = false,
  environment = {},
  onDeath,
}: SystemOptions): Promise<RunningSystem> {
  await rm(resolve(projectDir, stateDir), { recursive: true, force: true });
  const stack = await startStack({
    stateDir,
    ports,
    alsoNeeded: ['worker', 'workerTemporal', 'bridge', 'api', ...(isWatched ? monitoringPorts : [])],
    isWatched,
    fillDatabases: ({ v2, v3 }) =>
      loadDemo({ v2Url: v2.application, v3Url: v3.application, ...demo, log: { info: () => undefined } }),
    log,
    ...(onDeath === undefined ? {} : { onDeath }),
  });
  try {
    const ours = new Map<string, Part>();
    for (const name of ['worker', 'bridge', 'api'] as const)
      ours.set(name, createProcess({ stack, name, environment }));
    await startCapture({
      stack,
      tables: publishedTables,
      declaredKeys: declaredKeys(pipelines),
      extra: { 'value.converter.replace.null.with.default': 'false' },
    });
    for (const part of ours.values()) {
      await stack.up(part);
      log(`${part.name} is ready`);
    }
    const v2 = openPool(stack.urls.v2.application);
    const v3 = openPool(stack.urls.v3.admin);
    const urls = { v2Url: stack.urls.v2.admin, v3Url: stack.urls.v3.admin };
    return {
      stack,
      apiUrl: `http://127.0.0.1:${stack.ports.api}`,
      v2,
      v3,
      part: (name) => ours.get(name) ?? stack.part(name as StackPart),
      async settle(waitMs = SETTLE_MS) {
        const rest = await waitUntilSettled({
          ...urls,
          kafka: stack.kafka,
          topicPrefix: captureNames.topicPrefix,
          slot: captureNames.slot,
          waitMs,
        });
        if (rest.length > 0) throw new Error(`not all is applied after ${waitMs / 1000} s:\n${rest.join('\n')}`);
      },
      verify: (options = {}) => verify({ ...urls, ...options }),
      async stop() {
        await Promise.allSettled([v2.end(), v3.end()]);
        await stack.stop();
      },
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** A killed server must not take the test with it. */
function openPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 6, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  return pool;
}
