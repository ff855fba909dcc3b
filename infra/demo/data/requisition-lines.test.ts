import { describe, expect, it } from 'vitest';
import { createRandom } from '../random.ts';
import { chooseAdjustments, fillLine } from './requisition-lines.ts';

const types = [
  { name: 'TRANSFER_IN', additive: true },
  { name: 'DAMAGED', additive: false },
];
const terms = { maxmonthsofstock: 3, packsize: 10 };

describe('fillLine', () => {
  it('balances: what is left is what there was, came, went and was lost', () => {
    const random = createRandom(1);
    for (let line = 0; line < 500; line += 1) {
      const adjustments = chooseAdjustments(random, types);
      const filled = fillLine(random, { terms, adjustments, types });
      expect(filled.stockinhand).toBe(
        filled.beginningbalance + filled.quantityreceived - filled.quantitydispensed + filled.totallossesandadjustments,
      );
    }
  });

  it('adds what comes in and subtracts what is lost', () => {
    const adjustments = [
      { type: 'TRANSFER_IN', quantity: 7 },
      { type: 'DAMAGED', quantity: 2 },
    ];
    expect(fillLine(createRandom(1), { terms, adjustments, types }).totallossesandadjustments).toBe(5);
  });
});

describe('chooseAdjustments', () => {
  it('names a type once at most in a line, since type and line are the key', () => {
    const random = createRandom(1);
    for (let line = 0; line < 2000; line += 1) {
      const chosen = chooseAdjustments(random, types).map(({ type }) => type);
      expect(new Set(chosen).size).toBe(chosen.length);
    }
  });
});
