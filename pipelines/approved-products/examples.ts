// Approvals of a program's product for two types of facility, and a product without any.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { approvedProducts } from './approved-products.ts';

export const examples: readonly Example<typeof approvedProducts>[] = [
  {
    title: 'approved for two types of facility',
    root: {
      id: 1,
      programid: 1,
      productid: 1,
      approvals: [
        {
          facilitytypeid: 1,
          maxmonthsofstock: 6,
          minmonthsofstock: '1.50',
          eop: '0.50',
          createddate: '2013-10-14 09:12:31.480217',
          modifieddate: '2018-04-05 16:00:00',
        },
        {
          facilitytypeid: 2,
          maxmonthsofstock: 3,
          minmonthsofstock: null,
          eop: null,
          createddate: '2013-10-14 09:12:31.480217',
          modifieddate: null,
        },
      ],
    },
    rows: {
      approvals: [
        {
          id: id('facility_approved_products', 1, 1),
          versionnumber: 1,
          facilitytypeid: id('facility_types', 1),
          programid: id('programs', 1),
          orderableid: id('products', 1),
          maxperiodsofstock: 6,
          minperiodsofstock: '1.50',
          emergencyorderpoint: '0.50',
          active: true,
          lastupdated: '2018-04-05 16:00:00 Africa/Dar_es_Salaam',
        },
        {
          id: id('facility_approved_products', 2, 1),
          versionnumber: 1,
          facilitytypeid: id('facility_types', 2),
          programid: id('programs', 1),
          orderableid: id('products', 1),
          maxperiodsofstock: 3,
          minperiodsofstock: null,
          emergencyorderpoint: null,
          active: true,
          lastupdated: '2013-10-14 09:12:31.480217 Africa/Dar_es_Salaam',
        },
      ],
    },
  },
  {
    title: 'a product that no type of facility may order',
    root: { id: 2, programid: 1, productid: 2, approvals: [] },
    rows: { approvals: [] },
  },
];
