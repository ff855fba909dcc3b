// Proofs of delivery: what arrived at a facility, line by line. v3 has them for a shipment, v2 for an order; the shipments
// pipeline makes a shipment for every order that has either.
import { definePipeline, many, one, references, source, target } from '../definition.ts';
import { supplyLineIdOf } from '../orders/supply-line.ts';
import { ORDERABLE_VERSION } from '../products/products.ts';
import { shipmentKey } from '../shipments/shipments.ts';
import { awaited } from '../steps/awaited.ts';
import { dayOf } from '../steps/timestamp.ts';

export const proofsOfDelivery = definePipeline({
  name: 'proofs-of-delivery',
  summary: 'What arrived of each shipment, accepted and rejected.',
  root: source('public.pod', {
    columns: ['id', 'orderid', 'receiveddate', 'deliveredby', 'receivedby'],
    joins: {
      order: one('public.orders', { key: ['id'], on: { id: 'orderid' }, columns: ['id', 'supplylineid', 'status'] }),
      lines: many('public.pod_line_items', {
        on: { podid: 'id' },
        columns: ['id', 'productcode', 'quantityreceived', 'quantityreturned', 'notes', 'replacedproductcode'],
        joins: { product: one('public.products', { on: { code: 'productcode' }, columns: ['id'] }) },
      }),
    },
  }),
  owns: {
    proofsOfDelivery: target('fulfillment.proofs_of_delivery', {
      key: ['id'],
      references: [references('shipmentid', 'fulfillment.shipments')],
    }),
    lines: target('fulfillment.proof_of_delivery_line_items', {
      key: ['id'],
      references: [
        references(['orderableid', 'orderableversionnumber'], 'referencedata.orderables', ['id', 'versionnumber']),
      ],
    }),
  },
  derive({ order, lines, ...proof }, { id, loss }) {
    if (order !== null) supplyLineIdOf(order);
    const proofId = id('pod', proof.id);
    return {
      proofsOfDelivery: [
        {
          id: proofId,
          shipmentid: order === null ? awaited(id, 'orders', proof.orderid) : id(...shipmentKey(order.id)),
          // eLMIS keeps a draft of it in the same rows, and marks the order when it is handed in.
          status: order?.status === 'RECEIVED' ? 'CONFIRMED' : 'INITIATED',
          deliveredby: proof.deliveredby,
          receivedby: proof.receivedby,
          receiveddate: dayOf(proof.receiveddate),
        },
      ],
      lines: lines.map((line) => {
        if (line.replacedproductcode !== null && line.replacedproductcode !== '')
          loss('VALUE_WITHOUT_HOME', 'proof_of_delivery_line_items.replacedproductcode');
        return {
          id: id('pod_line_items', line.id),
          proofofdeliveryid: proofId,
          orderableid:
            line.product === null ? awaited(id, 'products', line.productcode) : id('products', line.product.id),
          orderableversionnumber: ORDERABLE_VERSION,
          quantityaccepted: line.quantityreceived,
          quantityrejected: line.quantityreturned,
          notes: line.notes,
          usevvm: false,
        };
      }),
    };
  },
});
