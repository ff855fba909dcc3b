// Lots of products. In v3 a lot belongs to the trade item, which the products pipeline makes of the same product.
import { definePipeline, many, references, source, target } from '../definition.ts';
import { dayInTanzania } from '../steps/instant.ts';
import { lotCode } from './lot-code.ts';

export const lots = definePipeline({
  name: 'lots',
  summary: 'Lots of products, with their dates of manufacture and expiry.',
  root: source('public.lots', {
    columns: ['id', 'productid', 'lotnumber', 'manufacturername', 'manufacturedate', 'expirationdate'],
    joins: {
      sameNumber: many('public.lots', {
        on: { productid: 'productid', lotnumber: 'lotnumber' },
        columns: ['id'],
      }),
    },
  }),
  owns: {
    lots: target('referencedata.lots', {
      key: ['id'],
      references: [references('tradeitemid', 'referencedata.trade_items')],
    }),
  },
  derive(lot, { id, loss }) {
    // v3 knows one manufacturer for all of a trade item, v2 one for each lot.
    if (lot.manufacturername !== null) loss('VALUE_WITHOUT_HOME', 'trade_items.manufactureroftradeitem');
    return {
      lots: [
        {
          id: id('lots', lot.id),
          lotcode: lotCode(lot),
          expirationdate: dayInTanzania(lot.expirationdate),
          manufacturedate: dayInTanzania(lot.manufacturedate),
          tradeitemid: id('products', lot.productid, 'trade_item'),
          active: true, // v2 does not say
        },
      ],
    };
  },
});
