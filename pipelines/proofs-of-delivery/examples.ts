// A proof of delivery that was handed in, and the draft of one for an order that v2 has no shipment of.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { proofsOfDelivery } from './proofs-of-delivery.ts';

export const examples: readonly Example<typeof proofsOfDelivery>[] = [
  {
    title: 'handed in, with what was accepted, rejected and remarked',
    root: {
      id: 1,
      orderid: 1,
      receiveddate: '2018-05-09 13:45:00',
      deliveredby: 'Juma "MSD"',
      receivedby: 'Asha',
      order: { id: 1, supplylineid: 1, status: 'RECEIVED' },
      lines: [
        {
          id: 41,
          productcode: 'P-0001',
          quantityreceived: 3,
          quantityreturned: 1,
          notes: 'one pack was wet',
          replacedproductcode: null,
          product: { id: 1 },
        },
        {
          id: 42,
          productcode: 'P-0001',
          quantityreceived: 12,
          quantityreturned: null,
          notes: null,
          replacedproductcode: 'P-0002',
          product: { id: 1 },
        },
      ],
    },
    rows: {
      proofsOfDelivery: [
        {
          id: id('pod', 1),
          shipmentid: id('orders', 1, 'shipment'),
          status: 'CONFIRMED',
          deliveredby: 'Juma "MSD"',
          receivedby: 'Asha',
          receiveddate: '2018-05-09',
        },
      ],
      lines: [
        {
          id: id('pod_line_items', 41),
          proofofdeliveryid: id('pod', 1),
          orderableid: id('products', 1),
          orderableversionnumber: 1,
          quantityaccepted: 3,
          quantityrejected: 1,
          notes: 'one pack was wet',
          usevvm: false,
        },
        {
          id: id('pod_line_items', 42),
          proofofdeliveryid: id('pod', 1),
          orderableid: id('products', 1),
          orderableversionnumber: 1,
          quantityaccepted: 12,
          quantityrejected: null,
          notes: null,
          usevvm: false,
        },
      ],
    },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'proof_of_delivery_line_items.replacedproductcode' }],
  },
  {
    title: 'a draft, of an order without a shipment in v2',
    root: {
      id: 2,
      orderid: 2,
      receiveddate: null,
      deliveredby: null,
      receivedby: null,
      order: { id: 2, supplylineid: 1, status: 'READY_TO_PACK' },
      lines: [
        {
          id: 43,
          productcode: 'P-0002',
          quantityreceived: null,
          quantityreturned: null,
          notes: null,
          replacedproductcode: null,
          product: { id: 2 },
        },
      ],
    },
    rows: {
      proofsOfDelivery: [
        {
          id: id('pod', 2),
          shipmentid: id('orders', 2, 'shipment'),
          status: 'INITIATED',
          deliveredby: null,
          receivedby: null,
          receiveddate: null,
        },
      ],
      lines: [
        {
          id: id('pod_line_items', 43),
          proofofdeliveryid: id('pod', 2),
          orderableid: id('products', 2),
          orderableversionnumber: 1,
          quantityaccepted: null,
          quantityrejected: null,
          notes: null,
          usevvm: false,
        },
      ],
    },
  },
];
