// A shipment with a product that was sent instead of another; one that v2 knows only from its proof of delivery; an order
// that nobody has shipped.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { shipments } from './shipments.ts';

export const examples: readonly Example<typeof shipments>[] = [
  {
    title: 'the lines of an order are one shipment; what was sent instead of a product is a line of its own',
    root: {
      id: 1,
      supplylineid: 1,
      createdby: 7,
      createddate: '2018-04-20 10:00:00',
      modifieddate: '2018-05-02 09:15:00',
      lines: [
        {
          id: 31,
          productcode: 'P-0001',
          quantityshipped: 4,
          packeddate: '2018-04-30 00:00:00',
          shippeddate: '2018-05-02 00:00:00',
          substitutedproductcode: null,
          substitutedproductquantityshipped: null,
          createdby: 8,
          createddate: '2018-05-02 09:15:00',
          product: { id: 1 },
          substitute: null,
        },
        {
          id: 32,
          productcode: 'P-0002',
          quantityshipped: 0,
          packeddate: null,
          shippeddate: null,
          substitutedproductcode: 'P-0001',
          substitutedproductquantityshipped: 12,
          createdby: null,
          createddate: '2018-05-02 09:15:00',
          product: { id: 2 },
          substitute: { id: 1 },
        },
      ],
      proofOfDelivery: { receiveddate: '2018-05-09 00:00:00', createdby: 7, createddate: '2018-05-10 08:00:00' },
    },
    rows: {
      shipments: [
        {
          id: id('orders', 1, 'shipment'),
          orderid: id('orders', 1),
          shippedbyid: id('users', 8),
          shippeddate: '2018-05-02 09:15:00 Africa/Dar_es_Salaam',
          extradata: null,
        },
      ],
      lines: [
        {
          id: id('shipment_line_items', 31),
          shipmentid: id('orders', 1, 'shipment'),
          orderableversionnumber: 1,
          orderableid: id('products', 1),
          quantityshipped: 4,
          extradata: null,
        },
        {
          id: id('shipment_line_items', 32),
          shipmentid: id('orders', 1, 'shipment'),
          orderableversionnumber: 1,
          orderableid: id('products', 2),
          quantityshipped: 0,
          extradata: null,
        },
        {
          id: id('shipment_line_items', 32, 'substitute'),
          shipmentid: id('orders', 1, 'shipment'),
          orderableversionnumber: 1,
          orderableid: id('products', 1),
          quantityshipped: 12,
          extradata: { insteadof: id('products', 2) },
        },
      ],
    },
  },
  {
    title: 'a proof of delivery without a shipment in v2 gets one without lines',
    root: {
      id: 2,
      supplylineid: 1,
      createdby: 7,
      createddate: null,
      modifieddate: null,
      lines: [],
      proofOfDelivery: { receiveddate: null, createdby: null, createddate: '2018-06-01 08:00:00' },
    },
    rows: {
      shipments: [
        {
          id: id('orders', 2, 'shipment'),
          orderid: id('orders', 2),
          shippedbyid: id('users', 7),
          shippeddate: '2018-06-01 08:00:00 Africa/Dar_es_Salaam',
          extradata: { synthetic: 'true' },
        },
      ],
      lines: [],
    },
  },
  {
    title: 'an order of which nothing was shipped or received has no shipment, supplied by somebody or not',
    root: {
      id: 3,
      supplylineid: null,
      createdby: 7,
      createddate: null,
      modifieddate: null,
      lines: [],
      proofOfDelivery: null,
    },
    rows: { shipments: [], lines: [] },
  },
];
