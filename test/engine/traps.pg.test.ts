// The traps between v2's data and v3's rules, through the engine into a real v3: what v3 refuses by a key or a trigger goes
// to quarantine there, and what it takes wrongly is read back as a report reads it. docs/traps.md says what each is about.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { idOf } from '../../model/ids.ts';
import { createSmallV2, changeIn, insertInto } from './small-v2.ts';
import type { SmallV2 } from './small-v2.ts';
import { applyAll, createTestbed, settle } from './testbed.ts';
import type { Testbed } from './testbed.ts';
import type { Transaction } from './v2-source.ts';
import type { Row } from './v2-tables.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

describe('a requisition', () => {
  test('approved at two levels passes the trigger on status changes, and so does each later step', async () => {
    const v2 = withRequisition('IN_APPROVAL');
    const steps = ['INITIATED', 'SUBMITTED', 'AUTHORIZED', 'IN_APPROVAL', 'IN_APPROVAL', 'APPROVED', 'RELEASED'];
    for (const [index, status] of steps.entries()) {
      v2.add('requisition_status_changes', {
        id: index + 1,
        rnrid: 1,
        status,
        createddate: `2018-04-0${index + 1} 08:00:00`,
      });
      await settleWhole(v2); // each step alone: the trigger looks at the two newest at each commit
    }
    expect(await statusesInOrder()).toEqual([...new Set(steps)]);
  });

  test('whose steps bear one time keeps their order, and its newest step is v2’s newest', async () => {
    const v2 = withRequisition('AUTHORIZED');
    const createddate = '2018-04-01 08:00:00';
    for (const [id, status] of [
      [3, 'AUTHORIZED'],
      [1, 'SUBMITTED'],
      [4, 'SUBMITTED'],
      [2, 'INITIATED'],
    ] as const)
      v2.add('requisition_status_changes', { id, rnrid: 1, status, createddate });
    await settleWhole(v2);
    expect(await statusesInOrder()).toEqual(['SUBMITTED', 'INITIATED', 'AUTHORIZED', 'SUBMITTED']);
    expect(await ask('SELECT count(DISTINCT createddate)::int AS times FROM requisition.status_changes')).toEqual([
      { times: 4 },
    ]);
  });

  test('released without an order has v3’s word for it, in itself and in its history, and no order', async () => {
    const v2 = withRequisition('RELEASED_NO_ORDER');
    v2.add('requisition_status_changes', { id: 1, rnrid: 1, status: 'RELEASED_NO_ORDER' });
    await settleWhole(v2);
    const word = 'RELEASED_WITHOUT_ORDER';
    expect(await ask('SELECT status FROM requisition.requisitions')).toEqual([{ status: word }]);
    expect(await statusesInOrder()).toEqual([word]);
    expect(await ask('SELECT FROM fulfillment.orders')).toEqual([]);
  });

  test('with remarks longer than v3 holds has their beginning, and the loss is counted', async () => {
    const v2 = withRequisition('SUBMITTED');
    v2.add('requisition_line_items', { id: 1, rnrid: 1, productcode: 'code 1', remarks: `${'é'.repeat(249)}😀end` });
    await settleWhole(v2);
    expect(await ask('SELECT remarks FROM requisition.requisition_line_items')).toEqual([
      { remarks: `${'é'.repeat(249)}😀` },
    ]);
    expect(await ask(`SELECT losses -> '1' AS losses FROM cdc.ledger WHERE pipeline = 'requisitions'`)).toEqual([
      { losses: { 'TEXT_CUT requisition_line_items.remarks': 1 } },
    ]);
  });

  test('saved by deleting and inserting its adjustments in one transaction writes nothing', async () => {
    const v2 = withRequisition('SUBMITTED');
    v2.add('requisition_line_items', { id: 1, rnrid: 1, productcode: 'code 1' });
    v2.add('requisition_line_item_losses_adjustments', { requisitionlineitemid: 1, type: 'LOST', quantity: 3 });
    await settleWhole(v2);
    v2.transaction((transaction) => reinsert(transaction, 'requisition_line_item_losses_adjustments', {}));
    expect(await applyAll(testbed.engine('requisitions'), v2)).toMatchObject({ isApplied: true, written: 0 });
    await settleWhole(v2);
  });
});

describe('names that v3 wants unique ignoring case', () => {
  test.each([
    { table: 'supervisory_nodes', v3: 'referencedata.supervisory_nodes', link: { facilityid: 1 } },
    { table: 'processing_schedules', v3: 'referencedata.processing_schedules', link: {} },
  ])('two rows of $table that v2 tells apart by code alone are two in v3', async ({ table, v3, link }) => {
    const v2 = createSmallV2('places');
    v2.add(table, { ...link, id: 1, code: 'a', name: 'Council Pharmacy' });
    v2.add(table, { ...link, id: 2, code: 'b', name: 'COUNCIL PHARMACY' });
    await settleWhole(v2);
    expect(await ask(`SELECT code, name FROM ${v3} ORDER BY code`)).toEqual([
      { code: 'a', name: 'Council Pharmacy (a)' },
      { code: 'b', name: 'COUNCIL PHARMACY (b)' },
    ]);
  });
});

describe('a product', () => {
  test('that changes again and again has one version, by which reports find it on older lines', async () => {
    const v2 = withRequisition('SUBMITTED');
    v2.add('requisition_line_items', { id: 1, rnrid: 1, productcode: 'code 1' });
    await settleWhole(v2);
    for (const packsize of [20, 30]) {
      v2.change('products', 1, { packsize, modifieddate: `2020-01-${packsize} 08:00:00` });
      await settleWhole(v2);
    }
    // As v3's report does it: the newest version of each product, joined by id and version.
    expect(
      await ask(
        `SELECT newest.code, newest.netcontent::int AS packsize FROM requisition.requisition_line_items AS line
         LEFT JOIN (SELECT DISTINCT ON (id) * FROM referencedata.orderables ORDER BY id, versionnumber DESC) AS newest
           ON newest.id = line.orderableid AND newest.versionnumber = line.orderableversionnumber`,
      ),
    ).toEqual([{ code: 'code 1', packsize: 30 }]);
  });

  test('with the gtin of another one stands beside it', async () => {
    const v2 = createSmallV2('all');
    v2.change('products', 1, { gtin: '06291041500213' });
    v2.add('products', { id: 2, formid: 1, gtin: '06291041500213' });
    await settleWhole(v2);
    expect(
      await ask(
        `SELECT extradata ->> 'gtin' AS gtin, count(*)::int AS products FROM referencedata.orderables GROUP BY 1`,
      ),
    ).toEqual([{ gtin: '06291041500213', products: 2 }]);
  });

  test('whose code passes to another one takes its lines along: they are known by the code alone', async () => {
    const v2 = withRequisition('RELEASED');
    v2.add('supply_lines', { id: 1, programid: 1, supplyingfacilityid: 1 });
    const line = { productcode: 'code 1' };
    v2.add('requisition_line_items', { ...line, id: 1, rnrid: 1, packstoship: 4, skipped: false });
    v2.add('orders', { id: 1, status: 'RECEIVED', ordernumber: '0', supplylineid: 1 });
    v2.add('shipment_line_items', { ...line, id: 1, orderid: 1, quantityshipped: 4 });
    v2.add('pod', { id: 1, orderid: 1 });
    v2.add('pod_line_items', { ...line, id: 1, podid: 1, quantityreceived: 4 });
    v2.add('products', { id: 2, formid: 1, code: 'code 2' });
    await settleWhole(v2);
    expect(await productsOfLines()).toEqual(Array.from({ length: 4 }, () => idOf('products', '1')));

    // v2 lets no code go that a line bears, so the lines stand elsewhere meanwhile; in the end they are as they were.
    v2.transaction((transaction) => {
      const lines = ['requisition_line_items', 'shipment_line_items', 'pod_line_items'];
      const bear = (productcode: string): void =>
        lines.forEach((table) => changeIn(transaction, table, { id: 1, values: { productcode } }));
      insertInto(transaction, 'products', { id: 3, formid: 1, code: 'meanwhile' });
      bear('meanwhile');
      changeIn(transaction, 'products', { id: 1, values: { code: 'old code 1' } });
      changeIn(transaction, 'products', { id: 2, values: { code: 'code 1' } });
      bear('code 1');
    });
    await settleWhole(v2);
    expect(await productsOfLines()).toEqual(Array.from({ length: 4 }, () => idOf('products', '2')));
  });
});

describe('orders', () => {
  test('that eLMIS never numbered, all of them 0, have codes of their own', async () => {
    const v2 = withOrders(1, 2, 3);
    await settleWhole(v2);
    expect(await ask('SELECT ordercode FROM fulfillment.orders ORDER BY 1')).toEqual(
      ['1', '2', '3'].map((ordercode) => ({ ordercode })),
    );
  });

  test('that were received, but never shipped, have their proof of delivery on a shipment without lines', async () => {
    const v2 = withOrders(1);
    v2.add('pod', { id: 1, orderid: 1 });
    v2.add('pod_line_items', { id: 1, podid: 1, productcode: 'code 1', quantityreceived: 4 });
    await settleWhole(v2);
    expect(
      await ask(
        `SELECT p.id, s.extradata, (SELECT count(*)::int FROM fulfillment.shipment_line_items) AS shipped
         FROM fulfillment.proofs_of_delivery p JOIN fulfillment.shipments s ON s.id = p.shipmentid`,
      ),
    ).toEqual([{ id: idOf('pod', '1'), extradata: { synthetic: 'true' }, shipped: 0 }]);
  });
});

describe('time', () => {
  test('a period that ends in the last second of a day ends on that day, and begins on its first', async () => {
    const v2 = createSmallV2('all');
    v2.change('processing_periods', 1, { startdate: '2018-01-01 00:00:00', enddate: '2018-02-28 23:59:59' });
    await settleWhole(v2);
    expect(await ask('SELECT startdate::text, enddate::text FROM referencedata.processing_periods')).toEqual([
      { startdate: '2018-01-01', enddate: '2018-02-28' },
    ]);
  });

  test('v2’s clock is Tanzania’s, three hours before UTC’s: after midnight there it is yesterday in UTC', async () => {
    const v2 = withRequisition('INITIATED');
    v2.change('requisitions', 1, { createddate: '2018-02-01 00:30:00' });
    await settleWhole(v2);
    expect(await ask(`SELECT (createddate AT TIME ZONE 'UTC')::text AS utc FROM requisition.requisitions`)).toEqual([
      { utc: '2018-01-31 21:30:00' },
    ]);
  });
});

describe('eLMIS saves by deleting and inserting in one transaction', () => {
  const anew = { id: 77 };
  test.each([
    { pipeline: 'facilities', table: 'programs_supported', changes: anew },
    { pipeline: 'requisition-groups', table: 'requisition_group_members', changes: anew },
    { pipeline: 'requisition-groups', table: 'requisition_group_program_schedules', changes: anew },
    { pipeline: 'role-assignments', table: 'role_assignments', changes: {} }, // v2 gives them no number
    { pipeline: 'role-assignments', table: 'fulfillment_role_assignments', changes: {} },
    { pipeline: 'roles', table: 'role_rights', changes: {} },
  ])('$table, under new numbers where there are some: nothing is written', async ({ pipeline, table, changes }) => {
    const v2 = createSmallV2('all');
    v2.add('programs_supported', { id: 1, facilityid: 1, programid: 1, active: true });
    v2.add('supervisory_nodes', { id: 1, facilityid: 1 });
    v2.add('requisition_groups', { id: 1, supervisorynodeid: 1 });
    v2.add('requisition_group_members', { id: 1, requisitiongroupid: 1, facilityid: 1 });
    v2.add('requisition_group_program_schedules', { id: 1, requisitiongroupid: 1, programid: 1, scheduleid: 1 });
    v2.add('rights', { name: 'VIEW_REQUISITION', righttype: 'REQUISITION' });
    v2.add('roles', { id: 1, name: 'Approver' });
    v2.add('role_rights', { roleid: 1, rightname: 'VIEW_REQUISITION' });
    v2.add('role_assignments', { userid: 1, roleid: 1, programid: 1, supervisorynodeid: 1 });
    v2.add('fulfillment_role_assignments', { userid: 1, roleid: 1, facilityid: 1 });
    await settleWhole(v2);
    v2.transaction((transaction) => reinsert(transaction, table, changes));
    expect(await applyAll(testbed.engine(pipeline), v2)).toMatchObject({ isApplied: true, written: 0 });
    await settleWhole(v2);
  });
});

test('a role’s rights are v3’s own rows, found by name: none of v2’s names is one of v3’s', async () => {
  const v2 = createSmallV2('places');
  v2.add('roles', { id: 1, name: 'Approver' });
  for (const name of ['VIEW_REQUISITION', 'MANAGE_POD', 'COMPLETE_POD']) {
    v2.add('rights', { name, righttype: 'REQUISITION' });
    v2.add('role_rights', { roleid: 1, rightname: name });
  }
  await settleWhole(v2);
  expect(
    await ask(
      `SELECT rights.name FROM referencedata.role_rights JOIN referencedata.rights ON rights.id = rightid
       WHERE roleid = '${idOf('roles', '1')}' ORDER BY 1`,
    ),
  ).toEqual([{ name: 'PODS_MANAGE' }, { name: 'REQUISITION_VIEW' }]);
});

/** Everything arrives, nothing is left in quarantine or waiting, and v3 is what the definitions say. */
async function settleWhole(v2: SmallV2): Promise<void> {
  await settle(testbed, v2);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
}

function withRequisition(status: string): SmallV2 {
  const v2 = createSmallV2('all');
  v2.add('requisitions', { id: 1, facilityid: 1, programid: 1, periodid: 1, status, emergency: false });
  return v2;
}

/** Released requisitions with an order each, which v2 has not numbered. */
function withOrders(...ids: readonly number[]): SmallV2 {
  const v2 = createSmallV2('all');
  v2.add('supply_lines', { id: 1, programid: 1, supplyingfacilityid: 1 });
  for (const id of ids) {
    v2.add('processing_periods', { id: id + 1, scheduleid: 1 });
    const values = { facilityid: 1, programid: 1, periodid: id + 1, status: 'RELEASED', emergency: false };
    v2.add('requisitions', { ...values, id });
    v2.add('orders', { id, status: 'RECEIVED', ordernumber: '0', supplylineid: 1 });
  }
  return v2;
}

/** The rows of a table, deleted and inserted again with `changes`. */
function reinsert(transaction: Transaction, table: string, changes: Row): void {
  const rows = transaction.rows(`public.${table}`);
  expect(rows).toHaveLength(1);
  for (const row of rows) {
    expect(transaction.remove(`public.${table}`, row)).toBe(true);
    expect(transaction.insert(`public.${table}`, { ...row, ...changes })).toBe(true);
  }
}

async function ask(sql: string): Promise<readonly object[]> {
  return (await testbed.client.query<object>(sql)).rows;
}

async function statusesInOrder(): Promise<readonly string[]> {
  const { rows } = await testbed.client.query<{ status: string }>(
    'SELECT status FROM requisition.status_changes ORDER BY createddate',
  );
  return rows.map(({ status }) => status);
}

/** Of the one line of the requisition, the order, the shipment and the proof of delivery. */
async function productsOfLines(): Promise<readonly string[]> {
  const { rows } = await testbed.client.query<{ id: string }>(
    `SELECT orderableid AS id FROM requisition.requisition_line_items
     UNION ALL SELECT orderableid FROM fulfillment.order_line_items
     UNION ALL SELECT orderableid FROM fulfillment.shipment_line_items
     UNION ALL SELECT orderableid FROM fulfillment.proof_of_delivery_line_items`,
  );
  return rows.map(({ id }) => id);
}
