// Price changes: what a product cost in a program, since when, and who said so.
import v3OwnedRows from '../catalog/v3-owned-rows.json' with { type: 'json' };
import { definePipeline, one, references, source, target } from '../definition.ts';
import { instantOf } from '../steps/timestamp.ts';

/** v3 wants an author; eLMIS may not know one, and checks none. The user that v3 brings itself stands in. */
const NOBODY = v3OwnedRows['referencedata.users'][0]?.id ?? '';

export const priceChanges = definePipeline({
  name: 'price-changes',
  summary: 'What each product cost in a program, and since when.',
  root: source('public.program_product_price_history', {
    columns: ['id', 'programproductid', 'price', 'startdate', 'createddate'],
    joins: {
      creator: one('public.users', { on: { id: 'createdby' }, columns: ['id'] }),
      // eLMIS itself fills this one only.
      modifier: one('public.users', { on: { id: 'modifiedby' }, columns: ['id'] }),
    },
  }),
  owns: {
    changes: target('referencedata.price_changes', {
      key: ['id'],
      references: [
        references('programorderableid', 'referencedata.program_orderables'),
        references('authorid', 'referencedata.users'),
      ],
    }),
  },
  derive({ creator, modifier, ...change }, { id, loss }) {
    if (change.price === null) {
      loss('VALUE_WITHOUT_HOME', 'price_changes.price'); // a change to no price
      return { changes: [] };
    }
    const author = creator ?? modifier;
    return {
      changes: [
        {
          id: id('program_product_price_history', change.id),
          programorderableid: id('program_products', change.programproductid),
          price: change.price,
          authorid: author === null ? NOBODY : id('users', author.id),
          occurreddate: instantOf(change.startdate ?? change.createddate ?? '1970-01-01 00:00:00'),
        },
      ],
    };
  },
});
