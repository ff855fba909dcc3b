// Connect ended by SIGKILL in the middle of its work. It repeats what it had not noted as done: repeats change nothing,
// and nothing is lost.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyRows } from '../../activities/copy-rows.ts';
import { killPart, openCapture } from './capture.ts';
import type { Capture } from './capture.ts';

let capture: Capture;
const minutes = 60_000;

beforeAll(async () => {
  capture = await openCapture({
    name: 'restarts',
    tables: { copied: ['id'], worked: ['id'], deferred: ['id'] },
    before: `
      CREATE TABLE copied (id int PRIMARY KEY, v text);
      CREATE TABLE worked (id int PRIMARY KEY, v text);
      INSERT INTO worked SELECT n, 'row' FROM generate_series(1, 2000) n;
      CREATE TABLE deferred (id int, v text, CONSTRAINT deferred_key UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
      ALTER TABLE deferred REPLICA IDENTITY FULL;
      INSERT INTO deferred SELECT n, 'row ' || n FROM generate_series(1, 60) n`,
  });
  await capture.land('worked');
  await capture.land('deferred');
}, 3 * minutes);
afterAll(() => capture.close());

test(
  'in the middle of a COPY, whose rows all have one log position',
  async () => {
    const total = 20_000;
    const rows = Array.from({ length: total }, (_, index) => [String(index + 1), `copied ${index}`.padEnd(200, '.')]);
    await copyRows(capture.v2, { table: 'copied', columns: ['id', 'v'], rows });
    await capture.v2.query(`UPDATE copied SET v = 'changed' WHERE id % 100 = 0; DELETE FROM copied WHERE id % 100 = 1`);
    await killConnectAfter('copied', 2000);
    await capture.expectLanded('copied');
    // It said things again, in one of two ways: from the offset that it had stored, or, when it had stored none yet, by a
    // new snapshot, which tells of no delete in between.
    const once = total + total / 100 + (total / 100) * 2; // creates, updates, deletes with their tombstones
    expect((await capture.messages('copied')).length).toBeGreaterThan(once);
    await capture.expectLandedAnyHow('copied', [7001]);
  },
  5 * minutes,
);

test(
  'in the middle of one large transaction of many statements, with others beside it',
  async () => {
    const other = await capture.connectV2();
    await other.query(`BEGIN; INSERT INTO worked VALUES (90001, 'other')`);
    await capture.v2.query('BEGIN');
    for (let step = 0; step < 30; step += 1)
      await capture.v2.query(
        `UPDATE worked SET v = 'step ${step}' WHERE id <= 1000; DELETE FROM worked WHERE id = ${1001 + step}; INSERT INTO worked VALUES (${1001 + step}, 'again ${step}')`,
      );
    await capture.v2.query(`UPDATE worked SET id = id + 50000 WHERE id BETWEEN 1500 AND 1600; COMMIT`);
    await other.query(`UPDATE worked SET v = 'other' WHERE id = 5; COMMIT`);
    await killConnectAfter('worked', 3000);
    await capture.v2.query(
      `UPDATE worked SET v = 'while Connect was away' WHERE id = 6; DELETE FROM worked WHERE id = 7`,
    );
    await capture.expectLanded('worked');
    await capture.expectLandedAnyHow('worked', [997]);
  },
  5 * minutes,
);

test(
  'in the middle of keys that are exchanged',
  async () => {
    for (let round = 0; round < 20; round += 1)
      await capture.v2.query(
        `BEGIN; UPDATE deferred SET id = 61 - id; UPDATE deferred SET v = v || '.' WHERE id % 7 = ${round % 7}; COMMIT`,
      );
    await killConnectAfter('deferred', 500);
    await capture.expectLanded('deferred');
    await capture.expectLandedAnyHow('deferred', [97, 1_000_000]);
  },
  5 * minutes,
);

/** Ends Connect as soon as so many events of the table have come through; it is started again at once. */
async function killConnectAfter(table: string, events: number): Promise<void> {
  await capture.untilEvents(table, events);
  await killPart(capture.stack, 'connect');
}
