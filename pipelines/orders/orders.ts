// Orders: what a released requisition asks of its supplier. v2 keeps no lines for an order, which bears the number of its
// requisition: they are the requisition's, in packs. A requisition that is released without an order has none here.
import { definePipeline, many, one, references, source, target } from '../definition.ts';
import type { DeriveContext, Loaded } from '../definition.ts';
import { ORDERABLE_VERSION } from '../products/products.ts';
import { awaited } from '../steps/awaited.ts';
import { plus } from '../steps/decimal.ts';
import { lastChange } from '../steps/last-change.ts';
import { instantOf } from '../steps/timestamp.ts';
import { orderCodeOf } from './order-code.ts';
import { orderStatusOf } from './statuses.ts';
import { supplyLineIdOf } from './supply-line.ts';

const root = source('public.orders', {
  key: ['id'], // unique in v2, though no primary key
  columns: ['id', 'status', 'supplylineid', 'createdby', 'createddate', 'modifiedby', 'modifieddate', 'ordernumber'],
  joins: {
    supplyLine: one('public.supply_lines', { on: { id: 'supplylineid' }, columns: ['supplyingfacilityid'] }),
    requisition: one('public.requisitions', {
      on: { id: 'id' },
      columns: [
        'facilityid',
        'programid',
        'periodid',
        'emergency',
        'fullsupplyitemssubmittedcost',
        'nonfullsupplyitemssubmittedcost',
      ],
      joins: {
        // Below the requisition, although an order has the same id: a line of a requisition without an order then
        // concerns nobody, and most lines are saved before there is an order.
        lines: many('public.requisition_line_items', {
          on: { rnrid: 'id' },
          columns: ['id', 'productcode', 'packstoship', 'skipped'],
          joins: { product: one('public.products', { on: { code: 'productcode' }, columns: ['id'] }) },
        }),
      },
    }),
  },
});

type Order = Loaded<typeof root>;

export const orders = definePipeline({
  name: 'orders',
  summary: 'Orders of released requisitions, with the packs that their lines ask for.',
  root,
  owns: {
    orders: target('fulfillment.orders', {
      key: ['id'],
      references: [
        references('externalid', 'requisition.requisitions'),
        references('facilityid', 'referencedata.facilities'),
        references('requestingfacilityid', 'referencedata.facilities'),
        references('receivingfacilityid', 'referencedata.facilities'),
        references('supplyingfacilityid', 'referencedata.facilities'),
        references('programid', 'referencedata.programs'),
        references('processingperiodid', 'referencedata.processing_periods'),
        references('createdbyid', 'referencedata.users'),
        references('lastupdaterid', 'referencedata.users'),
      ],
    }),
    lines: target('fulfillment.order_line_items', {
      key: ['id'],
      references: [
        references(['orderableid', 'orderableversionnumber'], 'referencedata.orderables', ['id', 'versionnumber']),
      ],
    }),
  },
  derive(order, { id }) {
    const orderId = id('orders', order.id);
    return {
      orders: [orderRow(order, { id, orderId })],
      lines: (order.requisition?.lines ?? []).flatMap((line) => {
        // A line that was never approved, or was skipped, orders nothing; none at all is an answer, too.
        if (line.packstoship === null || line.skipped) return [];
        return [
          {
            id: id('requisition_line_items', line.id, 'order'),
            orderid: orderId,
            orderableid:
              line.product === null ? awaited(id, 'products', line.productcode) : id('products', line.product.id),
            orderableversionnumber: ORDERABLE_VERSION,
            orderedquantity: line.packstoship,
          },
        ];
      }),
    };
  },
});

function orderRow(order: Order, { id, orderId }: Pick<DeriveContext, 'id'> & { readonly orderId: string }) {
  const { requisition } = order;
  const supplyLineId = supplyLineIdOf(order);
  const supplyingFacilityId =
    order.supplyLine === null
      ? awaited(id, 'supply_lines', supplyLineId)
      : id('facilities', order.supplyLine.supplyingfacilityid);
  const ofRequisition =
    requisition === null
      ? {
          facilityId: awaited(id, 'requisitions', order.id),
          programId: awaited(id, 'requisitions', order.id),
          periodId: awaited(id, 'requisitions', order.id),
        }
      : {
          facilityId: id('facilities', requisition.facilityid),
          programId: id('programs', requisition.programid),
          periodId: id('processing_periods', requisition.periodid),
        };
  return {
    id: orderId,
    externalid: id('requisitions', order.id),
    ordercode: orderCodeOf(order),
    status: orderStatusOf(order.status),
    emergency: requisition?.emergency ?? false,
    facilityid: ofRequisition.facilityId,
    requestingfacilityid: ofRequisition.facilityId,
    receivingfacilityid: ofRequisition.facilityId,
    supplyingfacilityid: supplyingFacilityId,
    programid: ofRequisition.programId,
    processingperiodid: ofRequisition.periodId,
    quotedcost: plus(
      requisition?.fullsupplyitemssubmittedcost ?? '0.00',
      requisition?.nonfullsupplyitemssubmittedcost ?? '0.00',
    ),
    createdbyid: id('users', order.createdby),
    createddate: instantOf(order.createddate),
    lastupdaterid: id('users', order.modifiedby),
    lastupdateddate: lastChange(order),
  };
}
