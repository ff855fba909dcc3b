// Products whose full name begins with their code, as store keepers ask for them.
import type { DeriveContext, Pipeline } from '../../definition.ts';
import { products } from '../../products/products.ts';

export default {
  ...products,
  derive(product: Parameters<typeof products.derive>[0], context: DeriveContext) {
    const rows = products.derive(product, context);
    return {
      ...rows,
      orderables: rows.orderables.map((row) => ({
        ...row,
        fullproductname: `${row.code} ${row.fullproductname ?? ''}`.trim(),
      })),
    };
  },
} satisfies Pipeline;
