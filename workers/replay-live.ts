// Whether workflow code replays the histories of the workflows that run, fetched from the server. Run by itself
// (`node workers/replay-live.ts <task as JSON>`), it prints those that do not: a worker has it done by a process of its own,
// so that it never holds a second set of workflows.
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface ReplayTask {
  /** host:port */
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** The workflow bundle. */
  readonly codePath: string;
}

export interface Unreplayable {
  readonly workflowId: string;
  readonly runId: string;
  readonly message: string;
}

/** What is looked at of a history here. */
interface History {
  readonly events?: readonly { readonly workflowTaskCompletedEventAttributes?: unknown }[] | null;
}

const MOST_OUTPUT_BYTES = 16 * 1024 * 1024;
const MESSAGE_LENGTH = 500;

export async function replayLive(task: ReplayTask): Promise<readonly Unreplayable[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify(task)],
    { maxBuffer: MOST_OUTPUT_BYTES },
  );
  return JSON.parse(stdout) as readonly Unreplayable[];
}

async function replayHere({ address, namespace, taskQueue, codePath }: ReplayTask): Promise<readonly Unreplayable[]> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'OFF' } } });
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection, namespace });
    const running = client.workflow
      .list({ query: `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'` })
      .intoHistories({ concurrency: 3, bufferLimit: 3 });
    const refused: Unreplayable[] = [];
    const replays = Worker.runReplayHistories({ workflowBundle: { codePath } }, begun(running));
    for await (const { workflowId, runId, error } of replays)
      if (error !== undefined) refused.push({ workflowId, runId, message: error.message.slice(0, MESSAGE_LENGTH) });
    return refused;
  } finally {
    await connection.close();
  }
}

/** Those of which some code has run. */
async function* begun<T extends { readonly history: unknown }>(histories: AsyncIterable<T>): AsyncIterable<T> {
  for await (const each of histories) {
    const { events } = each.history as History;
    if (events?.some((event) => (event.workflowTaskCompletedEventAttributes ?? null) !== null) === true) yield each;
  }
}

if (import.meta.main) {
  const [, , task = ''] = process.argv;
  process.stdout.write(JSON.stringify(await replayHere(JSON.parse(task) as ReplayTask)));
  process.exit(0);
}
