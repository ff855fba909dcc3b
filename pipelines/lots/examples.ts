// A lot with all that v2 can say, another of the same number, and one of which v2 says nothing.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { lots } from './lots.ts';

const tradeitemid = id('products', 1, 'trade_item');

export const examples: readonly Example<typeof lots>[] = [
  {
    title: 'a lot that expires on a day of Tanzania, whose midnight is the evening before in UTC',
    root: {
      id: 1,
      productid: 1,
      lotnumber: 'BCG-0417',
      manufacturername: 'Serum Institute',
      manufacturedate: '2017-04-02 21:00:00+00',
      expirationdate: '2019-03-30 21:00:00+00',
      sameNumber: [{ id: 1 }, { id: 2 }],
    },
    rows: {
      lots: [
        {
          id: id('lots', 1),
          lotcode: 'BCG-0417',
          expirationdate: '2019-03-31',
          manufacturedate: '2017-04-03',
          tradeitemid,
          active: true,
        },
      ],
    },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'trade_items.manufactureroftradeitem' }],
  },
  {
    title: 'another lot of the same product and number, which v3 would not take: its id tells it apart',
    root: {
      id: 2,
      productid: 1,
      lotnumber: 'BCG-0417',
      manufacturername: null,
      manufacturedate: null,
      expirationdate: '2020-06-29 21:00:00+00',
      sameNumber: [{ id: 1 }, { id: 2 }],
    },
    rows: {
      lots: [
        {
          id: id('lots', 2),
          lotcode: 'BCG-0417 [2]',
          expirationdate: '2020-06-30',
          manufacturedate: null,
          tradeitemid,
          active: true,
        },
      ],
    },
  },
  {
    title: 'a lot of which v2 says as little as it may',
    root: {
      id: 3,
      productid: 1,
      lotnumber: null,
      manufacturername: null,
      manufacturedate: null,
      expirationdate: null,
      sameNumber: [],
    },
    rows: {
      lots: [
        {
          id: id('lots', 3),
          lotcode: '[3]',
          expirationdate: null,
          manufacturedate: null,
          tradeitemid,
          active: true,
        },
      ],
    },
  },
];
