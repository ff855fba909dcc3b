import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import { examples } from './examples.ts';
import { stockCards } from './stock-cards.ts';

const { root, rows: derived } = examples[0] as (typeof examples)[number];
const [first, second] = root.entries;
if (first === undefined || second === undefined) throw new Error('The first example has entries');

test('every v3 card refers to the event of its first entry, and every line to its own', () => {
  const { rows } = deriveExample(stockCards, root);
  const events = new Set(rows.events.map((event) => event.id));
  expect(events.size).toBe(root.entries.length);
  expect([...rows.cards, ...rows.lines].filter(({ origineventid }) => !events.has(origineventid))).toEqual([]);
});

test('an earlier day does not make an entry the first: the card keeps its event', () => {
  const late = { ...second, id: 9, occurred: '2010-01-01' };
  const { rows } = deriveExample(stockCards, { ...root, entries: [...root.entries, late] });
  expect(rows.cards).toEqual(derived.cards);
  expect(rows.onHand.find(({ occurreddate }) => occurreddate === '2010-01-01')?.stockonhand).toBe(-30);
});

test('stock on hand sums to what the card says, over all its lots', () => {
  const { rows } = deriveExample(stockCards, root);
  const newest = new Map(rows.onHand.map(({ stockcardid, stockonhand }) => [stockcardid, stockonhand as number]));
  const inV2 = root.entries.reduce((sum, { quantity }) => sum + quantity, 0);
  expect([...newest.values()].reduce((sum, quantity) => sum + quantity, 0)).toBe(inV2);
});

test('two lots on hand of one lot are one card: v3 has it once', () => {
  const twin = { ...second, id: 9, lotonhandid: 12 };
  const { rows } = deriveExample(stockCards, { ...root, entries: [...root.entries, twin] });
  expect(rows.cards).toHaveLength(derived.cards.length);
});

test('a reason that v3 brought itself is pointed at by its own id', () => {
  const transferIn = 'e3fc3cf3-da18-44b0-a220-77c985202e06';
  const entry = { ...first, type: 'ADJUSTMENT' };
  const { rows } = deriveExample(
    stockCards,
    { ...root, entries: [entry] },
    new Map([['losses_adjustments_types:TRANSFER_IN', transferIn]]),
  );
  expect(rows.lines[0]?.reasonid).toBe(transferIn);
});

test('a lot on hand that has not landed is waited for', () => {
  const { rows } = deriveExample(stockCards, { ...root, entries: [{ ...first, lotOnHand: null }] });
  expect(rows.cards[0]?.lotid).not.toBeNull();
  expect(rows.cards[0]?.lotid).not.toBe(id('lots', 1));
});

test('a long reference is cut, and said so', () => {
  const { rows, losses } = deriveExample(stockCards, {
    ...root,
    entries: [{ ...first, referencenumber: 'r'.repeat(300) }],
  });
  expect(rows.lines[0]?.documentnumber).toHaveLength(255);
  expect(losses).toEqual([{ code: 'TEXT_CUT', column: 'stock_card_line_items.documentnumber' }]);
});
