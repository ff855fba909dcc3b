// What an entry of a v2 stock card does, in v3's words: a reason, which says whether stock comes or goes, and how much.
import type { DeriveContext } from '../definition.ts';
import { awaited } from '../steps/awaited.ts';
import { wordTable } from '../steps/word-table.ts';

/** Reasons that v3's own migrations bring, under ids that never change. */
const RECEIPTS = '313f2f5f-0c22-4626-8c49-3554ef763de3';
const CONSUMED = 'b5c27da7-bdda-4790-925a-9484c5dfb594';
const BEGINNING_BALANCE_EXCESS = '84eb13c3-3e54-4687-8a5f-a9f20dcd0dac';
const BEGINNING_BALANCE_INSUFFICIENCY = 'f8bb41e2-ab43-4781-ae7a-7bf3b5116b82';

export interface Movement {
  readonly reasonId: string;
  /** Never negative: the reason has the direction. */
  readonly quantity: number;
  /** The same with its direction. */
  readonly change: number;
}

interface Entry {
  readonly type: string;
  readonly quantity: number;
  readonly adjustmenttype: string | null;
  /** Null where there is none, or where it has not landed yet. */
  readonly adjustment: { readonly additive: boolean | null } | null;
}

const kindOf = wordTable('stock_card_entries.type', {
  CREDIT: 'receipt',
  DEBIT: 'issue',
  ADJUSTMENT: 'adjustment',
});

/**
 * The direction is that of the type, or of the adjustment's reason; parts of v2 write issues without their sign. Only an
 * adjustment without a reason, which is a count that differed from the books, has nothing but its sign.
 * @throws MkondoError DERIVE_FAILED for a type that nobody knows
 */
export function movementOf(entry: Entry, { id, loss }: DeriveContext): Movement {
  const { reasonId, isAdding } = reasonOf(entry, id);
  const quantity = Math.abs(entry.quantity);
  if (quantity !== 0 && isAdding !== entry.quantity > 0) {
    loss('VALUE_WITHOUT_HOME', 'stock_card_line_items.quantity'); // a sign that contradicts the reason
  }
  return { reasonId, quantity, change: isAdding ? quantity : 0 - quantity };
}

function reasonOf(
  { type, quantity, adjustmenttype, adjustment }: Entry,
  id: DeriveContext['id'],
): { readonly reasonId: string; readonly isAdding: boolean } {
  const kind = kindOf(type);
  if (kind === 'receipt') return { reasonId: RECEIPTS, isAdding: true };
  if (kind === 'issue') return { reasonId: CONSUMED, isAdding: false };
  if (adjustmenttype === null) {
    // Not no reason at all: v3 would take the quantity for the stock that was counted.
    return quantity < 0
      ? { reasonId: BEGINNING_BALANCE_INSUFFICIENCY, isAdding: false }
      : { reasonId: BEGINNING_BALANCE_EXCESS, isAdding: true };
  }
  return adjustment === null
    ? { reasonId: awaited(id, 'losses_adjustments_types', adjustmenttype), isAdding: quantity > 0 }
    : { reasonId: id('losses_adjustments_types', adjustmenttype), isAdding: adjustment.additive === true };
}
