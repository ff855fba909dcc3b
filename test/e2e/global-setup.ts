// One whole system for all end to end tests of a run. It lives in vitest's own process; the tests reach its parts by their
// addresses, and kill and restart them through a small server, since a process can be ended only by who started it.
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestProject } from 'vitest/node';
import { defaultCacheDir } from '../../infra/local/settings.ts';
import { fetchPrograms } from '../../infra/local/fetch.ts';
import { processEnvironment } from '../../infra/local/parts/mkondo.ts';
import { temporalDatabase } from '../../infra/local/parts/temporal.ts';
import { freePorts } from '../support/free-ports.ts';
import { createStateFolder, removeStateFolder } from '../support/state-folder.ts';
import { startSystem } from './running-system.ts';
import type { RunningSystem } from './running-system.ts';

/** What a test needs to reach the system. */
export interface SystemAddress {
  readonly v2Application: string;
  readonly v2Admin: string;
  readonly v3Admin: string;
  /** host:port */
  readonly kafka: string;
  readonly temporal: string;
  readonly api: string;
  /** Metrics of the worker. */
  readonly workerMetrics: string;
  /** Where parts are killed and restarted. */
  readonly control: string;
  /** The Temporal CLI. */
  readonly temporalProgram: string;
  readonly temporalDatabase: string;
  /** The environment by which our processes find the parts. */
  readonly environment: Readonly<Record<string, string>>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    system: SystemAddress;
  }
}

const DEMO = { scale: 0.1, seed: 3 };

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await createStateFolder('e2e');
  // Read again at every start of a process: a test changes it to start the worker with other code.
  const environment: Record<string, string> = {};
  const system = await startSystem({
    stateDir: folder,
    ports: await freePorts(),
    demo: DEMO,
    log: () => undefined,
    environment,
  });
  const control = await serveControl(system, environment);
  const { stack } = system;
  const programs = await fetchPrograms({ cacheDir: defaultCacheDir(process.env), log: () => undefined });
  project.provide('system', {
    v2Application: stack.urls.v2.application,
    v2Admin: stack.urls.v2.admin,
    v3Admin: stack.urls.v3.admin,
    kafka: stack.kafka,
    temporal: stack.temporal,
    api: system.apiUrl,
    workerMetrics: `http://127.0.0.1:${stack.ports.worker}/metrics`,
    control: control.url,
    temporalProgram: programs.temporal,
    temporalDatabase: temporalDatabase(stack.stateDir),
    environment: processEnvironment(stack),
  });
  return async () => {
    await control.close();
    await system.stop();
    await removeStateFolder(folder);
  };
}

/** POST /<part>/kill; /restart with the environment that our processes get on top; /revive, if it is dead. Answers when done. */
async function serveControl(
  system: RunningSystem,
  environment: Record<string, string>,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const act = async (request: IncomingMessage): Promise<void> => {
    const [, name = '', action = ''] = (request.url ?? '').split('/');
    const part = system.part(name as Parameters<RunningSystem['part']>[0]);
    const given = (await json(request)) as Record<string, string>;
    if (action === 'kill') return part.kill('SIGKILL');
    if (action === 'revive' && part.pid !== undefined) return;
    for (const variable of Object.keys(environment)) delete environment[variable];
    Object.assign(environment, given);
    return part.restart();
  };
  const server = createServer((request, response) => {
    act(request).then(
      () => response.writeHead(204).end(),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
