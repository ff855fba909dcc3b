// Rows that come before their parents: they wait and follow by themselves, also when parent and child are written at the
// same moment by two pipelines that do not see each other.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { deriving, isSomeoneWaiting } from '../test/engine/open-derive.ts';
import type { OpenDerive } from '../test/engine/open-derive.ts';
import { createSmallV2 } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed, deriveAll, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import { readState } from './control.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

const ZONE = 'referencedata.geographic_zones';

test('a child waits for its parent, and the pipeline that brings the parent lets it go', async () => {
  const v2 = createSmallV2('places');
  const { pool } = testbed.engine('facilities').deps;
  await applyAll(testbed.engine('facilities'), v2);
  expect(await readState(pool, 'facilities')).toMatchObject({ dirty: 1, waiting: 1, quarantined: 0, retryInMs: null });
  const { rows } = await testbed.client.query<{ table: string }>(
    'SELECT parent_table AS table FROM cdc.waiting ORDER BY 1',
  );
  expect(rows.map(({ table }) => table)).toEqual(['referencedata.facility_types', ZONE]);
  expect(await deriveAll(testbed.engine('facilities'))).toMatchObject({ derived: 0 });

  const woken: string[] = [];
  testbed.client.on('notification', ({ payload }) => woken.push(payload ?? ''));
  await testbed.client.query('LISTEN cdc_wake');
  await settle(testbed, v2);
  await testbed.client.query('UNLISTEN cdc_wake');
  expect(woken).toContain('facilities');
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('a change that needs a parent which is not there leaves the rows in v3 as they were', async () => {
  const v2 = createSmallV2('places');
  await settle(testbed, v2);
  v2.add('facility_types', { id: 2, code: 'disp', name: 'Dispensary' });
  v2.change('facilities', 1, { typeid: 2, name: 'New name' });
  await applyAll(testbed.engine('facilities'), v2);
  const name = async () =>
    (await testbed.client.query<{ name: string }>('SELECT name FROM referencedata.facilities')).rows;
  expect(await name()).toEqual([{ name: 'name 1' }]);
  await settle(testbed, v2);
  expect(await name()).toEqual([{ name: 'New name' }]);
});

test('a tree of zones that arrives with its leaves first grows all the same', async () => {
  const v2 = createSmallV2('places');
  for (let id = 2; id <= 6; id += 1) v2.add('geographic_zones', { id, levelid: 1, parentid: id - 1 });
  await applyAll(testbed.engine('geographic-zones'), v2, { isDeferred: true });
  const zones = testbed.engine('geographic-zones');
  for (const root of ['6', '5', '4', '3', '2', '1']) {
    await zones.deps.pool.query(
      `UPDATE cdc.dirty SET not_before = 'infinity' WHERE root <> $1 AND not_before = '-infinity'`,
      [root],
    );
    await deriveAll(zones);
    await zones.deps.pool.query(
      `UPDATE cdc.dirty d SET not_before = '-infinity' WHERE NOT EXISTS (SELECT FROM cdc.waiting w WHERE w.root = d.root)`,
    );
  }
  await settle(testbed, v2);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

/** Until this derive waits for a lock that another transaction holds; without that lock, until it has done its work. */
async function waitsOrIsDone({ work }: OpenDerive): Promise<void> {
  const done = work.then(
    () => true,
    () => true,
  );
  while (!(await isSomeoneWaiting(testbed.client))) if (await Promise.race([done, sleep(10, false)])) return;
}

test('the parent is inserted, not yet committed, when the child looks: the child is due when both have ended', async () => {
  const v2 = createSmallV2('places');
  const [zones, facilities] = [testbed.engine('geographic-zones'), testbed.engine('facilities')];
  for (const name of ['geographic-levels', 'facility-types']) await applyAll(testbed.engine(name), v2);
  for (const engine of [zones, facilities]) await applyAll(engine, v2, { isDeferred: true });

  const parent = await deriving(zones, '1');
  await parent.work;
  const child = await deriving(facilities, '1');
  await waitsOrIsDone(child);
  await parent.end();
  await child.end();
  expect(await readState(facilities.deps.pool, 'facilities')).toMatchObject({ dirty: 1, waiting: 0 });
  await settle(testbed, v2);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('the child has noted that it waits, not yet committed, when the parent comes: it is let go', async () => {
  const v2 = createSmallV2('places');
  const [zones, facilities] = [testbed.engine('geographic-zones'), testbed.engine('facilities')];
  for (const name of ['geographic-levels', 'facility-types']) await applyAll(testbed.engine(name), v2);
  for (const engine of [zones, facilities]) await applyAll(engine, v2, { isDeferred: true });

  const child = await deriving(facilities, '1');
  await child.work;
  const parent = await deriving(zones, '1');
  await waitsOrIsDone(parent);
  await child.end();
  expect(await readState(facilities.deps.pool, 'facilities')).toMatchObject({ waiting: 1 });
  await parent.end();
  expect(await readState(facilities.deps.pool, 'facilities')).toMatchObject({ dirty: 1, waiting: 0 });
  await settle(testbed, v2);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('a waiting child is derived anew while its parent is being written: no deadlock, and it is let go', async () => {
  const v2 = createSmallV2('places');
  const [zones, facilities] = [testbed.engine('geographic-zones'), testbed.engine('facilities')];
  for (const name of ['geographic-levels', 'facility-types']) await applyAll(testbed.engine(name), v2);
  await applyAll(facilities, v2);
  await applyAll(zones, v2, { isDeferred: true });
  expect(await readState(facilities.deps.pool, 'facilities')).toMatchObject({ waiting: 1 });
  const deadlocks = async () =>
    (
      await testbed.client.query<{ deadlocks: string }>(
        'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
      )
    ).rows[0];
  const before = await deadlocks();
  // Both end at their own time, as two pipelines do.
  const both = [await deriving(zones, '1'), await deriving(facilities, '1')];
  await Promise.all(both.map((each) => each.end()));
  await settle(testbed, v2);
  await testbed.client.query('SELECT pg_stat_clear_snapshot()');
  expect(await deadlocks()).toEqual(before);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});
