// `npm start`: from nothing to the whole system in small. Fetches what is missing, starts every part, fills the demo
// databases, turns capture on, starts our processes, says where everything is. Ctrl-C ends it all.
import { setTimeout as sleep } from 'node:timers/promises';
import { MkondoError } from '../../model/errors.ts';
import { describeFailure } from '../../model/exit-clearly.ts';
import { pipelines, publishedTables } from '../../pipelines/index.ts';
import { loadDemo } from '../demo/load.ts';
import { declaredKeys } from '../v2/declared-keys.ts';
import { captureNames, startCapture } from './capture.ts';
import { endpointsOf, removeEndpoints, writeEndpoints } from './endpoints.ts';
import { ensureMonitoringPrograms } from './fetch/monitoring.ts';
import { followFirstLoad, pipelinesNow } from './first-load.ts';
import { monitoringParts, monitoringPorts } from './monitoring.ts';
import { logTail } from './parts/log-tail.ts';
import { createProcess, createSimulatorPart } from './parts/mkondo.ts';
import { describeExit } from './parts/part.ts';
import type { Exit, Part } from './parts/part.ts';
import { readyTable } from './ready-table.ts';
import { readLocalSettings } from './settings.ts';
import type { LocalSettings } from './settings.ts';
import { allStackParts, startStack } from './stack.ts';
import type { Stack } from './stack.ts';

/** What a person needs of a server: its database with the role that may do everything. */
const shownUrl: Readonly<Record<string, (stack: Stack) => string>> = {
  v2: (stack) => stack.urls.v2.admin,
  v3: (stack) => stack.urls.v3.admin,
};

/** A pipeline has a mode from its first activity on: on a quick machine some have none yet when the API already serves. */
const PIPELINES_WITHIN_MS = 30_000;

/** Names of parts that nothing needs. */
const watchers = new Set<string>();

const began = performance.now();
const stopping = new AbortController();
let starting: Promise<Stack> | undefined;
let stack: Stack | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void end({ code: 0, why: signal }));

try {
  await start(readLocalSettings(process.env, process.argv.slice(2)));
} catch (error) {
  // While everything is being stopped, what fails is what is being stopped.
  if (!stopping.signal.aborted) {
    console.error(`\n${describeFailure(error)}\n`);
    if (stack === undefined) process.exit(1); // nothing runs: what had been started was stopped before the failure came here
    await end({ code: 1, why: 'the start failed' });
  }
}

async function start(settings: LocalSettings): Promise<void> {
  const monitoring = settings.monitoring !== null && (await canWatch()) ? settings.monitoring : null;
  starting = startStack({
    ...settings,
    alsoNeeded: [
      ...(settings.processes ? (['worker', 'workerTemporal', 'bridge', 'api'] as const) : []),
      ...(monitoring === null ? [] : monitoringPorts),
    ],
    isWatched: monitoring !== null,
    fillDatabases: ({ v2, v3 }) =>
      loadDemo({ v2Url: v2.application, v3Url: v3.application, ...settings.demo, log: { info: logDemo } }),
    signal: stopping.signal,
    onDeath: (part, exit) => void partDied(part, exit),
    log,
  });
  const running = (stack = await starting);
  await removeEndpoints(running.stateDir); // of a run that was killed
  const started = allStackParts.map((name) => running.part(name));
  const up = async (part: Part): Promise<void> => {
    await running.up(part);
    started.push(part);
    log(`${part.name} is ready`);
  };
  const capture = startCapture({ stack: running, tables: publishedTables, declaredKeys: declaredKeys(pipelines) }).then(
    () => log(`the connector runs: ${publishedTables.length} tables`),
  );
  const ours = (async () => {
    if (!settings.processes) return;
    await up(createProcess({ stack: running, name: 'worker' })); // makes our schema, which the others read
    await Promise.all((['bridge', 'api'] as const).map((name) => up(createProcess({ stack: running, name }))));
  })();
  const watching =
    monitoring === null
      ? []
      : monitoringParts({ stack: running, ...monitoring, withOurs: settings.processes }).map((part) => {
          watchers.add(part.name);
          return up(part).catch((error: unknown) => {
            if (!stopping.signal.aborted) log(`${part.name} does not run: ${describeFailure(error)}`);
          });
        });
  await Promise.all([capture, ours, ...watching]);
  if (settings.simulator.enabled) {
    await up(
      createSimulatorPart({
        stack: running,
        seed: settings.demo.seed,
        actionsPerSecond: settings.simulator.actionsPerSecond,
      }),
    );
  }
  await writeEndpoints(running.stateDir, endpointsOf(running));
  const pipelineState = settings.processes ? await stateOfPipelines(running) : 'not started';
  sayWhereItIs({ stack: running, started, pipelineState });
  if (settings.processes) await followFirstLoad({ stack: running, signal: stopping.signal, log });
}

/** A system without Prometheus is better than none. */
async function canWatch(): Promise<boolean> {
  return ensureMonitoringPrograms(log).then(
    () => true,
    (error: unknown) => {
      if (!(error instanceof MkondoError)) throw error;
      log(`there will be no Prometheus: ${error.message}. ${error.advice}`);
      return false;
    },
  );
}

/** `13 running`, or each state with its count. */
async function stateOfPipelines(running: Stack): Promise<string> {
  for (const deadline = performance.now() + PIPELINES_WITHIN_MS; ; await sleep(200)) {
    const found = await pipelinesNow(endpointsOf(running).api);
    if (found.some(({ mode }) => mode === null) && performance.now() < deadline) continue;
    const counts = Map.groupBy(found, ({ mode }) => mode ?? 'starting');
    return [...counts].map(([mode, { length }]) => `${length} ${mode}`).join(', ');
  }
}

function sayWhereItIs(what: {
  readonly stack: Stack;
  readonly started: readonly Part[];
  readonly pipelineState: string;
}): void {
  const { stack, started, pipelineState } = what;
  const endpoints = endpointsOf(stack);
  const rows = started.map(({ name, url, pid }) => ({
    part: name,
    url: shownUrl[name]?.(stack) ?? url,
    state: `ready, pid ${pid}`,
  }));
  const uiRow = { part: 'temporal UI', url: endpoints.temporalUi, state: 'ready' };
  const connectorRow = {
    part: 'debezium',
    url: `${endpoints.connect}/connectors/${captureNames.connector}/status`,
    state: 'RUNNING',
  };
  const pipelinesRow = { part: 'pipelines', url: `${endpoints.api}/pipelines`, state: pipelineState };
  console.log(`\n${readyTable([...rows, uiRow, connectorRow, pipelinesRow])}\n`);
  console.log(`Ready after ${seconds()} s. Look first:
  1. ${endpoints.temporalUi}   every pipeline is a workflow: open one, read its details
  2. psql '${endpoints.v2}' -c "UPDATE products SET primaryname = primaryname || ' (new)' WHERE id = 1"
     psql '${endpoints.v3}' -c "SELECT code, fullproductname FROM referencedata.orderables WHERE fullproductname LIKE '%(new)%'"
  3. ${endpoints.api}/pipelines   the same pipelines over REST${
    endpoints.prometheus === null
      ? ''
      : `\n  4. ${endpoints.api}/charts   the main figures; ${endpoints.prometheus}/alerts   what would be told to an operator`
  }
Logs: ${stack.stateDir}/log   Addresses for tools: ${stack.stateDir}/endpoints.json   Ctrl-C stops everything.\n`);
}

async function partDied(part: Part, exit: Exit): Promise<void> {
  console.error(`\n${part.name} ${describeExit(exit)}. The end of ${part.logFile}:\n${await logTail(part.logFile)}\n`);
  if (watchers.has(part.name)) return log(`${part.name} only watches: the rest goes on`);
  await end({ code: 1, why: `${part.name} is dead` });
}

/** Ends everything, once, whatever asked for it first; then the process. */
async function end({ code, why }: { readonly code: number; readonly why: string }): Promise<void> {
  if (stopping.signal.aborted) return;
  log(`${why}: stopping everything that was started ...`);
  stopping.abort();
  const started = await starting?.catch(() => undefined); // a stack that failed has stopped its parts by itself
  await started?.stop();
  if (started !== undefined) await removeEndpoints(started.stateDir);
  log('stopped; the data is kept (`npm start` goes on with it, `npm run clean` removes it)');
  process.exit(code);
}

function log(line: string): void {
  console.log(`${seconds().padStart(6)} s  ${line}`);
}

function logDemo(first: unknown, second?: unknown): void {
  log(typeof first === 'string' ? first : `${String(second)} ${JSON.stringify(first)}`);
}

function seconds(): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}
