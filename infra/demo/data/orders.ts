// What becomes of a released requisition: the order, what was shipped for it, the proof of delivery. Every case that is hard
// on the way to v3 is common here: orders of the time before eLMIS numbered them, orders that nobody supplies, products sent
// instead of others, proofs of delivery without a shipment, drafts of them.
import { sometimesAwkward } from './awkward-text.ts';
import { dayMs, timestampText } from './calendar.ts';
import type { NewRow } from '../copy-rows.ts';
import type { Random } from '../random.ts';

type OrderTable = 'public.orders' | 'public.shipment_line_items' | 'public.pod' | 'public.pod_line_items';

/** Rows by table; orders come before what refers to them. */
export type OrderRows = { [Table in OrderTable]: NewRow<Table>[] };

export function noOrderRows(): OrderRows {
  return { 'public.orders': [], 'public.shipment_line_items': [], 'public.pod': [], 'public.pod_line_items': [] };
}

export interface Release {
  readonly requisition: Pick<NewRow<'public.requisitions'>, 'id' | 'facilityid' | 'programid' | 'periodid'>;
  readonly lines: readonly NewRow<'public.requisition_line_items'>[];
  readonly supplylineid: number | null;
  readonly atMs: number;
}

/** MSD sends the first lines of an order only: enough for every case, and the demo stays small. */
const linesShipped = 10;

// eslint-disable-next-line typescript/explicit-module-boundary-types -- used by the requisitions only
export function createOrderMaker(random: Random) {
  const lastId = { shipmentLine: 0, proof: 0, proofLine: 0 };

  /** Adds the order, and what followed it, to `into`. */
  return function makeOrder({ requisition, lines, supplylineid, atMs }: Release, into: OrderRows): void {
    const isSupplied = supplylineid !== null && !random.chance(0.05);
    const order = {
      id: requisition.id,
      shipmentid: null,
      status: isSupplied ? statusOf(random) : 'TRANSFER_FAILED',
      ftpcomment: isSupplied ? null : 'order.ftpcomment.supplyline.missing',
      supplylineid: isSupplied ? supplylineid : null,
      createdby: 1,
      createddate: timestampText(atMs),
      modifiedby: 1,
      modifieddate: timestampText(atMs),
      ordernumber: random.chance(0.2) ? '0' : `O${String(requisition.id).padStart(8, '0')}R`,
    };
    into['public.orders'].push(order);

    const ordered = lines.filter(({ packstoship }) => (packstoship ?? 0) > 0).slice(0, linesShipped);
    const wasSent = order.status === 'PACKED' || order.status === 'RECEIVED';
    // Where MSD sends no file, the proof of delivery is all that tells of a shipment.
    const shipped =
      wasSent && random.chance(0.8) ? ordered.map((line) => shipmentLine({ line, order, lines: ordered, atMs })) : [];
    into['public.shipment_line_items'].push(...shipped);

    if (order.status === 'RECEIVED' || random.chance(0.15))
      addProof({ requisition, order, shipped, ordered, atMs }, into);
  };

  function shipmentLine({
    line,
    order,
    lines,
    atMs,
  }: {
    readonly line: NewRow<'public.requisition_line_items'>;
    readonly order: NewRow<'public.orders'>;
    readonly lines: readonly NewRow<'public.requisition_line_items'>[];
    readonly atMs: number;
  }): NewRow<'public.shipment_line_items'> {
    const substitute = random.chance(0.08) ? random.pick(lines) : undefined;
    const packs = line.packstoship ?? 0;
    const packedMs = atMs + random.integer(1, 9) * dayMs;
    return {
      id: (lastId.shipmentLine += 1),
      orderid: order.id,
      ordernumber: order.ordernumber,
      productcode: line.productcode,
      productname: line.product ?? line.productcode,
      dispensingunit: line.dispensingunit ?? 'each',
      productcategory: line.productcategory ?? null,
      quantityordered: packs,
      quantityshipped: substitute === undefined ? packs - (random.chance(0.2) ? 1 : 0) : 0,
      packstoship: packs,
      packsize: line.packsize ?? null,
      fullsupply: line.fullsupply,
      substitutedproductcode: substitute?.productcode ?? (random.chance(0.3) ? '' : null),
      substitutedproductname: substitute?.product?.slice(0, 200) ?? null,
      substitutedproductquantityshipped: substitute === undefined ? (random.chance(0.3) ? 0 : null) : packs,
      batch: random.chance(0.5) ? null : `B${random.integer(1000, 9999)}`,
      packeddate: random.chance(0.1) ? null : timestampText(packedMs),
      shippeddate: random.chance(0.3) ? null : timestampText(packedMs + dayMs),
      createdby: random.chance(0.2) ? null : 1,
      createddate: timestampText(packedMs + 2 * dayMs),
      modifieddate: timestampText(packedMs + 2 * dayMs),
    };
  }

  function addProof(
    {
      requisition,
      order,
      shipped,
      ordered,
      atMs,
    }: {
      readonly requisition: Release['requisition'];
      readonly order: NewRow<'public.orders'>;
      readonly shipped: readonly NewRow<'public.shipment_line_items'>[];
      readonly ordered: Release['lines'];
      readonly atMs: number;
    },
    into: OrderRows,
  ): void {
    const wasReceived = order.status === 'RECEIVED';
    const podid = (lastId.proof += 1);
    const receivedMs = atMs + random.integer(10, 30) * dayMs;
    into['public.pod'].push({
      id: podid,
      orderid: order.id,
      ordernumber: order.ordernumber,
      facilityid: requisition.facilityid,
      programid: requisition.programid,
      periodid: requisition.periodid,
      receiveddate: wasReceived ? timestampText(receivedMs - (receivedMs % dayMs)) : null,
      deliveredby: wasReceived ? sometimesAwkward(random, 'MSD', 100, 0.2) : null,
      receivedby: wasReceived ? sometimesAwkward(random, 'Mfamasia', 100, 0.2) : null,
      createdby: random.chance(0.1) ? null : 1,
      createddate: timestampText(receivedMs),
      modifieddate: timestampText(receivedMs),
    });
    const add = (line: Omit<NewRow<'public.pod_line_items'>, 'id' | 'podid'>, packs: number | null): void => {
      const rejected = random.chance(0.1) ? 1 : null;
      into['public.pod_line_items'].push({
        ...line,
        id: (lastId.proofLine += 1),
        podid,
        quantityreceived: wasReceived ? Math.max(0, (packs ?? 0) - (rejected ?? 0)) : null,
        quantityreturned: wasReceived ? rejected : null,
        notes: random.chance(0.9) ? null : sometimesAwkward(random, 'Kopo moja limevunjika', 250, 0.4),
        createddate: timestampText(receivedMs),
      });
    };
    // As eLMIS fills one: with what was shipped, or else with what was ordered.
    for (const line of shipped) {
      add({ productcode: line.productcode, quantityshipped: line.quantityshipped }, line.quantityshipped);
      const { substitutedproductcode: sent, substitutedproductquantityshipped: packs } = line;
      if (sent !== null && sent !== undefined && sent !== '')
        add(
          { productcode: sent, replacedproductcode: line.productcode, quantityshipped: packs ?? null },
          packs ?? null,
        );
    }
    if (shipped.length === 0)
      for (const line of ordered)
        add({ productcode: line.productcode, packstoship: line.packstoship ?? null }, line.packstoship ?? null);
  }
}

function statusOf(random: Random): string {
  return random.pickWeighted([
    ['RECEIVED', 60],
    ['PACKED', 12],
    ['RELEASED', 14],
    ['IN_ROUTE', 6],
    ['READY_TO_PACK', 5],
    ['TRANSFER_FAILED', 1],
    ['SHIPMENT_ERROR', 2],
  ]);
}
