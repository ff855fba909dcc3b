// v3 against v2 itself, both real: what v2 holds is carried over by the engine, then one side is changed.
import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadDemo } from '../../infra/demo/load.ts';
import { idOf } from '../../model/ids.ts';
import { publishedTables } from '../../pipelines/index.ts';
import type { Row } from '../../test/engine/v2-tables.ts';
import { createV2Source } from '../../test/engine/v2-source.ts';
import type { V2Source } from '../../test/engine/v2-source.ts';
import { createTestbed, settle } from '../../test/engine/testbed.ts';
import type { Testbed } from '../../test/engine/testbed.ts';
import { createDatabase } from '../../test/support/databases.ts';
import type { TestDatabase } from '../../test/support/databases.ts';
import { verifyByRanges } from './verify-by-ranges.ts';
import type { V2Report, V2Task } from './verify-by-ranges.ts';

let v2: TestDatabase;
let testbed: Testbed;
let source: V2Source;

beforeAll(async () => {
  v2 = await createDatabase('empty');
  const unused = await createDatabase('v3');
  await loadDemo({ v2Url: v2.url, v3Url: unused.url, scale: 0.2, seed: 7, log: { info: () => {} } });
  await unused.drop();
  testbed = await createTestbed();
  source = createV2Source();
  for (const table of publishedTables) source.fill(table, await readRows(v2.client, table));
  source.snapshot();
  await settle(testbed, source);
}, 180_000);
afterAll(async () => {
  await testbed.close();
  await v2.drop();
});

test.each(['facilities', 'requisitions', 'users', 'right-assignments', 'stock-cards'])(
  'what the engine has made of %s is what v2 says, and what it cost v2 is told',
  async (name) => {
    const report = await look(name);
    expect(report.differences).toEqual([]);
    expect(report).toMatchObject({ isWhole: true });
    expect(report.roots).toBeGreaterThan(0);
    expect(report.load.rows).toBeGreaterThanOrEqual(report.roots);
    expect(report.load.queries).toBeGreaterThan(report.ranges * 2);
  },
);

test('a row that somebody changed in v3, and one that v2 has no more, are found', async () => {
  const [facility] = source.rows('public.facilities');
  const id = idOf('facilities', String(facility?.['id']));
  await testbed.client.query(`UPDATE referencedata.facilities SET name = name || '!' WHERE id = $1`, [id]);
  const { rows } = await v2.client.query<{ root: number }>(
    'DELETE FROM facility_approved_products WHERE id = (SELECT max(id) FROM facility_approved_products) RETURNING programproductid AS root',
  );
  expect((await look('facilities')).differences).toMatchObject([
    { kind: 'different', key: id, cause: 'v3', columns: [{ column: 'name', expected: facility?.['name'] }] },
  ]);
  expect((await look('approved-products')).differences).toMatchObject([
    { kind: 'extra', target: 'approvals', root: String(rows[0]?.root) },
  ]);
  await testbed.client.query(`UPDATE referencedata.facilities SET name = left(name, -1) WHERE id = $1`, [id]);
});

test('what is on its way to v3 while v2 is read is looked at again, and is no difference', async () => {
  const [facility] = source.rows('public.facilities');
  await v2.client.query(`UPDATE facilities SET name = 'Moved on' WHERE id = $1`, [facility?.['id']]);
  let settling = Promise.resolve();
  const report = await look('facilities', {
    looks: 3,
    pauseMs: 1_500,
    onRange: () => {
      source.transaction((transaction) => {
        const row = transaction.rows('public.facilities').find(({ id }) => id === facility?.['id']) as Row;
        transaction.update('public.facilities', row, { name: 'Moved on' });
      });
      settling = settle(testbed, source);
    },
  });
  await settling;
  expect(report.differences).toEqual([]);
  expect(report.looks).toBeGreaterThan(1);
});

test('v2 is left alone when the hours are over', async () => {
  const report = await look('requisitions', { until: new Date(0) });
  expect(report).toMatchObject({ isWhole: false, roots: 0, differences: [], load: { queries: 0 } });
});

test('a v2 that cannot be reached is a fault with a code', async () => {
  await expect(look('facilities', { v2Url: 'postgres://nobody@127.0.0.1:1/v2' })).rejects.toMatchObject({
    code: 'V2_UNAVAILABLE',
  });
});

function look(name: string, more: Partial<V2Task> = {}): Promise<V2Report> {
  const { pool, plan, version } = testbed.engine(name);
  return verifyByRanges({ pool, plan, version, v2Url: v2.url, looks: 2, pauseMs: 0, ...more });
}

/** v2's rows as an event carries them: numbers and booleans as such, all else as PostgreSQL's text. */
async function readRows(client: Client, table: string): Promise<readonly Row[]> {
  const numbers = new Set([21, 23, 700, 701]); // int2, int4, float4, float8
  const boolean = 16;
  const { rows } = await client.query<Row>({
    text: `SELECT * FROM ${table}`,
    types: {
      getTypeParser: (type: number) => (text: string) => {
        if (numbers.has(type)) return Number(text);
        return type === boolean ? text === 't' : text;
      },
    },
  });
  return rows;
}
