import { describe, expect, test } from 'vitest';
import ownedRows from '../catalog/v3-owned-rows.json' with { type: 'json' };
import type { DeriveContext } from '../definition.ts';
import { id } from '../example.ts';
import { movementOf } from './movement.ts';

const reasons = ownedRows['stockmanagement.stock_card_line_item_reasons'];
const seeded = (name: string): string | undefined => reasons.find((reason) => reason.name === name)?.id;

function move(entry: Partial<Parameters<typeof movementOf>[0]>) {
  const losses: string[] = [];
  const loss: DeriveContext['loss'] = (code, column) => losses.push(`${code} ${column}`);
  const plain = { type: 'CREDIT', quantity: 5, adjustmenttype: null, adjustment: null };
  return { ...movementOf({ ...plain, ...entry }, { id, loss }), losses };
}

const damaged = { type: 'ADJUSTMENT', adjustmenttype: 'DAMAGED', adjustment: { additive: false } };
const found = { type: 'ADJUSTMENT', adjustmenttype: 'FOUND', adjustment: { additive: true } };

describe('an entry as v2 writes it', () => {
  test.each([
    { what: 'a receipt', entry: { type: 'CREDIT', quantity: 30 }, reason: seeded('Receipts'), change: 30 },
    { what: 'an issue', entry: { type: 'DEBIT', quantity: -7 }, reason: seeded('Consumed'), change: -7 },
    {
      what: 'a loss',
      entry: { ...damaged, quantity: -2 },
      reason: id('losses_adjustments_types', 'DAMAGED'),
      change: -2,
    },
    { what: 'a find', entry: { ...found, quantity: 2 }, reason: id('losses_adjustments_types', 'FOUND'), change: 2 },
    {
      what: 'a count above the books',
      entry: { type: 'ADJUSTMENT', quantity: 4 },
      reason: seeded('Beginning Balance Excess'),
      change: 4,
    },
    {
      what: 'a count below the books',
      entry: { type: 'ADJUSTMENT', quantity: -4 },
      reason: seeded('Beginning Balance Insufficiency'),
      change: -4,
    },
    { what: 'nothing', entry: { type: 'DEBIT', quantity: 0 }, reason: seeded('Consumed'), change: 0 },
  ])('$what: $change', ({ entry, reason, change }) => {
    expect(move(entry)).toEqual({ reasonId: reason, quantity: Math.abs(change), change, losses: [] });
  });
});

test.each([
  { type: 'CREDIT', quantity: 1, reasontype: 'CREDIT' },
  { type: 'DEBIT', quantity: -1, reasontype: 'DEBIT' },
  { type: 'ADJUSTMENT', quantity: 1, reasontype: 'CREDIT' },
  { type: 'ADJUSTMENT', quantity: -1, reasontype: 'DEBIT' },
])("v3's own reason for $type $quantity is a $reasontype", ({ type, quantity, reasontype }) => {
  const { reasonId } = move({ type, quantity });
  expect(reasons.find((each) => each.id === reasonId)?.reasontype).toBe(reasontype);
});

test.each([
  { what: 'an issue without its sign takes away', entry: { type: 'DEBIT', quantity: 7 }, change: -7 },
  { what: 'a receipt below nothing adds', entry: { type: 'CREDIT', quantity: -7 }, change: 7 },
  { what: 'damage that grew takes away', entry: { ...damaged, quantity: 7 }, change: -7 },
])('$what, and the sign counts as a loss', ({ entry, change }) => {
  const moved = move(entry);
  expect(moved).toMatchObject({ quantity: 7, change });
  expect(moved.losses).toEqual(['VALUE_WITHOUT_HOME stock_card_line_items.quantity']);
});

test('a reason that has not landed is waited for', () => {
  const { reasonId } = move({ type: 'ADJUSTMENT', adjustmenttype: 'LOST', quantity: -1 });
  expect(reasonId).not.toBe(id('losses_adjustments_types', 'LOST'));
});

test('a type that nobody knows is an error, not a guess', () => {
  expect(() => move({ type: 'TRANSFER' })).toThrow(expect.objectContaining({ code: 'DERIVE_FAILED' }));
});
