// Rows that v3 brought itself: adopted by their code, pointed at by ours, never written; and let go when v2 means another.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { plainRow } from '../test/engine/v2-tables.ts';
import { deriving, isSomeoneWaiting } from '../test/engine/open-derive.ts';
import { createSmallV2 } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed, deriveAll, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

/** The code of the type that a facility points at, and whose row that is. */
async function typeOfFacility(): Promise<object | undefined> {
  const { rows } = await testbed.client.query<object>(
    `SELECT t.code, EXISTS (SELECT FROM cdc.crosswalk c WHERE c.v3_id = t.id) AS adopted
     FROM referencedata.facilities f JOIN referencedata.facility_types t ON t.id = f.typeid WHERE f.code = 'code 1'`,
  );
  return rows[0];
}

/** Roots that another row bars are tried again at once instead of in seconds. */
async function settleNow(v2: Parameters<typeof settle>[1]): Promise<void> {
  await settle(testbed, v2);
  for (let tries = 0; tries < 3; tries += 1) {
    await testbed.client.query(`UPDATE cdc.dirty SET not_before = '-infinity' WHERE isfinite(not_before)`);
    await settle(testbed, v2);
  }
}

test('the code decides, ignoring case; a rename away from it lets go, a rename to it adopts', async () => {
  const v2 = createSmallV2('places');
  await settle(testbed, v2);
  expect(await typeOfFacility()).toEqual({ code: 'hosp', adopted: false });

  v2.change('facility_types', 1, { code: 'WareHouse' });
  await settleNow(v2);
  expect(await typeOfFacility()).toEqual({ code: 'warehouse', adopted: true });
  expect(await testbed.compare(v2)).toEqual({ differences: [] });

  v2.change('facility_types', 1, { code: 'store', name: 'Store' });
  await settleNow(v2);
  expect(await typeOfFacility()).toEqual({ code: 'store', adopted: false });
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('children that came first wait for the adoption as for any parent', async () => {
  const v2 = createSmallV2('places');
  v2.change('facility_types', 1, { code: 'warehouse' });
  for (const name of ['facilities', 'geographic-levels', 'geographic-zones']) await applyAll(testbed.engine(name), v2);
  await deriveAll(testbed.engine('facilities'));
  expect(await typeOfFacility()).toBeUndefined();
  await applyAll(testbed.engine('facility-types'), v2);
  await deriveAll(testbed.engine('facilities'));
  expect(await typeOfFacility()).toEqual({ code: 'warehouse', adopted: true });
});

test('a role that only a later v3 brings keeps the rights that it has there', async () => {
  const v2 = createSmallV2('empty');
  const valuesOf = async (sql: string): Promise<readonly unknown[]> =>
    (await testbed.client.query<unknown[]>({ rowMode: 'array', text: sql })).rows.map(([value]) => value);
  const rights = () =>
    valuesOf(
      `SELECT t.name FROM referencedata.role_rights rr JOIN referencedata.roles r ON r.id = rr.roleid
       JOIN referencedata.rights t ON t.id = rr.rightid WHERE r.name = 'Stock Clerk'`,
    );
  await testbed.client.query(
    `WITH role AS (INSERT INTO referencedata.roles (id, name) VALUES (gen_random_uuid(), 'Stock Clerk') RETURNING id)
     INSERT INTO referencedata.role_rights (roleid, rightid)
     SELECT role.id, t.id FROM role, referencedata.rights t WHERE t.name = 'USERS_MANAGE'`,
  );
  v2.add('rights', { name: 'CREATE_REQUISITION', righttype: 'REQUISITION' });
  v2.add('roles', { id: 1, name: 'STOCK CLERK' });
  v2.add('role_rights', { roleid: 1, rightname: 'CREATE_REQUISITION' });
  await settleNow(v2);
  expect(await valuesOf('SELECT root FROM cdc.crosswalk')).toEqual(['1']);
  expect(await valuesOf('SELECT message FROM cdc.quarantine')).toEqual([]);
  expect(await rights()).toEqual(['USERS_MANAGE']);
});

test('a type that is deleted in v2 leaves v3 its own', async () => {
  const v2 = createSmallV2('empty');
  v2.add('facility_types', { id: 1, code: 'warehouse' });
  await settle(testbed, v2);
  v2.drop('facility_types', 1);
  await settle(testbed, v2);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
  expect((await testbed.client.query('SELECT FROM cdc.crosswalk')).rowCount).toBe(0);
});

/** Lets the other transaction run until it is done or waits for a lock. */
async function doneOrStuck(work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  void work.finally(() => done.abort()).catch(() => undefined);
  while (!done.signal.aborted) {
    if (await isSomeoneWaiting(testbed.client)) return;
    await sleep(10);
  }
}

test('a child that is derived while its parent is being adopted does not miss it', async () => {
  const v2 = createSmallV2('places');
  v2.change('facility_types', 1, { code: 'warehouse' });
  for (const name of ['geographic-levels', 'geographic-zones']) await applyAll(testbed.engine(name), v2);
  const [types, facilities] = [testbed.engine('facility-types'), testbed.engine('facilities')];
  for (const engine of [types, facilities]) await applyAll(engine, v2, { isDeferred: true });

  const adopting = await deriving(types, '1');
  await adopting.work;
  const child = await deriving(facilities, '1');
  await doneOrStuck(child.work);
  await adopting.end();
  await child.end();
  await settle(testbed, v2);
  expect(
    await testbed
      .compare(v2)
      .then(({ differences }) => differences.filter((each) => /^(facilities|dirty|waiting)/.test(each))),
  ).toEqual([]);
});

test('a child that is being written while its parent is let go follows it', async () => {
  const v2 = createSmallV2('places');
  v2.change('facility_types', 1, { code: 'warehouse' });
  for (const name of ['geographic-levels', 'geographic-zones', 'facility-types'])
    await applyAll(testbed.engine(name), v2);
  const [types, facilities] = [testbed.engine('facility-types'), testbed.engine('facilities')];
  await applyAll(facilities, v2, { isDeferred: true });
  v2.change('facility_types', 1, { code: 'store', name: 'Store' });
  await applyAll(types, v2, { isDeferred: true });

  const child = await deriving(facilities, '1');
  await child.work;
  const letting = await deriving(types, '1');
  await doneOrStuck(letting.work);
  await child.end();
  await letting.end();
  await settle(testbed, v2);
  expect(await typeOfFacility()).toEqual({ code: 'store', adopted: false });
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('an adoption that concerns 20,000 facilities costs a handful of statements', async () => {
  const v2 = createSmallV2('places');
  const many = Array.from({ length: 20_000 }, (_, index) =>
    plainRow('public.facilities', { id: index + 2, geographiczoneid: 1, typeid: 1 }),
  );
  v2.fill('public.facilities', many);
  v2.snapshot('public.facilities');
  await settle(testbed, v2);
  v2.change('facility_types', 1, { code: 'warehouse' });
  testbed.crashing.countStatements();
  await applyAll(testbed.engine('facility-types'), v2);
  expect(testbed.crashing.countStatements()).toBeLessThan(60);
  const { rows } = await testbed.client.query<object>(
    `SELECT count(*)::int AS dirty FROM cdc.dirty WHERE pipeline = 'facilities'`,
  );
  expect(rows).toEqual([{ dirty: 20_001 }]);
}, 120_000);
