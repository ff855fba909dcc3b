// `<state>/endpoints.json`: where the running parts are, for tools, tests and people.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Stack } from './stack.ts';

const schema = z.object({
  /** PostgreSQL URLs, with a role that may do everything. */
  v2: z.string(),
  v3: z.string(),
  /** host:port */
  kafka: z.string(),
  /** http URL */
  connect: z.string(),
  /** host:port */
  temporal: z.string(),
  temporalUi: z.string(),
  api: z.string(),
  metrics: z.array(z.string()),
  /** http URLs; null when nothing watches. */
  prometheus: z.string().nullable(),
  alertmanager: z.string().nullable(),
});

export type Endpoints = Readonly<z.infer<typeof schema>>;

export function endpointsOf(stack: Stack): Endpoints {
  const { ports } = stack;
  const metrics = [ports.bridge, ports.worker, ports.workerTemporal, ports.api, ports.temporalMetrics];
  return {
    v2: stack.urls.v2.admin,
    v3: stack.urls.v3.admin,
    kafka: stack.kafka,
    connect: stack.connect,
    temporal: stack.temporal,
    temporalUi: stack.temporalUi,
    api: `http://127.0.0.1:${ports.api}`,
    metrics: metrics.map((port) => `http://127.0.0.1:${port}/metrics`),
    prometheus: stack.prometheus,
    alertmanager: stack.alertmanager,
  };
}

/** Replaces the file in one step: a reader sees all of it or nothing. */
export async function writeEndpoints(stateDir: string, endpoints: Endpoints): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  const file = endpointsFile(stateDir);
  await writeFile(`${file}.draft`, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 }); // it holds passwords
  await rename(`${file}.draft`, file);
}

/** The addresses of the stack that runs in this folder; fails when none was written. */
export async function readEndpoints(stateDir: string): Promise<Endpoints> {
  return schema.parse(JSON.parse(await readFile(endpointsFile(stateDir), 'utf8')));
}

export async function removeEndpoints(stateDir: string): Promise<void> {
  await rm(endpointsFile(stateDir), { force: true });
}

function endpointsFile(stateDir: string): string {
  return join(stateDir, 'endpoints.json');
}
