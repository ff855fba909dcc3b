// v3 against landing, on a real database with the engine on it: what somebody changed in v3 by hand is found and mended, what
// moves meanwhile is no difference, and what did not change is not looked at row by row.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { idOf } from '../../model/ids.ts';
import { applyAll, createTestbed, deriveAll, settle } from '../../test/engine/testbed.ts';
import type { Testbed } from '../../test/engine/testbed.ts';
import { createSmallV2, insertInto } from '../../test/engine/small-v2.ts';
import type { SmallV2 } from '../../test/engine/small-v2.ts';
import { mend } from './mend.ts';
import { begin, finish } from './results.ts';
import { verifyPipeline } from './verify-pipeline.ts';
import type { LandingReport } from './verify-pipeline.ts';

const DAY_MS = 86_400_000;
const REQUISITIONS = 40;
const LINES = 3;
const ROOTS_OF_RANGE = 5;
/** Each requisition, its lines, and the reason that it may use. */
const ROWS = REQUISITIONS * (2 + LINES);

let testbed: Testbed;
let v2: SmallV2;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());

beforeEach(async () => {
  v2 = createSmallV2('all');
  v2.transaction((transaction) => {
    const add = (table: string, values: Parameters<typeof insertInto>[2]): void =>
      insertInto(transaction, table, values);
    for (let product = 2; product <= LINES; product += 1) add('products', { id: product, formid: 1 });
    for (let id = 1; id <= REQUISITIONS; id += 1) {
      add('processing_periods', { id: id + 1, scheduleid: 1 });
      add('requisitions', {
        id,
        facilityid: 1,
        programid: 1,
        periodid: id + 1,
        status: 'INITIATED',
        emergency: false,
      });
      for (let product = 1; product <= LINES; product += 1) {
        const line = (id - 1) * LINES + product;
        add('requisition_line_items', {
          id: line,
          rnrid: id,
          productcode: `code ${product}`,
          skipped: false,
          remarks: `as counted in week ${id}`,
        });
      }
    }
  });
  await settle(testbed, v2);
});
afterEach(async () => {
  await testbed.client.query(
    'DELETE FROM cdc.verifications; DELETE FROM cdc.verified_ranges; DELETE FROM cdc.foreign_rows',
  );
  await testbed.clean();
});

test('what nobody touched is right, in every pipeline; the second time no row is looked at', async () => {
  for (const { name } of testbed.engines) expect((await verify(name)).differences).toEqual([]);
  const again = await verify('requisitions');
  expect(again).toMatchObject({
    differences: [],
    ranges: { compared: 0, reasons: {} },
    rows: { summed: ROWS, compared: 0 },
  });
  expect(again.ranges.total).toBeGreaterThanOrEqual(REQUISITIONS / (ROOTS_OF_RANGE + 1));
});

test('a single changed character is named with both figures, in the one range that is looked at, and mended by its root alone', async () => {
  await verify('requisitions');
  await edit(
    `UPDATE requisition.requisition_line_items SET remarks = replace(remarks, 'week', 'weak') WHERE id = $1`,
    lineId(7, 2),
  );
  const found = await verify('requisitions');
  expect(found.differences).toEqual([
    {
      kind: 'different',
      target: 'lines',
      table: 'requisition.requisition_line_items',
      key: lineId(7, 2),
      root: '7',
      columns: [{ column: 'remarks', expected: 'as counted in week 7', actual: 'as counted in weak 7' }],
      cause: 'v3',
    },
  ]);
  expect(found.ranges).toMatchObject({ compared: 1, reasons: { v3: 1 } });
  expect(found.rows.compared).toBeLessThanOrEqual((ROOTS_OF_RANGE + 1) * (2 + LINES));
  await expectMended(['7']);
});

test('a missing row is found, and comes back', async () => {
  await verify('requisitions');
  await edit('DELETE FROM requisition.requisition_line_items WHERE id = $1', lineId(9, 1));
  expect(inShort(await verify('requisitions'))).toEqual([['missing', 'lines', lineId(9, 1), '9', 'v3']]);
  await expectMended(['9']);
});

test.each([
  ['under a root of ours, by an id that nobody knows', 'b9a0a6a5-7a0d-4a51-9d58-2f4a4a8f2d11', '11'],
  ['by an id such as only we make', idOf('requisition_line_items', '987654'), '11'],
])('an extra row is found, and goes: %s', async (_, id, root) => {
  await verify('requisitions');
  await edit(
    `INSERT INTO requisition.requisition_line_items SELECT (jsonb_populate_record(t, jsonb_build_object('id', $2::text))).*
     FROM requisition.requisition_line_items t WHERE id = $1`,
    lineId(11, 1),
    id,
  );
  const found = await verify('requisitions');
  expect(inShort(found)).toEqual([['extra', 'lines', id, root, 'unowned']]);
  expect(found.ranges.compared).toBe(0);
  await expectMended([root]);
});

test('an extra row that hangs below nothing of ours goes by itself', async () => {
  const id = idOf('geographic_levels', '987654');
  await verify('geographic-levels');
  await edit(`INSERT INTO referencedata.geographic_levels (id, code, levelnumber) VALUES ($1, 'leftover', 9)`, id);
  expect(inShort(await verify('geographic-levels'))).toEqual([['extra', 'levels', id, `extra ${id}`, 'unowned']]);
  await expectMended([`extra ${id}`], 'geographic-levels');
});

test('rows that v3 makes of its own are no difference, and are looked at once', async () => {
  await verify('geographic-levels');
  await edit(
    `INSERT INTO referencedata.geographic_levels (id, code, levelnumber) VALUES ($1, 'own', 9)`,
    '0c1f3b7e-5a55-4c5e-9f0b-1f6d7a6d2e10',
  );
  expect(await verify('geographic-levels')).toMatchObject({ differences: [], searchedTables: 1, rows: { own: 1 } });
  expect(await verify('geographic-levels')).toMatchObject({ differences: [], searchedTables: 0, rows: { own: 1 } });
  await edit('DELETE FROM referencedata.geographic_levels WHERE id = $1', '0c1f3b7e-5a55-4c5e-9f0b-1f6d7a6d2e10');
});

test('several kinds at once are mended in one go, and nothing else is derived', async () => {
  await verify('requisitions');
  await edit('DELETE FROM requisition.requisition_line_items WHERE id = $1', lineId(1, 1));
  await edit('UPDATE requisition.requisition_line_items SET approvedquantity = 12345 WHERE id = $1', lineId(2, 1));
  await edit(`UPDATE requisition.requisitions SET status = 'APPROVED' WHERE id = $1`, idOf('requisitions', '30'));
  const found = await verify('requisitions');
  expect(found.differences.map(({ kind, root }) => `${kind} ${root}`).toSorted()).toEqual([
    'different 2',
    'different 30',
    'missing 1',
  ]);
  await expectMended(['1', '2', '30']);
});

test('a root that the engine forgot to derive again is found, when its time comes', async () => {
  await verify('requisitions');
  await applyForgetfully();
  expect(await verify('requisitions')).toMatchObject({ differences: [], ranges: { compared: 0 } });
  const found = await verify('requisitions', { compareAfterMs: 0 });
  expect(inShort(found)).toEqual([['different', 'lines', lineId(4, 3), '4', 'landing']]);
  expect(found.ranges.reasons).toEqual({ time: found.ranges.total });
  await expectMended(['4']);
});

test('roots that are to be derived are left out, and their ranges looked at again', async () => {
  v2.change('requisition_line_items', 1, { remarks: 'changed' });
  await applyAll(testbed.engine('requisitions'), v2, { isDeferred: true });
  expect(await verify('requisitions')).toMatchObject({ differences: [], openRoots: 1 });
  await deriveAll(testbed.engine('requisitions'));
  expect(await verify('requisitions')).toMatchObject({ differences: [], openRoots: 0, ranges: { compared: 1 } });
  expect(await verify('requisitions')).toMatchObject({ ranges: { compared: 0 } });
});

test('changes that are applied meanwhile are never a difference', async () => {
  const engine = testbed.engine('requisitions');
  const over = new AbortController();
  const applying = (async () => {
    for (let round = 1; !over.signal.aborted; round += 1) {
      const line = 1 + (round % (REQUISITIONS * LINES));
      v2.change('requisition_line_items', line, { remarks: `round ${round}`, quantityreceived: round });
      if (round % 3 === 0)
        v2.change('requisitions', 1 + (round % REQUISITIONS), { status: round % 2 === 0 ? 'SUBMITTED' : 'INITIATED' });
      if (round % 5 === 0) v2.change('products', 1 + (round % LINES), { primaryname: `Product ${round}` });
      await applyAll(engine, v2, { isDeferred: round % 4 === 0 });
      if (round % 8 === 0) await deriveAll(engine);
    }
  })();
  try {
    const reports: LandingReport[] = [];
    for (let look = 0; look < 12; look += 1)
      reports.push(await verify('requisitions', { compareAfterMs: look % 2 === 0 ? 0 : DAY_MS }));
    expect(reports.flatMap(({ differences }) => differences)).toEqual([]);
    // It was no quiet time.
    expect(reports.some(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to))).toBe(true);
  } finally {
    over.abort();
    await applying;
  }
  await settle(testbed, v2);
  expect((await verify('requisitions')).differences).toEqual([]);
});

test('new roots make new ranges, and every root stands in one', async () => {
  await verify('requisitions');
  v2.transaction((transaction) => {
    for (let id = 100; id < 140; id += 1) {
      insertInto(transaction, 'processing_periods', { id, scheduleid: 1 });
      insertInto(transaction, 'requisitions', {
        id,
        facilityid: 1,
        programid: 1,
        periodid: id,
        status: 'INITIATED',
        emergency: false,
      });
    }
  });
  await settle(testbed, v2);
  const before = await countRanges();
  const report = await verify('requisitions');
  expect(report).toMatchObject({ differences: [], rows: { summed: ROWS + 40 * 2 } });
  expect(await countRanges()).toBeGreaterThan(before);
  expect(report.ranges.compared).toBeLessThan(report.ranges.total);
});

test('a look that is bound in time goes on where the last one ended, and keeps what differs in sight', async () => {
  const bounded = (): Promise<LandingReport> => verify('requisitions', { mostMs: 0 });
  const ranges = Math.ceil(REQUISITIONS / (ROOTS_OF_RANGE + 1));
  for (let looks = 1; looks <= ranges; looks += 1)
    expect(await bounded()).toMatchObject({ differences: [], ranges: { looked: 1, compared: 1 }, isWhole: false });
  expect(await verify('requisitions')).toMatchObject({ differences: [], ranges: { compared: 0 }, isWhole: true });

  await edit('UPDATE requisition.requisition_line_items SET approvedquantity = 7 WHERE id = $1', lineId(25, 1));
  let found = await bounded();
  for (let times = 0; found.differences.length === 0 && times < REQUISITIONS; times += 1) found = await bounded();
  expect(inShort(found)).toEqual([['different', 'lines', lineId(25, 1), '25', 'v3']]);
  // Its range comes first from now on, and another one has its turn beside it.
  expect(inShort(await bounded())).toEqual(inShort(found));
  await expectMended(['25']);
});

async function verify(
  pipeline: string,
  { compareAfterMs = DAY_MS, mostMs }: { readonly compareAfterMs?: number; readonly mostMs?: number } = {},
): Promise<LandingReport> {
  const { plan, version, pool } = testbed.engine(pipeline);
  const size = { bytes: 1_000_000, roots: ROOTS_OF_RANGE };
  const report = await verifyPipeline({
    pool,
    plan,
    version,
    compareAfterMs,
    size,
    ...(mostMs === undefined ? {} : { mostMs }),
  });
  const begun = { id: `test-${pipeline}`, pipeline, against: 'landing' } as const;
  await begin(pool, begun);
  await finish(pool, begun, { count: report.differences.length, result: {}, rows: report.differences });
  return report;
}

function inShort({ differences }: LandingReport): readonly (readonly string[])[] {
  return differences.map(({ kind, target, key, root, cause }) => [kind, target, key, root, cause]);
}

/** Mending derives these roots and no other, and nothing differs afterwards: neither by our judgement nor by the testbed's. */
async function expectMended(roots: readonly string[], pipeline = 'requisitions'): Promise<void> {
  const engine = testbed.engine(pipeline);
  await mend(engine.pool, { id: 'mend', pipeline, name: 'mend', reason: 'test', by: 'test', via: 'update' });
  const { rows } = await testbed.client.query<{ root: string }>(
    'SELECT root FROM cdc.dirty ORDER BY length(root), root',
  );
  expect(rows.map(({ root }) => root)).toEqual(roots);
  expect((await deriveAll(engine)).quarantined).toBe(0);
  expect((await verify(pipeline)).differences).toEqual([]);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
}

/** Lands a change, and loses the mark of its root, as a fault in following a join would. */
async function applyForgetfully(): Promise<void> {
  v2.change('requisition_line_items', (4 - 1) * LINES + 3, { remarks: 'changed, and forgotten' });
  await applyAll(testbed.engine('requisitions'), v2, { isDeferred: true });
  await testbed.client.query('DELETE FROM cdc.dirty');
}

async function countRanges(): Promise<number> {
  const { rows } = await testbed.client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM cdc.verified_ranges',
  );
  return rows[0]?.count ?? 0;
}

async function edit(text: string, ...values: readonly string[]): Promise<void> {
  expect((await testbed.client.query(text, [...values])).rowCount).toBe(1);
}

function lineId(requisition: number, product: number): string {
  return idOf('requisition_line_items', String((requisition - 1) * LINES + product));
}
