// Which deletes landing forgets, and when. That it does no harm, whatever comes again after it, is a matter of
// test/engine/convergence.pg.test.ts.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSmallV2 } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import type { Engine } from './engine.ts';
import { createDeleteMemory, forgetDeletes } from './forget-deletes.ts';
import { quarantineEvents } from './quarantine.ts';

const TOPIC = 'elmis.public.geographic_levels';
const LANDING = 'landing_geographic_levels.geographic_levels';
let testbed: Testbed;
let engine: Engine;
beforeAll(async () => {
  testbed = await createTestbed();
  engine = testbed.engine('geographic-levels');
});
afterAll(() => testbed.close());

/** Offset 0 to 2: three rows; 3: the second is deleted; 4: Debezium's tombstone; 5: another row. */
beforeEach(async () => {
  await testbed.clean();
  const v2 = createSmallV2();
  for (const id of [1, 2, 3]) v2.add('geographic_levels', { id });
  v2.drop('geographic_levels', 2);
  v2.add('geographic_levels', { id: 4 });
  await applyAll(engine, v2);
});

async function landed(): Promise<readonly string[]> {
  const { rows } = await testbed.client.query<{ key: string }>(`SELECT _key AS key FROM ${LANDING} ORDER BY _key`);
  return rows.map(({ key }) => key);
}

const begins = (start: number, end = 6) => ({ [`${TOPIC}/0`]: { start, end } });

test('a delete that Kafka has forgotten goes, and no row that lives', async () => {
  expect(await forgetDeletes(engine, begins(4))).toBe(1);
  expect(await landed()).toEqual(['1', '3', '4']);
});

test('a delete that Kafka still has stays', async () => {
  expect(await forgetDeletes(engine, begins(3))).toBe(0);
  expect(await landed()).toEqual(['1', '2', '3', '4']);
});

test('where not everything has landed that Kafka had, deletes stay: their transaction may go on there', async () => {
  expect(await forgetDeletes(engine, begins(4, 7))).toBe(0);
});

test('a topic of more than one partition keeps its deletes: offsets of different partitions say nothing of each other', async () => {
  expect(await forgetDeletes(engine, { ...begins(4), [`${TOPIC}/1`]: { start: 0, end: 0 } })).toBe(0);
});

test('an older event in quarantine may be tried again: until it is discarded, the delete stays', async () => {
  const message = { topic: TOPIC, partition: 0, offset: 1, key: null, value: Buffer.from('?'), headers: [] };
  const fault = { code: 'EVENT_NOT_JSON', text: 'no JSON', advice: 'look' };
  await quarantineEvents(testbed.client, engine.name, [
    { message, source: 'public.geographic_levels', root: null, ...fault },
  ]);
  expect(await forgetDeletes(engine, begins(4))).toBe(0);
  await testbed.client.query('UPDATE cdc.quarantine SET discarded_at = now()');
  expect(await forgetDeletes(engine, begins(4))).toBe(1);
});

test('a worker goes by where topics began hours ago, and looks no more often', async () => {
  const hourMs = 3_600_000;
  let looks = 0;
  const reader = {
    ...engine.reader,
    bounds: () => {
      looks += 1;
      return Promise.resolve(begins(4));
    },
  };
  const memory = createDeleteMemory({ ...engine, reader });
  await memory.tidy(0);
  await memory.tidy(hourMs);
  expect({ looks, landed: await landed() }).toEqual({ looks: 1, landed: ['1', '2', '3', '4'] });
  await memory.tidy(6 * hourMs);
  expect({ looks, landed: await landed() }).toEqual({ looks: 2, landed: ['1', '3', '4'] });
});

test('the index for it leaves updates of rows that live where they are (HOT)', async () => {
  const { client } = testbed;
  await client.query('BEGIN');
  await client.query(`UPDATE ${LANDING} SET _offset = _offset + 1, name = name || '!' WHERE _live > 0`);
  const { rows } = await client.query(
    `SELECT pg_stat_get_xact_tuples_updated(c)::int AS updated, pg_stat_get_xact_tuples_hot_updated(c)::int AS hot FROM (SELECT '${LANDING}'::regclass::oid AS c) t`,
  );
  await client.query('ROLLBACK');
  expect(rows).toEqual([{ updated: 3, hot: 3 }]);
});
