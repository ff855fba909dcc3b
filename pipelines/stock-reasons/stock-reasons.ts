// Why stock changes: v2's types of losses and adjustments. v3 brings some reasons itself, `Transfer In` among them, which
// v2 has too: such a row stays v3's own, and our requisitions and stock cards point at it.
import { definePipeline, source, target } from '../definition.ts';
import { reasonCategoryOf } from '../requisitions/reasons.ts';

export const stockReasons = definePipeline({
  name: 'stock-reasons',
  summary:
    "Types of losses and adjustments as reasons; one that v3 brought itself (such as 'Transfer In') is adopted and left as it is.",
  root: source('public.losses_adjustments_types', {
    key: ['name'],
    columns: ['name', 'description', 'additive', 'category'],
  }),
  owns: { reasons: target('stockmanagement.stock_card_line_item_reasons', { key: ['id'], adopt: 'name' }) },
  derive: (type, { id }) => ({
    reasons: [
      {
        id: id('losses_adjustments_types', type.name),
        name: type.description, // what v2's users read; its name is a key such as TRANSFER_IN
        description: type.description,
        reasontype: type.additive === true ? 'CREDIT' : 'DEBIT',
        reasoncategory: reasonCategoryOf(type),
        isfreetextallowed: false, // v2 takes a quantity only
      },
    ],
  }),
});
