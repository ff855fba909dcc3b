// The stream of changes of state, on a real database and a real port: what is written where, in which order it comes, and how a
// reader goes on.
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiTestbed } from '../test/support/api-testbed.ts';
import type { ApiTestbed } from '../test/support/api-testbed.ts';
import { forgetOldEvents } from '../activities/events.ts';
import { createEventFeed } from './event-feed.ts';
import type { EventFeed } from './event-feed.ts';

let testbed: ApiTestbed;
let { database, pool, api } = {} as ApiTestbed;
let feed: EventFeed;
let url: string;
const stopping = new AbortController();

beforeAll(async () => {
  testbed = await createApiTestbed({
    deps: (given) => {
      feed = createEventFeed({
        pool: given.pool,
        connectionString: given.database.url,
        onFailure: (error) => {
          throw error;
        },
        signal: stopping.signal,
      });
      return { feed };
    },
  });
  ({ database, pool, api } = testbed);
  await database.client.query(`INSERT INTO cdc.pipelines (name) VALUES ('products'), ('programs')`);
  await api.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  stopping.abort();
  await feed.ended;
  await testbed.close();
});

interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Following {
  /** The next messages, so many. */
  readonly next: (count: number) => Promise<readonly Message[]>;
  /** Resolves when the API ends it. */
  readonly rest: () => Promise<readonly Message[]>;
  readonly stop: () => Promise<void>;
}

async function follow(query = '', lastEventId?: string): Promise<Following> {
  const abort = new AbortController();
  const answer = await fetch(`${url}/events${query}`, {
    signal: abort.signal,
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const messages = async (isEnough: (found: readonly Message[]) => boolean): Promise<readonly Message[]> => {
    const found: Message[] = [];
    for (;;) {
      for (let end = text.indexOf('\n\n'); end >= 0 && !isEnough(found); end = text.indexOf('\n\n')) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
        );
        text = text.slice(end + 2);
        if (fields['event'] !== undefined)
          found.push({
            id: fields['id'] ?? '',
            event: fields['event'],
            data: JSON.parse(fields['data'] ?? '') as Message['data'],
          });
      }
      if (isEnough(found)) return found;
      const { done, value } = await reader.read();
      if (done) return found;
      text += value;
    }
  };
  return {
    next: (count) => messages((found) => found.length >= count),
    rest: () => messages(() => false),
    stop: async () => {
      abort.abort();
      await reader.cancel().catch(() => undefined);
    },
  };
}

const write = (sql: string): Promise<unknown> => database.client.query(sql);
const setMode = (pipeline: string, mode: string): Promise<unknown> =>
  write(`UPDATE cdc.pipelines SET mode = '${mode}', mode_reason = 'why', mode_by = 'Asha' WHERE name = '${pipeline}'`);

test('tells of modes, operations, experiments, drift and quarantine, in the order in which they became so', async () => {
  const following = await follow();
  await setMode('products', 'paused');
  await write(`UPDATE cdc.pipelines SET last_run = 'x' WHERE name = 'products'`); // no change of state
  await write(
    `INSERT INTO cdc.operations (id, pipeline, name, reason, requested_by, via, state) VALUES ('op-1', 'products', 'reset', 'why', 'Asha', 'update', 'running')`,
  );
  await write(`UPDATE cdc.operations SET progress = '{}' WHERE id = 'op-1'`);
  await write(`UPDATE cdc.operations SET state = 'done', answer = 'ok' WHERE id = 'op-1'`);
  await write(
    `INSERT INTO cdc.experiments (id, pipeline, share, reason, requested_by, state) VALUES ('e-1', 'programs', 1, 'why', 'Asha', 'running')`,
  );
  await write(
    `INSERT INTO cdc.drift (pipeline, side, relation, column_name, kind, expected, seen) VALUES ('programs', 'v2', 'public.programs', 'colour', 'new', '', 'string')`,
  );
  await write(`DELETE FROM cdc.drift`);
  const seen = await following.next(6);
  expect(seen.map(({ event, data }) => [event, data['pipeline'], data['mode'] ?? data['state']])).toEqual([
    ['mode', 'products', 'paused'],
    ['operation', 'products', 'running'],
    ['operation', 'products', 'done'],
    ['experiment', 'programs', 'running'],
    ['drift', 'programs', 'seen'],
    ['drift', 'programs', 'gone'],
  ]);
  await following.stop();
});

test('tells of a quarantine once for each transaction, however many statements it took', async () => {
  const following = await follow('?pipeline=products');
  await write(`
    BEGIN;
    INSERT INTO cdc.quarantine (pipeline, kind, source, root, code, message) VALUES ('products', 'root', 't', '1', 'X', ''), ('products', 'root', 't', '2', 'X', '');
    INSERT INTO cdc.quarantine (pipeline, kind, source, root, code, message) VALUES ('products', 'root', 't', '3', 'X', ''), ('programs', 'root', 't', '3', 'X', '');
    COMMIT`);
  await write(`UPDATE cdc.quarantine SET attempts = 2`);
  await write(`UPDATE cdc.quarantine SET resolved_at = now() WHERE root = '1'`);
  await write(`UPDATE cdc.quarantine SET discarded_at = now() WHERE root = '2'`);
  await write(`UPDATE cdc.quarantine SET discarded_at = NULL WHERE root = '2'`);
  const counts = (await following.next(4)).map(({ data }) => [data['came'], data['mended'], data['discarded']]);
  expect(counts).toEqual([
    [3, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [1, 0, 0],
  ]);
  await following.stop();
});

test('goes on after the last event that a reader had, and says when older ones are gone', async () => {
  const first = await follow();
  await setMode('products', 'running');
  const [last] = await first.next(1);
  await first.stop();
  for (const mode of ['paused', 'running', 'paused']) await setMode('products', mode);
  const again = await follow('', last?.id);
  await setMode('programs', 'paused');
  expect((await again.next(4)).map(({ data }) => `${String(data['pipeline'])} ${String(data['mode'])}`)).toEqual([
    'products paused',
    'products running',
    'products paused',
    'programs paused',
  ]);
  await again.stop();
  const filtered = await follow(`?pipeline=programs&after=${last?.id ?? ''}`);
  expect((await filtered.next(1))[0]?.data).toMatchObject({ pipeline: 'programs', mode: 'paused', by: 'Asha' });
  await filtered.stop();
  await write(`UPDATE cdc.events SET at = now() - interval '8 days' WHERE id <= (SELECT max(id) - 1 FROM cdc.events)`);
  await forgetOldEvents(pool);
  const late = await follow('', last?.id);
  expect((await late.next(2)).map(({ event }) => event)).toEqual(['gap', 'mode']);
  await late.stop();
});

test('a transaction that began earlier and commits later is told first, and nobody misses it', async () => {
  const following = await follow();
  const other = new Client({ connectionString: database.url });
  await other.connect();
  try {
    await other.query('BEGIN');
    await other.query(`UPDATE cdc.pipelines SET mode = 'running' WHERE name = 'programs'`);
    await setMode('products', 'running');
    await other.query('COMMIT');
  } finally {
    await other.end();
  }
  expect((await following.next(2)).map(({ data }) => data['pipeline'])).toEqual(['programs', 'products']);
  await following.stop();
});

test('many readers get the same; one that has gone away leaves nothing behind; all end in order with the API', async () => {
  const readers = await Promise.all(Array.from({ length: 50 }, () => follow()));
  await readers[0]?.stop();
  await setMode('products', 'paused');
  const seen = await Promise.all(readers.slice(1).map((reader) => reader.next(1)));
  expect(new Set(seen.map(([message]) => message?.id)).size).toBe(1);
  await api.close();
  expect(await Promise.all(readers.slice(1).map((reader) => reader.rest()))).toEqual(seen.map(() => []));
});
