// An order that nobody supplies: v3 cannot have it, and says nothing of it; the books say why, and nobody has to act here
// when v2 is mended.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { idOf } from '../../model/ids.ts';
import { createSmallV2, insertInto } from './small-v2.ts';
import { createTestbed, settle } from './testbed.ts';
import type { Testbed } from './testbed.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());

test('it stays in quarantine with its shipment and proof of delivery, and comes by itself with its supply line', async () => {
  const v2 = createSmallV2('all');
  v2.transaction((transaction) => {
    const add = (table: string, values: Parameters<typeof insertInto>[2]) => insertInto(transaction, table, values);
    add('supply_lines', { id: 1, programid: 1, supplyingfacilityid: 1 });
    add('requisitions', { id: 1, facilityid: 1, programid: 1, periodid: 1, status: 'RELEASED', emergency: false });
    add('requisition_line_items', { id: 1, rnrid: 1, productcode: 'code 1', packstoship: 4, skipped: false });
    add('orders', { id: 1, status: 'RECEIVED', ordernumber: '0', supplylineid: null });
    add('shipment_line_items', { id: 1, orderid: 1, productcode: 'code 1', quantityshipped: 4 });
    add('pod', { id: 1, orderid: 1 });
    add('pod_line_items', { id: 1, podid: 1, productcode: 'code 1', quantityreceived: 4 });
  });
  await settle(testbed, v2);
  expect(await quarantine()).toEqual([
    ['orders', '1', 'DERIVE_FAILED'],
    ['proofs-of-delivery', '1', 'DERIVE_FAILED'],
    ['shipments', '1', 'DERIVE_FAILED'],
  ]);
  expect(await fulfilment()).toEqual([]);

  v2.change('orders', 1, { supplylineid: 1 });
  await settle(testbed, v2);
  expect(await quarantine()).toEqual([]);
  expect(await fulfilment()).toEqual([{ ordercode: '1', asked: '4', shipped: '4', accepted: 4, status: 'CONFIRMED' }]);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

async function quarantine(): Promise<readonly (readonly string[])[]> {
  const { rows } = await testbed.client.query<string[]>({
    rowMode: 'array',
    text: 'SELECT pipeline, root, code FROM cdc.quarantine WHERE resolved_at IS NULL ORDER BY 1',
  });
  return rows;
}

async function fulfilment(): Promise<readonly object[]> {
  const { rows } = await testbed.client.query<object>(
    `SELECT o.ordercode, ol.orderedquantity AS asked, sl.quantityshipped AS shipped, pl.quantityaccepted AS accepted, p.status
     FROM fulfillment.orders o JOIN fulfillment.order_line_items ol ON ol.orderid = o.id
     LEFT JOIN fulfillment.shipments s ON s.orderid = o.id
     LEFT JOIN fulfillment.shipment_line_items sl ON sl.shipmentid = s.id
     LEFT JOIN fulfillment.proofs_of_delivery p ON p.shipmentid = s.id
     LEFT JOIN fulfillment.proof_of_delivery_line_items pl ON pl.proofofdeliveryid = p.id
     WHERE o.id = $1`,
    [idOf('orders', '1')],
  );
  return rows;
}
