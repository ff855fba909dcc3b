// The replication slot as the monitoring role sees it, on a real server; and what is not there or does not answer.
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { monitoringRole, monitoringRoleSettingsSql, monitoringRoleSql } from '../infra/v2/monitoring-role.ts';
import { createDatabase } from '../test/support/databases.ts';
import type { TestDatabase } from '../test/support/databases.ts';
import { createSourceWatch } from './source-watch.ts';

const slot = 'mkondo_source_test';
/** As the role of the local stack is made, by another name: that one is there already, with a password of its own. */
const role = 'mkondo_source_watch';
const made = [monitoringRoleSql(), monitoringRoleSettingsSql()].join('\n').replaceAll(monitoringRole, role);
let database: TestDatabase;
let v2Url: string;

beforeAll(async () => {
  database = await createDatabase('empty');
  const { client } = database;
  await client.query(`${made} ALTER ROLE "${role}" PASSWORD 'watching'`);
  await client.query('CREATE TABLE patients (id int)');
  await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
  const url = new URL(database.url);
  url.username = role;
  url.password = 'watching';
  v2Url = url.href;
});
afterAll(async () => {
  await database.client.query('SELECT pg_drop_replication_slot($1)', [slot]);
  await database.client.query(`DROP ROLE "${role}"`);
  await database.drop();
});

const look = (settings: { readonly slot: string; readonly v2Url?: string }) =>
  createSourceWatch({ connectUrl: undefined, connector: 'mkondo', v2Url: undefined, ...settings })();

test('sees the slot, what is kept for it, and no row', async () => {
  const { slot: seen, connector } = await look({ slot, v2Url });
  expect(seen).toMatchObject({ watch: 'watched', name: slot, active: false, message: null });
  expect(seen.walStatus).toMatch(/reserved|extended/);
  expect(seen.retainedBytes).toBeGreaterThanOrEqual(0);
  expect(connector).toMatchObject({
    watch: 'not watched',
    state: null,
    message: expect.stringContaining('MKONDO_CONNECT_URL') as string,
  });
  const client = new Client({ connectionString: v2Url });
  await client.connect();
  try {
    await expect(client.query('SELECT FROM patients')).rejects.toMatchObject({ code: '42501' });
    await expect(client.query('CREATE TABLE mine (id int)')).rejects.toMatchObject({
      code: expect.stringMatching(/42501|25006/) as string,
    });
  } finally {
    await client.end();
  }
});

test('says which slot v2 does not have, that v2 does not answer, and that nobody looks', async () => {
  expect((await look({ slot: 'other', v2Url })).slot).toMatchObject({
    watch: 'watched',
    active: null,
    message: "v2 has no replication slot 'other' (MKONDO_V2_SLOT).",
  });
  const nowhere = 'postgresql://somebody:secret@127.0.0.1:1/elmis';
  const { slot: away } = await look({ slot, v2Url: nowhere });
  expect(away).toMatchObject({ watch: 'no answer', active: null });
  expect(away.message).toContain('v2 does not answer');
  expect(away.message).not.toContain('secret');
  expect((await look({ slot })).slot.watch).toBe('not watched');
});

test('asks once for many who want to know at the same time', async () => {
  const watch = createSourceWatch({ connectUrl: undefined, connector: 'mkondo', v2Url, slot });
  const [first, second] = await Promise.all([watch(), watch()]);
  expect(second).toBe(first);
});
