// Two builds of workflow code side by side on the real development server: a new one serves only what it replays.
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { fetchTemporal } from '../../infra/local/fetch/temporal.ts';
import { defaultCacheDir } from '../../infra/local/settings.ts';
import type { MkondoError } from '../../model/errors.ts';
import { buildBundle } from '../../workers/bundle.ts';
import { deploymentName, keepCurrent } from '../../workers/current-build.ts';
import type { Standing } from '../../workers/current-build.ts';
import { replayLive } from '../../workers/replay-live.ts';
import * as messages from '../../workflows/messages.ts';
import type { pipeline } from '../../workflows/pipeline.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { literalSchema } from './literal-activities.ts';

let environment: TestWorkflowEnvironment;
let folder: string;
const codePaths = new Map<string, string>();
const running: (() => Promise<void>)[] = [];

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR' } } });
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: {
        type: 'existing-path',
        path: await fetchTemporal({ cacheDir: defaultCacheDir(process.env), log: () => undefined }),
      },
      searchAttributes: [...searchAttributes],
    },
  });
  folder = await mkdtemp(join(tmpdir(), 'mkondo-builds-'));
  const { code } = await buildBundle();
  const [condition] = /\(0,\w+\.condition\)/.exec(code) ?? [];
  const changed = (from: string, to: string): string => {
    const result = code.replace(from, to);
    if (result === code) throw new Error(`the bundle no longer holds ${from}`);
    return result;
  };
  const builds = {
    old: code,
    // It says something else, and asks the server for the same.
    reworded: changed('What you can do', 'What may be done'),
    // It begins with a command that no history has.
    reordered: changed('await recall();', `await ${condition}(() => false, 1); await recall();`),
  };
  for (const [name, text] of Object.entries(builds)) {
    codePaths.set(name, join(folder, `${name}.cjs`));
    await writeFile(codePaths.get(name) as string, text);
  }
}, 120_000);
afterEach(async () => {
  await Promise.all(running.splice(0).map((stop) => stop()));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await environment.teardown();
});

interface Build {
  readonly standings: Standing[];
  readonly errors: MkondoError[];
  readonly stop: () => Promise<void>;
}

/** A worker with a build of workflow code, as workers/main.ts wires it. */
async function startBuild(taskQueue: string, buildId: string): Promise<Build> {
  const codePath = codePaths.get(buildId) as string;
  const { nativeConnection: connection, address, namespace = 'default' } = environment;
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath },
    workerDeploymentOptions: {
      version: { deploymentName: deploymentName(taskQueue), buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
    activities: literalSchema().activities,
    stickyQueueScheduleToStartTimeout: '1 s',
    shutdownGraceTime: '100 ms',
    shutdownForceTime: '3 s',
  });
  const serving = worker.run();
  const standings: Standing[] = [];
  const errors: MkondoError[] = [];
  const ending = new AbortController();
  const keeping = keepCurrent(
    { connection, namespace, taskQueue, buildId },
    {
      log: pino({ level: 'silent' }),
      signal: ending.signal,
      replay: () => replayLive({ address, namespace, taskQueue, codePath }),
      onStanding: (standing) => standings.push(standing),
      onError: (error) => errors.push(error as MkondoError),
    },
  );
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    ending.abort();
    worker.shutdown();
    await Promise.all([serving, keeping]);
  };
  running.push(stop);
  return { standings, errors, stop };
}

async function startPipeline(taskQueue: string): Promise<string> {
  const { workflowId } = await new Client({ connection: environment.connection }).workflow.start<typeof pipeline>(
    messages.pipelineWorkflow,
    { workflowId: messages.pipelineWorkflowId(taskQueue), taskQueue, args: [{ pipeline: taskQueue }] },
  );
  return workflowId;
}

/** Claims something, and gives the build by which it was worked on. */
async function buildThatApplies(workflowId: string, offset: number): Promise<string | undefined> {
  const handle = environment.client.workflow.getHandle(workflowId);
  await handle.signal(messages.claim, { 'elmis.public.products/0': offset });
  await until(async () => (await handle.query(messages.status)).applied['elmis.public.products/0'] === offset);
  const { raw } = await handle.describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await wait(50)) if (await isSo()) return;
  throw new Error(`it never came to this: ${String(isSo)}`);
}

const isCurrent = ({ standings }: Build) => until(() => standings.at(-1) === 'current');

test('a build that replays what runs takes over, in the middle of a run, and the one before stands by', async () => {
  const taskQueue = 'builds-replayed';
  const old = await startBuild(taskQueue, 'old');
  await isCurrent(old);
  const workflowId = await startPipeline(taskQueue);
  expect(await buildThatApplies(workflowId, 1)).toBe('old');
  const { runId } = await environment.client.workflow.getHandle(workflowId).describe();

  await isCurrent(await startBuild(taskQueue, 'reworded'));
  await until(async () => (await buildThatApplies(workflowId, 2)) === 'reworded');
  await until(() => old.standings.at(-1) === 'replaced');
  expect(await buildThatApplies(workflowId, 3)).toBe('reworded');
  expect((await environment.client.workflow.getHandle(workflowId).describe()).runId).toBe(runId);
}, 180_000);

test('a build that does not replay is refused by name of the workflow, the one before serves on, and giving the workflow up lets it in', async () => {
  const taskQueue = 'builds-refused';
  const old = await startBuild(taskQueue, 'old');
  await isCurrent(old);
  const workflowId = await startPipeline(taskQueue);
  await buildThatApplies(workflowId, 1);

  const reordered = await startBuild(taskQueue, 'reordered');
  await until(() => reordered.standings.at(-1) === 'refused');
  expect(reordered.errors.at(-1)).toMatchObject({
    code: 'BUILD_REFUSED',
    message: expect.stringContaining(workflowId),
  });
  expect(await buildThatApplies(workflowId, 2)).toBe('old');

  await old.stop();
  await environment.client.workflow.getHandle(workflowId).terminate('given up');
  await isCurrent(reordered);
  await startPipeline(taskQueue);
  expect(await buildThatApplies(workflowId, 1)).toBe('reordered');
}, 180_000);
