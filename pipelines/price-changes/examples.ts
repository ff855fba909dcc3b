// A price as eLMIS writes it, and the least that it may hold.
import v3OwnedRows from '../catalog/v3-owned-rows.json' with { type: 'json' };
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { priceChanges } from './price-changes.ts';

export const examples: readonly Example<typeof priceChanges>[] = [
  {
    title: 'a price since a day',
    root: {
      id: 1,
      programproductid: 1,
      price: '12500.50',
      startdate: '2018-01-01 00:00:00',
      createddate: '2017-12-28 16:00:00',
      creator: null,
      modifier: { id: 1 },
    },
    rows: {
      changes: [
        {
          id: id('program_product_price_history', 1),
          programorderableid: id('program_products', 1),
          price: '12500.50',
          authorid: id('users', 1),
          occurreddate: '2018-01-01 00:00:00 Africa/Dar_es_Salaam',
        },
      ],
    },
  },
  {
    title: 'a price of which nobody knows since when and from whom',
    root: {
      id: 2,
      programproductid: 1,
      price: '0.00',
      startdate: null,
      createddate: null,
      creator: null,
      modifier: null,
    },
    rows: {
      changes: [
        {
          id: id('program_product_price_history', 2),
          programorderableid: id('program_products', 1),
          price: '0.00',
          authorid: v3OwnedRows['referencedata.users'][0]?.id ?? '',
          occurreddate: '1970-01-01 00:00:00 Africa/Dar_es_Salaam',
        },
      ],
    },
  },
  {
    title: 'no price is no change',
    root: {
      id: 3,
      programproductid: 1,
      price: null,
      startdate: '2018-01-01 00:00:00',
      createddate: null,
      creator: null,
      modifier: null,
    },
    rows: { changes: [] },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'price_changes.price' }],
  },
];
