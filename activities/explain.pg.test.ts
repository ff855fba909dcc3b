// One row explained, from both sides, on what the engine itself has landed and written.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { pipelines } from '../pipelines/index.ts';
import { createSmallV2, insertInto } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import { eventKey, explain, findTable, stateOf } from './explain.ts';
import type { Explanation } from './explain.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

async function ask(table: string, key: string, isWhole = false): Promise<Explanation> {
  const { pool } = testbed.engine('products').deps;
  const found = await explain(pool, { pipelines, topicPrefix: 'elmis', table, key, isWhole });
  if (found === undefined) throw new Error(`no side has ${table}`);
  return found;
}

async function one(sql: string): Promise<string> {
  const { rows } = await testbed.client.query<{ value: string }>(sql);
  return rows[0]?.value ?? '';
}

test('from a v3 row to the v2 rows that it follows from, with where they came from', async () => {
  const v2 = createSmallV2('all');
  v2.change('products', 1, { primaryname: 'Quinine' });
  await settle(testbed, v2);
  const id = await one('SELECT id AS value FROM referencedata.orderables');
  const found = await ask('referencedata.orderables', id);
  expect(found.answer).toBe(`referencedata.orderables ${id} follows from public.products 1 (products).`);
  expect(found.rows).toMatchObject([{ table: 'referencedata.orderables', row: { id } }]);
  const [root] = found.roots;
  expect(root).toMatchObject({
    pipeline: 'products',
    table: 'public.products',
    key: '1',
    state: 'in v3',
    quarantine: [],
  });
  const landed = (table: string) => root?.v2.find((each) => each.table === table);
  expect(landed('public.products')).toMatchObject({
    path: 'root',
    row: { primaryname: 'Quinine' },
    // The change, not the insert.
    position: { topic: 'elmis.public.products', partition: 0, offset: 1 },
  });
  // Its key is not declared; the join says it.
  expect(landed('public.product_forms')).toMatchObject({ path: 'root.form', key: '1', position: { offset: 0 } });
  expect(root?.written?.run).not.toBe('');
  expect(root?.written).toMatchObject({ version: expect.stringMatching(/^[0-9a-f]{12}$/), isOutdated: false });
  expect(root?.v3.map(({ table }) => table)).toContain('referencedata.trade_items');
  expect(root?.v3.find(({ table }) => table === 'referencedata.orderables')?.row).toMatchObject({ id });
});

test('says by which transformation a root was made, and whether the pipeline has another one now', async () => {
  await settle(testbed, createSmallV2('all'));
  await testbed.client.query(`UPDATE cdc.pipelines SET change = 'code-before-name' WHERE name = 'products'`);
  const found = await ask('products', '1');
  expect(found.roots.find(({ pipeline }) => pipeline === 'products')?.written).toMatchObject({ isOutdated: true });
  await testbed.client.query(`UPDATE cdc.pipelines SET change = NULL WHERE name = 'products'`);
});

test('from a v2 row to every root that it is behind', async () => {
  await settle(testbed, createSmallV2('all'));
  const form = await ask('product_forms', '1');
  expect(form.asked).toEqual({ side: 'v2', table: 'public.product_forms', key: '1' });
  expect(form.roots.map(({ pipeline, key }) => `${pipeline} ${key}`)).toContain('products 1');
  expect(form.rows).toMatchObject([{ pipeline: 'products', isLive: true, row: { code: 'tablet' } }]);
});

test('names what a root waits for, and what v2 has deleted', async () => {
  const v2 = createSmallV2('places');
  for (const name of ['facilities', 'geographic-zones']) await applyAll(testbed.engine(name), v2);
  const waiting = (await ask('facilities', '1')).roots.find(({ pipeline }) => pipeline === 'facilities');
  expect(waiting?.state).toBe('waiting');
  expect(waiting?.waitsFor.map(({ table }) => table)).toContain('referencedata.facility_types');
  expect(waiting?.v3).toEqual([]);

  v2.drop('facilities', 1);
  await settle(testbed, v2);
  const gone = (await ask('facilities', '1')).roots.find(({ pipeline }) => pipeline === 'facilities');
  expect(gone).toMatchObject({ state: 'deleted', v2: [{ path: 'root', isLive: false }], v3: [], written: null });
});

test('shows the attempts and errors of a root in quarantine, and events of the row that could not be read', async () => {
  const v2 = createSmallV2('all');
  await settle(testbed, v2);
  await testbed.client.query(`
    INSERT INTO cdc.quarantine (pipeline, kind, source, root, code, message, advice, attempts)
    VALUES ('products', 'root', 'public.products', '1', 'V3_CONSTRAINT', 'refused', 'mend it', 3);
    INSERT INTO cdc.quarantine (pipeline, kind, source, topic, partition, kafka_offset, code, message, message_key)
    VALUES ('products', 'event', 'public.products', 'elmis.public.products', 0, 9, 'EVENT_NOT_JSON', 'no JSON', '{"id":1}'),
           ('products', 'event', 'public.products', 'elmis.public.products', 0, 10, 'EVENT_NOT_JSON', 'no JSON', '{"id":2}'),
           ('products', 'event', 'public.products', 'elmis.public.products', 0, 11, 'EVENT_NOT_JSON', 'no JSON', '\\xff');
  `);
  const found = await ask('products', '1');
  const root = found.roots.find(({ pipeline }) => pipeline === 'products');
  expect(root).toMatchObject({
    state: 'in quarantine',
    quarantine: [{ code: 'V3_CONSTRAINT', message: 'refused', attempts: 3, resolvedAt: null }],
  });
  expect(found.quarantinedEvents.map(({ position }) => position?.offset)).toEqual([9]);
});

test('says losses, adopted rows, and rows that are gone from v3', async () => {
  const v2 = createSmallV2('all');
  v2.change('facility_types', 1, { code: 'warehouse' });
  v2.change('products', 1, { gtin: 'no number' });
  await settle(testbed, v2);
  const type = (await ask('facility_types', '1')).roots.find(({ pipeline }) => pipeline === 'facility-types');
  expect(type).toMatchObject({ state: 'in v3', adopted: [{ table: 'referencedata.facility_types' }] });
  const adoptedId = type?.adopted[0]?.id ?? '';
  expect((await ask('referencedata.facility_types', adoptedId)).roots).toMatchObject([{ pipeline: 'facility-types' }]);

  const id = await one('SELECT id AS value FROM referencedata.trade_items');
  const [product] = (await ask('referencedata.trade_items', id)).roots;
  expect(product?.losses).toContainEqual({
    part: '',
    code: 'VALUE_WITHOUT_HOME',
    column: 'trade_items.gtin',
    count: 1,
  });
  await testbed.client.query('DELETE FROM referencedata.trade_items');
  const [without] = (await ask('referencedata.trade_items', id)).roots;
  expect(without?.v3.find(({ table }) => table === 'referencedata.trade_items')?.row).toBeNull();
});

test('of a root with parts, shows the part that a row is about, and the whole where it is asked for', async () => {
  const v2 = createSmallV2('all');
  v2.transaction((transaction) => {
    insertInto(transaction, 'requisitions', { id: 1, facilityid: 1, programid: 1, periodid: 1, status: 'INITIATED' });
    for (const id of [1, 2, 3])
      insertInto(transaction, 'requisition_line_items', { id, rnrid: 1, productcode: 'code 1', stockinhand: id });
  });
  await settle(testbed, v2);
  const linesOf = ({ roots: [root] }: Explanation): unknown => ({
    more: root?.moreParts,
    v2: root?.v2.filter(({ path }) => path === 'root.lines').map(({ key }) => key),
    v3: root?.v3.filter(({ table }) => table === 'requisition.requisition_line_items').map(({ part }) => part),
    head:
      root?.v2.some(({ path }) => path === 'root') && root.v3.some(({ table }) => table === 'requisition.requisitions'),
  });
  const line = await one('SELECT id AS value FROM requisition.requisition_line_items WHERE stockonhand = 2');
  const itself = await one('SELECT id AS value FROM requisition.requisitions');
  const only = { more: 2, v2: ['2'], v3: ['2'], head: true };
  const all = { more: 0, v2: ['1', '2', '3'], v3: ['1', '2', '3'], head: true };
  expect(linesOf(await ask('requisition.requisition_line_items', line))).toEqual(only);
  expect(linesOf(await ask('requisition_line_items', '2'))).toEqual(only);
  expect(linesOf(await ask('requisition.requisition_line_items', line, true))).toEqual(all);
  expect(linesOf(await ask('requisition.requisitions', itself))).toEqual(all);
  expect(linesOf(await ask('requisitions', '1'))).toEqual(all);

  // Its key is neither declared nor in its join: what the join says of it finds it.
  const [root] = (await ask('requisition_line_items', '2')).roots;
  expect(root?.v2.find(({ table }) => table === 'public.facility_approved_products')).toMatchObject({
    key: '1',
    position: { topic: 'elmis.public.facility_approved_products', partition: 0, offset: 0 },
  });
});

test('tells what is nobody’s from what is not there', async () => {
  await settle(testbed, createSmallV2('all'));
  const nowhere = '00000000-0000-0000-0000-000000000000';
  expect((await ask('referencedata.orderables', nowhere)).answer).toMatch(/holds no row/);
  expect((await ask('products', '77')).answer).toMatch(/has not landed/);
  const own = await one(`SELECT id AS value FROM referencedata.facility_types t WHERE NOT EXISTS
    (SELECT FROM cdc.ledger, jsonb_each(owned) p WHERE p.value -> 'facilityTypes' ? t.id::text) LIMIT 1`);
  expect((await ask('referencedata.facility_types', own)).answer).toMatch(/v3's own row/);
});

test('finds tables as people call them', () => {
  expect(findTable('products')).toEqual({ side: 'v2', table: 'public.products' });
  expect(findTable('orderables')).toEqual({ side: 'v3', table: 'referencedata.orderables' });
  expect(findTable('nowhere')).toBeUndefined();
});

test.each([
  ['{"id":7}', '7'],
  ['{"a":"x","b":2}', '["x","2"]'],
  ['{"schema":{},"payload":{"id":7}}', '7'],
  ['null', undefined],
  ['7', undefined],
  ['{"id"', undefined],
])('the key of the event %s is %s', (bytes, key) => {
  expect(eventKey(Buffer.from(bytes))).toBe(key);
});

test('what keeps a root comes before where it stands', () => {
  const nothing = { isQuarantined: false, isWaiting: false, isDue: false, inV3: false, isLive: true };
  expect(stateOf(nothing)).toBe('nothing in v3');
  expect(stateOf({ ...nothing, inV3: true })).toBe('in v3');
  expect(stateOf({ ...nothing, inV3: true, isDue: true })).toBe('due');
  expect(stateOf({ ...nothing, isWaiting: true, isDue: true })).toBe('waiting');
  expect(stateOf({ ...nothing, isQuarantined: true, isDue: true })).toBe('in quarantine');
  expect(stateOf({ ...nothing, isLive: false })).toBe('deleted');
});
