// Shipments: what the supplier sent for an order. v2 has lines only, each with the number of its order: one shipment is
// made of the lines of each order. A proof of delivery needs a shipment in v3, so an order that v2 has one for, but no
// shipment lines, gets a shipment without lines. Both are made here and nowhere else, under one id.
import type { DeriveContext, Loaded } from '../definition.ts';
import { definePipeline, many, one, references, source, target } from '../definition.ts';
import { supplyLineIdOf } from '../orders/supply-line.ts';
import { ORDERABLE_VERSION } from '../products/products.ts';
import { awaited } from '../steps/awaited.ts';
import { extraData } from '../steps/extra-data.ts';
import { shippingOf } from './shipping.ts';

const root = source('public.orders', {
  key: ['id'],
  columns: ['id', 'supplylineid', 'createdby', 'createddate', 'modifieddate'],
  joins: {
    lines: many('public.shipment_line_items', {
      on: { orderid: 'id' },
      columns: [
        'id',
        'productcode',
        'quantityshipped',
        'packeddate',
        'shippeddate',
        'substitutedproductcode',
        'substitutedproductquantityshipped',
        'createdby',
        'createddate',
      ],
      joins: {
        product: one('public.products', { on: { code: 'productcode' }, columns: ['id'] }),
        substitute: one('public.products', { on: { code: 'substitutedproductcode' }, columns: ['id'] }),
      },
    }),
    proofOfDelivery: one('public.pod', {
      on: { orderid: 'id' },
      columns: ['receiveddate', 'createdby', 'createddate'],
    }),
  },
});

type Line = Loaded<typeof root>['lines'][number];

/** The id of an order's shipment. v2 has no row for it. */
export function shipmentKey(orderId: number): ['orders', number, 'shipment'] {
  return ['orders', orderId, 'shipment'];
}

export const shipments = definePipeline({
  name: 'shipments',
  summary: 'What was shipped for each order, with the products that were sent instead of others.',
  root,
  owns: {
    shipments: target('fulfillment.shipments', {
      key: ['id'],
      references: [references('orderid', 'fulfillment.orders')],
    }),
    lines: target('fulfillment.shipment_line_items', {
      key: ['id'],
      references: [
        references(['orderableid', 'orderableversionnumber'], 'referencedata.orderables', ['id', 'versionnumber']),
      ],
    }),
  },
  derive(order, context) {
    const { lines, proofOfDelivery } = order;
    if (lines.length === 0 && proofOfDelivery === null) return { shipments: [], lines: [] };
    supplyLineIdOf(order);
    const { id } = context;
    const shipmentId = id(...shipmentKey(order.id));
    const { shippedBy, shippedDate } = shippingOf(order);
    return {
      shipments: [
        {
          id: shipmentId,
          orderid: id('orders', order.id),
          shippedbyid: id('users', shippedBy),
          shippeddate: shippedDate,
          extradata: extraData({ synthetic: lines.length === 0 ? 'true' : null }),
        },
      ],
      lines: lines.flatMap((line) => lineRows(line, { ...context, shipmentId })),
    };
  },
});

function lineRows(line: Line, { id, loss, shipmentId }: DeriveContext & { readonly shipmentId: string }) {
  const { product, substitute, substitutedproductcode, substitutedproductquantityshipped } = line;
  const orderedId = product === null ? awaited(id, 'products', line.productcode) : id('products', product.id);
  const common = { shipmentid: shipmentId, orderableversionnumber: ORDERABLE_VERSION };
  const ordered = {
    id: id('shipment_line_items', line.id),
    ...common,
    orderableid: orderedId,
    quantityshipped: line.quantityshipped,
    extradata: null,
  };
  if (substitutedproductquantityshipped === null || substitutedproductquantityshipped === 0) return [ordered];
  if (substitutedproductcode === null || substitutedproductcode === '') {
    loss('VALUE_WITHOUT_HOME', 'shipment_line_items.orderableid'); // nobody knows what was sent
    return [ordered];
  }
  return [
    ordered,
    {
      id: id('shipment_line_items', line.id, 'substitute'),
      ...common,
      // v2 does not check this code. One that is no product's makes the shipment wait, as a product on its way does.
      orderableid:
        substitute === null ? awaited(id, 'products', substitutedproductcode) : id('products', substitute.id),
      quantityshipped: substitutedproductquantityshipped,
      extradata: extraData({ insteadof: orderedId }),
    },
  ];
}
