// Stock on hand is kept by difference: entries come in any order, late ones among them, and after each batch v3 holds what
// a plain recomputation of everything gives, of which only the cards concerned were written.
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSmallV2 } from './small-v2.ts';
import type { SmallV2 } from './small-v2.ts';
import { applyAll, createTestbed, settle } from './testbed.ts';
import type { Testbed } from './testbed.ts';

const CARDS = [1, 2, 3];
const ON_HAND = 'stockmanagement.calculated_stocks_on_hand';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

/** Three cards of one facility, with two lots of the first card's product. */
async function createCards(): Promise<SmallV2> {
  const v2 = createSmallV2('all');
  for (const id of CARDS.slice(1)) {
    v2.add('products', { id });
    v2.add('program_products', { id, programid: 1, productid: id, productcategoryid: 1 });
  }
  for (const id of CARDS) v2.add('stock_cards', { id, facilityid: 1, productid: id });
  for (const id of [1, 2]) {
    v2.add('lots', { id, productid: 1, lotnumber: `lot ${id}` });
    v2.add('lots_on_hand', { id, stockcardid: 1, lotid: id });
  }
  await settle(testbed, v2);
  return v2;
}

/** Days on which v3 does not say what all lines up to them add up to, and days with lines of which it says nothing. */
async function wrongDays(): Promise<readonly object[]> {
  const { rows } = await testbed.client.query<object>(
    `WITH moved AS (
       SELECT l.stockcardid, l.occurreddate, CASE r.reasontype WHEN 'CREDIT' THEN l.quantity ELSE -l.quantity END AS change
       FROM stockmanagement.stock_card_line_items l
       JOIN stockmanagement.stock_card_line_item_reasons r ON r.id = l.reasonid),
     recomputed AS (
       SELECT d.stockcardid, d.occurreddate,
              (SELECT sum(m.change)::int FROM moved m WHERE m.stockcardid = d.stockcardid AND m.occurreddate <= d.occurreddate) AS stockonhand
       FROM (SELECT DISTINCT stockcardid, occurreddate FROM moved) d)
     SELECT stockcardid, occurreddate::text, r.stockonhand AS recomputed, c.stockonhand AS kept
     FROM recomputed r FULL JOIN ${ON_HAND} c USING (stockcardid, occurreddate)
     WHERE r.stockonhand IS DISTINCT FROM c.stockonhand`,
  );
  return rows;
}

/** v2 product -> its days on hand with the transaction that wrote each, so that even a write that changes nothing shows. */
async function writtenDays(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await testbed.client.query<{ product: string; days: readonly string[] }>(
    `SELECT o.code AS product, array_agg(c.id || ' ' || c.xmin ORDER BY c.id) AS days
     FROM ${ON_HAND} c JOIN stockmanagement.stock_cards s ON s.id = c.stockcardid
     JOIN referencedata.orderables o ON o.id = s.orderableid GROUP BY 1`,
  );
  return new Map(rows.map(({ product, days }) => [product, days]));
}

test('a late entry writes its own day and the days after it, of its own card', async () => {
  const v2 = await createCards();
  const enter = (values: { id: number; stockcardid: number; quantity: number; occurred: string }): void =>
    v2.add('stock_card_entries', { type: values.quantity < 0 ? 'DEBIT' : 'CREDIT', ...values });
  enter({ id: 1, stockcardid: 2, quantity: 100, occurred: '2018-01-01' });
  enter({ id: 2, stockcardid: 2, quantity: -10, occurred: '2018-01-20' });
  enter({ id: 3, stockcardid: 3, quantity: 50, occurred: '2018-01-01' });
  const cards = testbed.engine('stock-cards');
  await applyAll(cards, v2);
  const before = await writtenDays();

  enter({ id: 4, stockcardid: 2, quantity: -5, occurred: '2018-01-10' });
  // An event, a line, the new day, and the one day after it.
  expect(await applyAll(cards, v2)).toMatchObject({ derived: 1, written: 4 });
  const after = await writtenDays();
  expect(after.get('code 3')).toEqual(before.get('code 3'));
  const same = (after.get('code 2') ?? []).filter((day) => before.get('code 2')?.includes(day));
  expect(same).toHaveLength(1);
  expect(await wrongDays()).toEqual([]);
});

const entry = fc.record({
  card: fc.constantFrom(...CARDS),
  hasLot: fc.boolean(),
  type: fc.constantFrom('CREDIT', 'DEBIT', 'ADJUSTMENT'),
  quantity: fc.integer({ min: -20, max: 20 }),
  day: fc.option(fc.integer({ min: 1, max: 28 }), { freq: 4 }),
});
const step = fc.record({
  what: fc.constantFrom('enter', 'enter', 'enter', 'enter', 'cancel', 'correct'),
  entry,
  /** Which entry is cancelled or corrected. */
  place: fc.nat(),
});
type Step = Parameters<Parameters<typeof step.map>[0]>[0];

/** What storekeepers wrote so far. */
interface Written {
  nextId: number;
  readonly entries: { readonly id: number; readonly card: number }[];
}

/** Does one step in v2. Returns the card that it concerned, if any. */
function write(v2: SmallV2, written: Written, { what, entry: { card, hasLot, type, quantity, day }, place }: Step) {
  const values = {
    type,
    quantity,
    occurred: day === null ? null : `2018-02-${String(day).padStart(2, '0')}`,
    createddate: '2018-03-01 21:30:00+00',
  };
  if (what === 'enter') {
    const lotonhandid = card === 1 ? (hasLot ? 1 : 2) : null;
    v2.add('stock_card_entries', { id: written.nextId, stockcardid: card, lotonhandid, ...values });
    written.entries.push({ id: written.nextId, card });
    written.nextId += 1;
    return card;
  }
  const index = place % Math.max(written.entries.length, 1);
  const chosen = written.entries[index];
  if (chosen === undefined) return undefined;
  if (what === 'correct') {
    v2.change('stock_card_entries', chosen.id, values);
  } else {
    v2.drop('stock_card_entries', chosen.id);
    written.entries.splice(index, 1);
  }
  return chosen.card;
}

test('any entries, corrections and deletions, in any batches, keep v3 at what a plain recomputation gives', async () => {
  let batchesSeen = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 6 }), async (batches) => {
      await testbed.clean();
      const v2 = await createCards();
      const written: Written = { nextId: 1, entries: [] };
      for (const batch of batches) {
        const concerned = new Set(batch.map((each) => write(v2, written, each)));
        const before = await writtenDays();
        await applyAll(testbed.engine('stock-cards'), v2);
        const after = await writtenDays();
        for (const card of CARDS.filter((each) => !concerned.has(each)))
          expect(after.get(`code ${card}`)).toEqual(before.get(`code ${card}`));
        expect(await wrongDays()).toEqual([]);
        batchesSeen += 1;
      }
      expect(await testbed.compare(v2)).toEqual({ differences: [] });
    }),
    { numRuns: 25 },
  );
  expect(batchesSeen).toBeGreaterThan(0);
}, 120_000);
