// Product categories: the headings under which requisitions list products.
import { definePipeline, source, target } from '../definition.ts';

export const productCategories = definePipeline({
  name: 'product-categories',
  summary: 'The headings under which products are listed.',
  root: source('public.product_categories', { columns: ['id', 'code', 'name', 'displayorder'] }),
  owns: { categories: target('referencedata.orderable_display_categories', { key: ['id'], adoptable: true }) },
  derive: (category, { id }) => ({
    categories: [
      {
        id: id('product_categories', category.id),
        code: category.code,
        displayname: category.name,
        displayorder: category.displayorder,
      },
    ],
  }),
});
