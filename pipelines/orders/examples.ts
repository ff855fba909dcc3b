// An order as eLMIS sends it to MSD, and one of the time before orders had numbers.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { orders } from './orders.ts';

export const examples: readonly Example<typeof orders>[] = [
  {
    title: 'a numbered order asks for the packs of the lines that were approved and not skipped',
    root: {
      id: 1,
      status: 'PACKED',
      supplylineid: 1,
      createdby: 7,
      createddate: '2018-04-20 10:00:00',
      modifiedby: 8,
      modifieddate: '2018-05-02 09:15:00.5',
      ordernumber: 'Oils00000001R',
      supplyLine: { supplyingfacilityid: 1 },
      requisition: {
        facilityid: 2,
        programid: 1,
        periodid: 2,
        emergency: false,
        fullsupplyitemssubmittedcost: '49382.72',
        nonfullsupplyitemssubmittedcost: '0.30',
        lines: [
          { id: 11, productcode: 'P-0001', packstoship: 4, skipped: false, product: { id: 1 } },
          { id: 12, productcode: 'P-0002', packstoship: 9, skipped: true, product: { id: 2 } },
          { id: 13, productcode: 'P-0002', packstoship: null, skipped: false, product: { id: 2 } },
          { id: 14, productcode: 'P-0002', packstoship: 0, skipped: false, product: { id: 2 } },
        ],
      },
    },
    rows: {
      orders: [
        {
          id: id('orders', 1),
          externalid: id('requisitions', 1),
          ordercode: 'Oils00000001R',
          status: 'SHIPPED',
          emergency: false,
          facilityid: id('facilities', 2),
          requestingfacilityid: id('facilities', 2),
          receivingfacilityid: id('facilities', 2),
          supplyingfacilityid: id('facilities', 1),
          programid: id('programs', 1),
          processingperiodid: id('processing_periods', 2),
          quotedcost: '49383.02',
          createdbyid: id('users', 7),
          createddate: '2018-04-20 10:00:00 Africa/Dar_es_Salaam',
          lastupdaterid: id('users', 8),
          lastupdateddate: '2018-05-02 09:15:00.5 Africa/Dar_es_Salaam',
        },
      ],
      lines: [
        {
          id: id('requisition_line_items', 11, 'order'),
          orderid: id('orders', 1),
          orderableid: id('products', 1),
          orderableversionnumber: 1,
          orderedquantity: 4,
        },
        {
          id: id('requisition_line_items', 14, 'order'),
          orderid: id('orders', 1),
          orderableid: id('products', 2),
          orderableversionnumber: 1,
          orderedquantity: 0,
        },
      ],
    },
  },
  {
    title: 'an order without a number, of a requisition without costs and lines, is called by its id',
    root: {
      id: 2,
      status: 'RELEASED',
      supplylineid: 1,
      createdby: 7,
      createddate: null,
      modifiedby: 7,
      modifieddate: null,
      ordernumber: '0',
      supplyLine: { supplyingfacilityid: 1 },
      requisition: {
        facilityid: 2,
        programid: 1,
        periodid: 1,
        emergency: true,
        fullsupplyitemssubmittedcost: null,
        nonfullsupplyitemssubmittedcost: null,
        lines: [],
      },
    },
    rows: {
      orders: [
        {
          id: id('orders', 2),
          externalid: id('requisitions', 2),
          ordercode: '2',
          status: 'ORDERED',
          emergency: true,
          facilityid: id('facilities', 2),
          requestingfacilityid: id('facilities', 2),
          receivingfacilityid: id('facilities', 2),
          supplyingfacilityid: id('facilities', 1),
          programid: id('programs', 1),
          processingperiodid: id('processing_periods', 1),
          quotedcost: '0.00',
          createdbyid: id('users', 7),
          createddate: null,
          lastupdaterid: id('users', 7),
          lastupdateddate: '1970-01-01 00:00:00 Africa/Dar_es_Salaam',
        },
      ],
      lines: [],
    },
  },
];
