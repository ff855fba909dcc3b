// Every kind of event that the connector writes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDecode } from '../../activities/decode.ts';
import { createTopicReader } from '../../activities/topic-reader.ts';
import type { KafkaMessage } from '../../model/change-event.ts';
import { openCapture, operations, parse } from './capture.ts';
import type { Capture } from './capture.ts';

let capture: Capture;

beforeAll(async () => {
  capture = await openCapture({
    name: 'kinds',
    tables: { plain: ['id'], emptied: ['id'], parent: ['id'], child: ['id'], growing: ['id'], defaults: ['id'] },
    before: `
      CREATE TABLE plain (id int PRIMARY KEY, v text);
      INSERT INTO plain VALUES (1, 'one'), (2, 'two'), (3, NULL);
      CREATE TABLE emptied (id int PRIMARY KEY, v text);
      INSERT INTO emptied SELECT n, 'before ' || n FROM generate_series(1, 5) n;
      CREATE TABLE parent (id int PRIMARY KEY);
      CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);
      INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1);
      CREATE TABLE growing (id int PRIMARY KEY, v text, gone text);
      CREATE TABLE defaults (id int PRIMARY KEY, n int DEFAULT 7, t timestamp DEFAULT now(), p numeric(8,2) DEFAULT 0, s text DEFAULT 'x');
      INSERT INTO defaults VALUES (1, NULL, NULL, NULL, NULL); INSERT INTO defaults VALUES (2)`,
    extra: { 'provide.transaction.metadata': 'true' },
  });
});
afterAll(() => capture.close());

test('snapshot rows, creates, updates, deletes and tombstones', async () => {
  await capture.expectLanded('plain');
  await capture.v2.query(`
    INSERT INTO plain VALUES (4, 'four'), (5, ''), (6, E'tab\\t, line\\n, \\\\, "quotes", Ünïcode 漢 😀');
    UPDATE plain SET v = 'TWO' WHERE id = 2;
    UPDATE plain SET v = 'three' WHERE id = 3;
    DELETE FROM plain WHERE id IN (1, 4)`);
  await capture.expectLanded('plain');
  await capture.v2.query(`INSERT INTO plain VALUES (1, 'again'); DELETE FROM plain WHERE id = 2`);
  await capture.expectLanded('plain');
  await capture.expectLandedAnyHow('plain');
  expect(new Set(operations(await capture.messages('plain')))).toEqual(new Set(['r', 'c', 'u', 'd', 'tombstone']));
});

test('NULL in a column that has a default stays NULL, read by the snapshot and streamed', async () => {
  await capture.v2.query(
    'INSERT INTO defaults VALUES (3, NULL, NULL, NULL, NULL); INSERT INTO defaults VALUES (4); UPDATE defaults SET n = NULL, s = NULL WHERE id = 2',
  );
  await capture.expectLandedAnyHow('defaults');
});

test('a truncate empties landing, and rows that are inserted after it live', async () => {
  await capture.expectLanded('emptied');
  await capture.v2.query(`INSERT INTO emptied VALUES (9, 'new'); UPDATE emptied SET v = 'late' WHERE id = 1`);
  await capture.v2.query(`TRUNCATE emptied; INSERT INTO emptied VALUES (2, 'after'), (10, 'after')`);
  await capture.expectLanded('emptied');
  await capture.v2.query('TRUNCATE emptied');
  await capture.expectLanded('emptied');
  await capture.v2.query(`INSERT INTO emptied VALUES (2, 'last')`);
  await capture.expectLandedAnyHow('emptied');
});

test('rows that a transaction inserts before and after its own truncate', async () => {
  await capture.v2.query(
    `BEGIN; INSERT INTO emptied VALUES (20, 'x'); TRUNCATE emptied; INSERT INTO emptied VALUES (20, 'y'), (21, 'z'); UPDATE emptied SET v = 'Z' WHERE id = 21; COMMIT`,
  );
  await capture.expectLanded('emptied');
  await capture.expectLandedAnyHow('emptied');
});

test('a truncate that cascades empties each table', async () => {
  await capture.v2.query(
    'TRUNCATE parent CASCADE; INSERT INTO parent VALUES (2); INSERT INTO child VALUES (2, 2), (3, 2)',
  );
  await capture.expectLandedAnyHow('parent');
  await capture.expectLandedAnyHow('child');
  expect(operations(await capture.messages('child'))).toContain('t');
});

test('columns that come and go in v2', async () => {
  await capture.v2.query(`INSERT INTO growing VALUES (1, 'a', 'x'), (2, 'b', 'y')`);
  await capture.v2.query(`ALTER TABLE growing ADD COLUMN more text; INSERT INTO growing VALUES (3, 'c', 'z', 'm')`);
  await capture.v2.query(`UPDATE growing SET more = 'n' WHERE id = 1; UPDATE growing SET v = 'B' WHERE id = 2`);
  await capture.v2.query(`ALTER TABLE growing DROP COLUMN gone; INSERT INTO growing VALUES (4, 'd', 'o')`);
  await capture.expectLandedAnyHow('growing');
});

test('rows of a transaction that was rolled back, wholly or to a savepoint, never come', async () => {
  await capture.v2.query(`BEGIN; INSERT INTO plain VALUES (70, 'no'); ROLLBACK`);
  await capture.v2.query(
    `BEGIN; INSERT INTO plain VALUES (71, 'yes'); SAVEPOINT s; INSERT INTO plain VALUES (72, 'no'); ROLLBACK TO s; COMMIT`,
  );
  await capture.expectLandedAnyHow('plain');
});

test('heartbeats, logical messages and transaction markers are understood and carry no row', async () => {
  await capture.v2.query(
    `BEGIN; SELECT pg_logical_emit_message(true, 'audit', 'in a transaction'); INSERT INTO plain VALUES (80, 'x'); COMMIT`,
  );
  await capture.v2.query(`SELECT pg_logical_emit_message(false, 'audit', 'in none')`);
  await capture.expectLanded('plain');
  const decode = createDecode({ keys: new Map(), placeholder: capture.stack.placeholder, epochAt: () => 0 });
  const kindsOf = async (topic: string): Promise<ReadonlySet<string>> => {
    const events = (await messagesOf(topic)).flatMap((message) => [...decode(message)]);
    expect(events.every(({ kind }) => kind === 'skip')).toBe(true);
    return new Set(events.map((event) => ('why' in event ? event.why : '')));
  };
  await expect(kindsOf(`${capture.prefix}.message`)).resolves.toEqual(new Set(['logical message']));
  await expect(kindsOf(`${capture.prefix}.transaction`)).resolves.toEqual(new Set(['transaction marker']));
  await expect(kindsOf(`__debezium-heartbeat.${capture.prefix}`)).resolves.toEqual(new Set(['heartbeat']));
});

test("the transaction block that provide.transaction.metadata adds to each event is in nobody's way", async () => {
  await capture.expectLandedAnyHow('plain');
  const events = (await capture.messages('plain')).flatMap(({ value }) => (value === null ? [] : [parse(value)]));
  expect(events.some((event) => 'transaction' in event && event.transaction !== null)).toBe(true);
  expect(await capture.quarantined('plain')).toEqual([]);
});

/** All messages of a topic; waits until it has one. */
async function messagesOf(topic: string): Promise<readonly KafkaMessage[]> {
  const reader = createTopicReader({ brokers: [capture.stack.kafka], topics: [topic], clientId: topic });
  try {
    for (;;) {
      const partitions = await reader.partitions();
      if (partitions.length > 0) {
        const { messages } = await reader.read(Object.fromEntries(partitions.map((at) => [at, 0])), {
          maxWaitMs: 500,
          maxBytes: 1024 * 1024,
        });
        if (messages.length > 0) return messages;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await reader.close();
  }
}
