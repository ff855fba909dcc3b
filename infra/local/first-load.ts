// How far the first load is: what v2 held before it was captured. A change that is made meanwhile comes behind it.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { withClient } from './databases.ts';
import { endpointsOf } from './endpoints.ts';
import type { Stack } from './stack.ts';

const LOOK_MS = 5_000;
const UNKNOWN_MS = 500;
/** Fewer are changes of just now, or roots that are tried again later. */
const BEHIND_MORE_THAN = 100;

const answerSchema = z.object({
  pipelines: z.array(
    z.object({
      mode: z.string().nullable(),
      lag: z.object({ events: z.number() }).nullable(),
      dirty: z.number(),
      waiting: z.number(),
    }),
  ),
});

type SeenPipeline = z.infer<typeof answerSchema>['pipelines'][number];

/** `api`: its URL. @throws TypeError when it does not answer */
export async function pipelinesNow(api: string): Promise<readonly SeenPipeline[]> {
  return answerSchema.parse(await (await fetch(`${api}/pipelines`)).json()).pipelines;
}

/** Says what is left of it until nothing is; not a word where nothing was. What cannot be seen just now is looked for again. */
export async function followFirstLoad({
  stack,
  signal,
  log,
}: {
  readonly stack: Stack;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}): Promise<void> {
  let isSaid = false;
  while (!signal.aborted) {
    const left = await leftOf(stack).catch((error: unknown) => `how far it is cannot be seen (${String(error)})`);
    if (signal.aborted) return;
    if (left === null) {
      if (isSaid) log('the first load is done: what v2 changes is in v3 within a second');
      return;
    }
    if (left !== undefined) {
      isSaid = true;
      log(`the first load: ${left}; what v2 changes now comes behind it`);
    }
    await sleep(left === undefined ? UNKNOWN_MS : LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Null when nothing is left; undefined while the API does not know the lag of all pipelines, just after its start. */
async function leftOf(stack: Stack): Promise<string | null | undefined> {
  // Debezium reads the changes when it has read the tables.
  const isStreaming = await withClient(stack.urls.v2.admin, async (client) => {
    const { rowCount } = await client.query(`SELECT FROM pg_stat_replication WHERE state = 'streaming'`);
    return rowCount !== 0;
  });
  if (!isStreaming) return 'Debezium reads what v2 held before';
  const pipelines = await pipelinesNow(endpointsOf(stack).api);
  if (pipelines.some(({ lag }) => lag === null)) return undefined;
  const behind = pipelines.filter(
    ({ lag, dirty, waiting }) => (lag?.events ?? 0) > BEHIND_MORE_THAN || dirty - waiting > BEHIND_MORE_THAN,
  );
  if (behind.length === 0) return null;
  const events = behind.reduce((sum, { lag }) => sum + (lag?.events ?? 0), 0);
  const roots = behind.reduce((sum, { dirty, waiting }) => sum + dirty - waiting, 0);
  return `${behind.length} pipeline(s) have ${events} event(s) to land and ${roots} root(s) to derive`;
}
