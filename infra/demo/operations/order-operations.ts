// What MSD and the facilities do after a requisition was released: pack, ship, send something else instead, receive. Each
// action of a user is one transaction.
import { sometimesAwkward } from '../data/awkward-text.ts';
import { chooseUser, pickRow } from './session.ts';
import type { Operation, Outcome, Play } from './session.ts';

export const orderOperations = {
  prepareOrder: { weight: 2, play: prepareOrder },
  shipOrder: { weight: 4, play: shipOrder },
  shipAgain: { weight: 1, play: shipAgain },
  failShipment: { weight: 1, play: failShipment },
  startProofOfDelivery: { weight: 3, play: startProofOfDelivery },
  saveProofOfDelivery: { weight: 2, play: (play) => fillProofOfDelivery(play, { confirm: false }) },
  confirmProofOfDelivery: { weight: 3, play: (play) => fillProofOfDelivery(play, { confirm: true }) },
  supplyOrder: { weight: 1, play: supplyOrder },
} as const satisfies Record<string, Operation>;

interface Order {
  readonly id: number;
}

function pickOrder(play: Play, where: string): Promise<Order | undefined> {
  return pickRow(play, { select: 't.id', from: 'orders AS t', where });
}

const isShipped = 'EXISTS (SELECT FROM shipment_line_items AS line WHERE line.orderid = t.id)';
const hasProof = 'EXISTS (SELECT FROM pod WHERE pod.orderid = t.id)';

async function prepareOrder(play: Play): Promise<Outcome> {
  const order = await pickOrder(play, `t.status = 'RELEASED'`);
  if (order === undefined) return 'nothing to do';
  await setStatus(play, { id: order.id, status: play.random.pick(['IN_ROUTE', 'READY_TO_PACK']) });
  return 'done';
}

async function shipOrder(play: Play): Promise<Outcome> {
  const order = await pickOrder(play, `t.status IN ('RELEASED', 'IN_ROUTE', 'READY_TO_PACK') AND NOT ${isShipped}`);
  if (order === undefined) return 'nothing to do';
  return play.session.transaction(async () => {
    await insertShipment(play, order.id);
    await setStatus(play, { id: order.id, status: 'PACKED' });
  });
}

/** A shipment file that is read once more: every line goes and comes again, under another id. */
async function shipAgain(play: Play): Promise<Outcome> {
  const order = await pickOrder(play, `t.status = 'PACKED' AND ${isShipped}`);
  if (order === undefined) return 'nothing to do';
  return play.session.transaction(async () => {
    await play.session.change('DELETE FROM shipment_line_items WHERE orderid = $1', [order.id]);
    await insertShipment(play, order.id);
  });
}

async function failShipment(play: Play): Promise<Outcome> {
  const order = await pickOrder(play, `t.status = 'IN_ROUTE'`);
  if (order === undefined) return 'nothing to do';
  await setStatus(play, { id: order.id, status: 'SHIPMENT_ERROR' });
  return 'done';
}

/** The first ten lines that ask for packs; now and then the next product of the order is sent instead of a line's own. */
async function insertShipment({ session, random }: Play, orderid: number): Promise<void> {
  await session.change(
    `INSERT INTO shipment_line_items (
       orderid, ordernumber, productcode, productname, dispensingunit, productcategory, quantityordered, quantityshipped,
       packstoship, packsize, fullsupply, substitutedproductcode, substitutedproductname, substitutedproductquantityshipped,
       packeddate, shippeddate, createdby, modifiedby)
     SELECT line.id, line.ordernumber, line.productcode, coalesce(line.product, ''), coalesce(line.dispensingunit, ''),
       line.productcategory, line.packstoship, CASE WHEN line.isreplaced THEN 0 ELSE line.packstoship END,
       line.packstoship, line.packsize, line.fullsupply,
       CASE WHEN line.isreplaced THEN line.nextcode END, CASE WHEN line.isreplaced THEN left(line.nextproduct, 200) END,
       CASE WHEN line.isreplaced THEN line.packstoship END,
       CURRENT_TIMESTAMP, CASE WHEN $2 % 3 > 0 THEN CURRENT_TIMESTAMP END, $3, $3
     FROM (
       SELECT o.id, o.ordernumber, li.productcode, li.product, li.dispensingunit, li.productcategory, li.packstoship,
         li.packsize, li.fullsupply, lead(li.productcode) OVER place AS nextcode, lead(li.product) OVER place AS nextproduct,
         lead(li.productcode) OVER place IS NOT NULL AND li.id % 7 = $2 AS isreplaced
       FROM orders AS o JOIN requisition_line_items AS li ON li.rnrid = o.id
       WHERE o.id = $1 AND li.packstoship > 0 AND NOT li.skipped
       WINDOW place AS (ORDER BY li.id) ORDER BY li.id LIMIT 10
     ) AS line`,
    [orderid, random.integer(0, 6), chooseUser(random)],
  );
}

/** Of what was shipped; where nothing was, of what was ordered: then v2 has a proof of delivery without a shipment. */
async function startProofOfDelivery(play: Play): Promise<Outcome> {
  const order = await pickOrder(
    play,
    `t.status IN ('PACKED', 'RELEASED', 'READY_TO_PACK', 'TRANSFER_FAILED') AND NOT ${hasProof}`,
  );
  if (order === undefined) return 'nothing to do';
  const { session, random } = play;
  const user = chooseUser(random);
  return session.transaction(async () => {
    await session.change(
      `INSERT INTO pod (orderid, ordernumber, facilityid, programid, periodid, receiveddate, createdby, modifiedby)
       SELECT o.id, o.ordernumber, r.facilityid, r.programid, r.periodid, NULL, $2, $2
       FROM orders AS o JOIN requisitions AS r ON r.id = o.id WHERE o.id = $1`,
      [order.id, user],
    );
    await session.change(
      `INSERT INTO pod_line_items (podid, productcode, packstoship, quantityshipped, replacedproductcode, createdby, modifiedby)
       SELECT pod.id, line.productcode, line.packs, line.shipped, line.replaced, $2, $2
       FROM pod, (
         SELECT 0 AS place, id, productcode, packstoship AS packs, quantityshipped AS shipped, NULL AS replaced
         FROM shipment_line_items WHERE orderid = $1
         UNION ALL
         SELECT 1, id, substitutedproductcode, packstoship, substitutedproductquantityshipped, productcode
         FROM shipment_line_items WHERE orderid = $1 AND substitutedproductquantityshipped > 0
         UNION ALL
         (SELECT 2, id, productcode, packstoship, NULL, NULL FROM requisition_line_items
          WHERE rnrid = $1 AND packstoship > 0 AND NOT EXISTS (SELECT FROM shipment_line_items WHERE orderid = $1)
          ORDER BY id LIMIT 10)
       ) AS line
       WHERE pod.orderid = $1 ORDER BY line.place, line.id`,
      [order.id, user],
    );
  });
}

async function fillProofOfDelivery(play: Play, { confirm }: { readonly confirm: boolean }): Promise<Outcome> {
  const order = await pickOrder(play, `t.status <> 'RECEIVED' AND ${hasProof}`);
  if (order === undefined) return 'nothing to do';
  const { session, random } = play;
  const user = chooseUser(random);
  return session.transaction(async () => {
    await session.change(
      `UPDATE pod SET receiveddate = CURRENT_DATE, deliveredby = $2, receivedby = $3, modifiedby = $4, modifieddate = CURRENT_TIMESTAMP
       WHERE orderid = $1`,
      [order.id, sometimesAwkward(random, 'MSD', 100, 0.2), sometimesAwkward(random, 'Mfamasia', 100, 0.2), user],
    );
    await session.change(
      `UPDATE pod_line_items AS line
       SET quantityreceived = greatest(0, coalesce(line.quantityshipped, line.packstoship, 0) - CASE WHEN line.id % 5 = $2 THEN 1 ELSE 0 END),
           quantityreturned = CASE WHEN line.id % 5 = $2 THEN 1 END,
           notes = CASE WHEN line.id % 9 = $2 THEN $3 ELSE line.notes END, modifiedby = $4, modifieddate = CURRENT_TIMESTAMP
       FROM pod WHERE pod.id = line.podid AND pod.orderid = $1`,
      [order.id, random.integer(0, 4), sometimesAwkward(random, 'Kopo moja limevunjika', 250, 0.4), user],
    );
    if (confirm) await setStatus(play, { id: order.id, status: 'RECEIVED' });
  });
}

/** An administrator gives a supply line to an order that had none: from now on v3 can have it. */
async function supplyOrder(play: Play): Promise<Outcome> {
  const order = await pickOrder(play, 't.supplylineid IS NULL');
  if (order === undefined) return 'nothing to do';
  await play.session.change(
    `UPDATE orders SET supplylineid = line.id, ftpcomment = NULL, modifieddate = CURRENT_TIMESTAMP
     FROM requisitions AS r, LATERAL (SELECT min(id) AS id FROM supply_lines WHERE programid = r.programid) AS line
     WHERE orders.id = $1 AND r.id = orders.id`,
    [order.id],
  );
  return 'done';
}

function setStatus(
  { session, random }: Play,
  { id, status }: { readonly id: number; readonly status: string },
): Promise<number> {
  return session.change(
    'UPDATE orders SET status = $2, modifiedby = $3, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [id, status, chooseUser(random)],
  );
}
