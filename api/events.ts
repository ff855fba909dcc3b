// Changes of state as they happen, over REST: a stream of server-sent events that goes on where its reader stopped.
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { isAfter, oldestPosition } from '../activities/events.ts';
import type { EventPosition, StateEvent } from '../activities/events.ts';
import { text } from '../model/text.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { v3Unavailable } from './control-schema.ts';
import type { EventFeed } from './event-feed.ts';
import { addRoute } from './route.ts';

const position = z
  .string()
  .regex(/^\d{1,15}-\d{1,15}$/, 'must be the id of an event of this stream')
  .optional();

/** Proxies end what is silent. */
const ALIVE_MS = 15_000;
/** Whoever does not read does not fill our memory: he comes back, and goes on where he stopped. */
const UNREAD_MOST_BYTES = 1024 * 1024;
/** How long a reader waits before he comes back. */
const COME_BACK_MS = 2_000;

export function registerEvents(
  app: FastifyInstance,
  {
    pool,
    feed,
    known,
  }: {
    readonly pool: Pool;
    readonly feed: Pick<EventFeed, 'subscribe'>;
    /** @throws MkondoError PIPELINE_UNKNOWN */
    readonly known: (name: string) => Pipeline;
  },
): void {
  const open = new Set<() => void>();
  let isClosing = false;
  // Before the server waits for its connections to end.
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const end of open) end();
  });

  addRoute(app, {
    method: 'GET',
    url: '/events',
    tag: 'Events',
    summary: 'Changes of state as they happen: modes, operations, quarantine, drift, experiments (server-sent events)',
    query: z.strictObject({
      pipeline: text.optional().describe('only those of this one'),
      after: position.describe('go on after the event of that id; the header Last-Event-ID says the same'),
    }),
    headers: z.object({
      'last-event-id': position.describe('go on after it; events are kept for a week. Without it: from now on'),
    }),
    answer: { media: 'text/event-stream' },
    refuses: ['PIPELINE_UNKNOWN'],
    handle: async ({ query, headers, reply }) => {
      const pipeline = query.pipeline === undefined ? null : known(query.pipeline).name;
      const from = headers['last-event-id'] ?? query.after;
      const after = from === undefined ? null : positionOf(from);
      const oldest = after === null ? null : await oldestPosition(pool).catch(unavailable);
      await stream(reply, {
        after,
        // An unknown number of events before it has been forgotten.
        isGap: after !== null && oldest !== null && isAfter(oldest, after),
        pipeline,
      });
    },
  });

  async function stream(
    reply: FastifyReply,
    {
      after,
      isGap,
      pipeline,
    }: { readonly after: EventPosition | null; readonly isGap: boolean; readonly pipeline: string | null },
  ): Promise<void> {
    const { raw } = reply;
    const held: string[] = [];
    let isOpen = false;
    const write = (chunk: string): void => {
      if (!isOpen) held.push(chunk);
      else if (raw.writableLength > UNREAD_MOST_BYTES) end();
      else raw.write(chunk);
    };
    let unsubscribe: () => void = () => undefined;
    const alive = setInterval(() => write(': alive\n\n'), ALIVE_MS);
    const end = (): void => {
      clearInterval(alive);
      unsubscribe();
      open.delete(end);
      raw.end();
    };
    try {
      unsubscribe = await feed
        .subscribe(after, (event) => {
          if (pipeline === null || event.pipeline === pipeline) write(messageOf(event));
        })
        .catch(unavailable);
    } catch (error) {
      clearInterval(alive);
      throw error;
    }
    open.add(end);
    raw.once('close', end);
    reply.hijack();
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    isOpen = true;
    raw.write(`retry: ${COME_BACK_MS}\n\n`);
    if (isGap) raw.write(`event: gap\ndata: {"detail":"Older events are kept no longer: read the state anew."}\n\n`);
    for (const chunk of held) raw.write(chunk);
    if (isClosing || raw.req.method === 'HEAD') end();
  }
}

function positionOf(id: string): EventPosition {
  const [xact = 0, event = 0] = id.split('-').map(Number);
  return { xact, id: event };
}

function messageOf({ position: { xact, id }, at, pipeline, kind, data }: StateEvent): string {
  // JSON has no line breaks of its own, so one line of data is enough.
  return `id: ${xact}-${id}\nevent: ${kind}\ndata: ${JSON.stringify({ at, pipeline, ...data })}\n\n`;
}

function unavailable(cause: unknown): never {
  throw v3Unavailable(cause);
}
