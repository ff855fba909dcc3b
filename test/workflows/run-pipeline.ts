// A pipeline's workflow on the real development server, with activities as literals: what tests and the recorder of
// histories share.
import type { Client, WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { NativeConnection } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { fetchTemporal } from '../../infra/local/fetch/temporal.ts';
import { defaultCacheDir } from '../../infra/local/settings.ts';
import { buildBundle } from '../../workers/bundle.ts';
import type { WorkflowCode } from '../../workers/bundle.ts';
import * as messages from '../../workflows/messages.ts';
import type { OperationAnswer, OperationInput, PipelineStatus } from '../../workflows/messages.ts';
import type { OperationName } from '../../activities/contract.ts';
import type { ExperimentRequest } from '../../experiments/contract.ts';
import type { experiment } from '../../workflows/experiment.ts';
import type { Memory } from '../../workflows/memory.ts';
import type { pipeline } from '../../workflows/pipeline.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import type { LiteralSchema } from './literal-activities.ts';

export interface Running {
  readonly name: string;
  readonly handle: WorkflowHandle;
  readonly client: Client;
  /** Stops the worker; the workflow stays. */
  readonly stopWorker: () => Promise<void>;
  readonly startWorker: () => Promise<void>;
}

export interface Server {
  readonly client: Client;
  /** Starts the workflow of a pipeline with a new name, and a worker of its own for it. */
  run(schema: LiteralSchema, memory?: Memory): Promise<Running>;
  stop(): Promise<void>;
}

export async function startServer(options: { readonly renewAfterEvents?: number } = {}): Promise<Server> {
  keepWorkersQuiet();
  const program = await fetchTemporal({ cacheDir: defaultCacheDir(process.env), log: () => undefined });
  const { renewAfterEvents } = options;
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: program },
      searchAttributes: [...searchAttributes],
      extraArgs:
        renewAfterEvents === undefined
          ? []
          : ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${renewAfterEvents}`],
    },
  });
  const { client, nativeConnection: native } = environment;
  const bundle = await buildBundle();
  const stopping: (() => Promise<void>)[] = [];

  async function run(schema: LiteralSchema, memory?: Memory): Promise<Running> {
    const name = `test-${randomUUID().slice(0, 8)}`;
    let worker = await startLiteralWorker({ native, bundle, taskQueue: name, schema });
    stopping.push(() => worker());
    const input = memory === undefined ? { pipeline: name } : { pipeline: name, memory };
    const handle = await client.workflow.start<typeof pipeline>(messages.pipelineWorkflow, {
      workflowId: messages.pipelineWorkflowId(name),
      taskQueue: name,
      args: [input],
      ...messages.pipelineCaption(name),
    });
    // Without the run id: what is asked goes to the newest run.
    return {
      name,
      client,
      handle: client.workflow.getHandle(handle.workflowId),
      stopWorker: () => worker(),
      startWorker: async () => {
        worker = await startLiteralWorker({ native, bundle, taskQueue: name, schema });
      },
    };
  }

  async function stop(): Promise<void> {
    await Promise.all(stopping.map((stopWorker) => stopWorker()));
    await environment.teardown();
  }
  return { client, run, stop };
}

/** Before the first worker of a process. */
export function keepWorkersQuiet(): void {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR' } } });
}

/** A worker whose activities are literals. Gives back the function that stops it; calling it twice is harmless. */
export async function startLiteralWorker(options: {
  readonly native: NativeConnection;
  readonly bundle: WorkflowCode;
  readonly taskQueue: string;
  readonly schema: LiteralSchema;
}): Promise<() => Promise<void>> {
  const worker = await Worker.create({
    connection: options.native,
    taskQueue: options.taskQueue,
    workflowBundle: options.bundle,
    activities: options.schema.activities,
    maxHeartbeatThrottleInterval: '100 ms',
    defaultHeartbeatThrottleInterval: '100 ms',
    shutdownGraceTime: '1 s',
    shutdownForceTime: '3 s',
  });
  const running = worker.run();
  let stopped = false;
  return async () => {
    if (!stopped) worker.shutdown();
    stopped = true;
    await running;
  };
}

const PATIENCE_MS = 60_000;

/** Waits until the workflow's status is as wanted; says what it was when it never is. */
export async function until(
  { handle }: Pick<Running, 'handle'>,
  isSo: (status: PipelineStatus) => boolean,
): Promise<void> {
  let seen: PipelineStatus | null = null;
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await wait(50)) {
    seen = await handle.query(messages.status);
    if (isSo(seen)) return;
  }
  throw new Error(`it never came to this; the status is ${JSON.stringify(seen)}`);
}

export async function update(
  { handle }: Pick<Running, 'handle'>,
  name: OperationName,
  input: OperationInput,
): Promise<OperationAnswer> {
  return handle.executeUpdate(messages.operationUpdates[name], { args: [input] });
}

/** Tries the pipeline's deployed transformation; the experiment's id is 'recorded'. */
export async function startExperiment(
  { name, client }: Running,
  request: Partial<ExperimentRequest> = {},
): Promise<WorkflowHandle<typeof experiment>> {
  return client.workflow.start<typeof experiment>(messages.experimentWorkflow, {
    workflowId: messages.experimentWorkflowId({ pipeline: name, id: 'recorded' }),
    taskQueue: name,
    args: [
      {
        id: 'recorded',
        pipeline: name,
        change: null,
        share: 1,
        decides: 'operator',
        reason: 'a look',
        by: 'Asha',
        ...request,
      },
    ],
  });
}

/** Waits until an activity was called. */
export async function isCalled({ calls }: LiteralSchema, activity: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await wait(20))
    if (calls.some((call) => call.activity === activity)) return;
  throw new Error(`${activity} was not called; there were: ${calls.map((call) => call.activity).join(', ')}`);
}
