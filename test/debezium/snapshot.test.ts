// The seam between the snapshot and the stream: transactions that run while the slot is made and the tables are read.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openCapture, parse } from './capture.ts';
import type { Capture } from './capture.ts';

let capture: Capture;
let early: Client;
let late: Client;
const seam = { isPassed: false };

beforeAll(async () => {
  const stack = inject('captureStack');
  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: stack.v2.application });
    await client.connect();
    return client;
  };
  [early, late] = [await connect(), await connect()];
  let finish: Promise<void> = Promise.resolve();
  capture = await openCapture({
    name: 'snapshots',
    tables: { lines: ['id'], untouched: ['id'], empty: ['id'] },
    before: `
      CREATE TABLE lines (id int PRIMARY KEY, v text);
      INSERT INTO lines SELECT n, 'read' FROM generate_series(1, 5000) n;
      CREATE TABLE untouched (id int PRIMARY KEY, v text);
      INSERT INTO untouched SELECT n, 'read' FROM generate_series(1, 10) n;
      CREATE TABLE empty (id int PRIMARY KEY, v text)`,
    async beforeConnector(schema) {
      await early.query(`SET search_path TO "${schema}"; BEGIN`);
      await early.query(
        `INSERT INTO lines VALUES (10001, 'before the slot'); UPDATE lines SET v = 'before the slot' WHERE id <= 3`,
      );
      finish = changeMeanwhile(schema);
    },
  });
  await capture.messages('untouched');
  seam.isPassed = true;
  await finish;
}, 180_000);
afterAll(async () => {
  await Promise.all([early.end(), late.end()]);
  await capture.close();
});

/** The slot waits for the transaction that began before it; the snapshot is read while others go on. */
async function changeMeanwhile(schema: string): Promise<void> {
  while ((await late.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [schema])).rowCount === 0)
    await sleep(5);
  await late.query(
    `SET search_path TO "${schema}"; BEGIN; UPDATE lines SET v = 'while the slot was made' WHERE id = 4; COMMIT`,
  );
  await late.query(`BEGIN; DELETE FROM lines WHERE id = 5; INSERT INTO lines VALUES (10002, 'spans the snapshot')`);
  await early.query(`UPDATE lines SET v = 'twice' WHERE id = 2; DELETE FROM lines WHERE id = 6; COMMIT`);
  for (let step = 0; !seam.isPassed; step += 1) {
    await early.query(
      `UPDATE lines SET v = 'step ${step}' WHERE id = ${100 + (step % 900)}; DELETE FROM lines WHERE id = ${1001 + step};
       INSERT INTO lines VALUES (${20_000 + step}, 'step')`,
    );
    // The slot waits for this one, too: it began before the slot was ready.
    if (step === 20) await late.query(`UPDATE lines SET v = 'last' WHERE id = 7; COMMIT`);
    await sleep(10);
  }
}

test('every change of that time is there once, whichever side of the seam it came by', async () => {
  await capture.expectLanded('lines');
  await capture.expectLandedAnyHow('lines', [500, 1_000_000]);
});

test('the first transaction after a snapshot, which names no commit before it, still comes after the snapshot', async () => {
  const quiet = await openCapture({
    name: 'first_transaction',
    tables: { lines: ['id'] },
    before: `CREATE TABLE lines (id int PRIMARY KEY, v text); INSERT INTO lines SELECT n, 'read' FROM generate_series(1, 10) n`,
  });
  try {
    await quiet.untilEvents('lines', 10);
    await quiet.v2.query(
      `BEGIN; UPDATE lines SET v = 'first' WHERE id = 1; DELETE FROM lines WHERE id = 2; INSERT INTO lines VALUES (11, 'first'); COMMIT`,
    );
    await quiet.v2.query(`UPDATE lines SET v = 'second' WHERE id IN (1, 3, 11)`);
    await quiet.expectLanded('lines');
    await quiet.expectLandedAnyHow('lines');
    const events = (await quiet.messages('lines')).flatMap(({ value }) => (value === null ? [] : [parse(value)]));
    const sequence = String(events.find(({ op }) => op !== 'r')?.source['sequence']);
    expect(sequence).toMatch(/^\[null,/);
  } finally {
    await quiet.close();
  }
});
