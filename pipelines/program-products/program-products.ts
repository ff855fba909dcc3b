// Program products: which program orders which product, at what price, in what order on its forms.
import { definePipeline, one, references, source, target } from '../definition.ts';
import { ORDERABLE_VERSION } from '../products/products.ts';
import { awaited } from '../steps/awaited.ts';

export const programProducts = definePipeline({
  name: 'program-products',
  summary: 'Which program orders which products, with price, category and display order.',
  root: source('public.program_products', {
    columns: [
      'id',
      'programid',
      'productid',
      'dosespermonth',
      'active',
      'currentprice',
      'productcategoryid',
      'displayorder',
      'fullsupply',
    ],
    joins: { product: one('public.products', { on: { id: 'productid' }, columns: ['active', 'fullsupply'] }) },
  }),
  owns: {
    programOrderables: target('referencedata.program_orderables', {
      key: ['id'],
      references: [
        references('programid', 'referencedata.programs'),
        references(['orderableid', 'orderableversionnumber'], 'referencedata.orderables', ['id', 'versionnumber']),
        references('orderabledisplaycategoryid', 'referencedata.orderable_display_categories'),
      ],
    }),
  },
  derive: ({ product, ...programProduct }, { id }) => ({
    programOrderables: [
      {
        id: id('program_products', programProduct.id),
        programid: id('programs', programProduct.programid),
        orderableid:
          product === null
            ? awaited(id, 'products', programProduct.productid)
            : id('products', programProduct.productid),
        orderableversionnumber: ORDERABLE_VERSION,
        active: programProduct.active && product?.active === true, // v2 orders what is active in both
        displayorder: programProduct.displayorder ?? 0,
        dosesperpatient: programProduct.dosespermonth,
        priceperpack: programProduct.currentprice,
        orderabledisplaycategoryid: id('product_categories', programProduct.productcategoryid),
        fullsupply: programProduct.fullsupply ?? product?.fullsupply ?? false,
      },
    ],
  }),
});
