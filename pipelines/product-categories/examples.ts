// Two headings.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { productCategories } from './product-categories.ts';

export const examples: readonly Example<typeof productCategories>[] = [
  {
    title: "v2's name is what v3 displays",
    root: { id: 1, code: 'antibiotics', name: 'Antibiotics', displayorder: 1 },
    rows: {
      categories: [
        { id: id('product_categories', 1), code: 'antibiotics', displayname: 'Antibiotics', displayorder: 1 },
      ],
    },
  },
  {
    title: 'a second category',
    root: { id: 2, code: 'arv', name: 'Antiretrovirals', displayorder: 2 },
    rows: {
      categories: [{ id: id('product_categories', 2), code: 'arv', displayname: 'Antiretrovirals', displayorder: 2 }],
    },
  },
];
