// What a program says about a product, and what the product itself says where the program is silent.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { programProducts } from './program-products.ts';

export const examples: readonly Example<typeof programProducts>[] = [
  {
    title: 'a product that is active in the program and by itself',
    root: {
      id: 1,
      programid: 1,
      productid: 1,
      dosespermonth: 30,
      active: true,
      currentprice: '12500.50',
      productcategoryid: 1,
      displayorder: 7,
      fullsupply: false,
      product: { active: true, fullsupply: true },
    },
    rows: {
      programOrderables: [
        {
          id: id('program_products', 1),
          programid: id('programs', 1),
          orderableid: id('products', 1),
          orderableversionnumber: 1,
          active: true,
          displayorder: 7,
          dosesperpatient: 30,
          priceperpack: '12500.50',
          orderabledisplaycategoryid: id('product_categories', 1),
          fullsupply: false,
        },
      ],
    },
  },
  {
    title: 'a product that is not active is not active in any program; what the program leaves open the product says',
    root: {
      id: 2,
      programid: 1,
      productid: 2,
      dosespermonth: 1,
      active: true,
      currentprice: null,
      productcategoryid: 2,
      displayorder: null,
      fullsupply: null,
      product: { active: false, fullsupply: true },
    },
    rows: {
      programOrderables: [
        {
          id: id('program_products', 2),
          programid: id('programs', 1),
          orderableid: id('products', 2),
          orderableversionnumber: 1,
          active: false,
          displayorder: 0,
          dosesperpatient: 1,
          priceperpack: null,
          orderabledisplaycategoryid: id('product_categories', 2),
          fullsupply: true,
        },
      ],
    },
  },
];
