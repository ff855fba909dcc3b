// A reason that v3 brought itself, and two of v2's own.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { stockReasons } from './stock-reasons.ts';

export const examples: readonly Example<typeof stockReasons>[] = [
  {
    title: "a transfer in: v3's own row has this name and is adopted, so this one is never written",
    root: { name: 'TRANSFER_IN', description: 'Transfer In', additive: true, category: 'TRANSFER' },
    rows: {
      reasons: [
        {
          id: id('losses_adjustments_types', 'TRANSFER_IN'),
          name: 'Transfer In',
          description: 'Transfer In',
          reasontype: 'CREDIT',
          reasoncategory: 'TRANSFER',
          isfreetextallowed: false,
        },
      ],
    },
  },
  {
    title: 'damage takes stock away',
    root: { name: 'DAMAGED', description: 'Damaged', additive: false, category: 'adjustment' },
    rows: {
      reasons: [
        {
          id: id('losses_adjustments_types', 'DAMAGED'),
          name: 'Damaged',
          description: 'Damaged',
          reasontype: 'DEBIT',
          reasoncategory: 'ADJUSTMENT',
          isfreetextallowed: false,
        },
      ],
    },
  },
  {
    title: 'a type of which v2 says as little as it may takes stock away, as on requisitions',
    root: { name: 'VVM_CHANGE', description: 'VVM change', additive: null, category: null },
    rows: {
      reasons: [
        {
          id: id('losses_adjustments_types', 'VVM_CHANGE'),
          name: 'VVM change',
          description: 'VVM change',
          reasontype: 'DEBIT',
          reasoncategory: 'ADJUSTMENT',
          isfreetextallowed: false,
        },
      ],
    },
  },
];
