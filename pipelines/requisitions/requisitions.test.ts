// The traps of requisitions, each as a variation of the first example.
import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import type { Example } from '../example.ts';
import { examples } from './examples.ts';
import { requisitions } from './requisitions.ts';

type Root = Example<typeof requisitions>['root'];

const { root } = examples[0] as (typeof examples)[number];
const line = root.lines[0] as Root['lines'][number];
const derive = (changes: Partial<Root>) => deriveExample(requisitions, { ...root, ...changes });
const deriveLine = (changes: Partial<typeof line>) => {
  const { rows, losses } = derive({ lines: [{ ...line, ...changes }], statusChanges: [], comments: [] });
  return { ...rows, line: rows.lines[0], losses };
};

test('a save that rewrites every line and inserts its adjustments again derives the same rows', () => {
  expect(JSON.stringify(derive(structuredClone(root)).rows)).toBe(JSON.stringify(derive({}).rows));
});

test('explanations are cut at 255 characters and remarks at 250', () => {
  const { line, losses } = deriveLine({
    reasonforrequestedquantity: 'x'.repeat(256),
    remarks: 'y'.repeat(300),
    price: null,
  });
  expect(line).toMatchObject({ requestedquantityexplanation: 'x'.repeat(255), remarks: 'y'.repeat(250) });
  expect(losses).toEqual([
    { code: 'TEXT_CUT', column: 'requisition_line_items.requestedquantityexplanation' },
    { code: 'TEXT_CUT', column: 'requisition_line_items.remarks' },
  ]);
});

test("the total cost comes from v2's exact price, rounded once", () => {
  // 0.005 * 100 is 0.50; the price rounded first would make it 1.00.
  expect(deriveLine({ price: '0.0050', packstoship: 100 }).line).toMatchObject({
    priceperpack: '0.01',
    totalcost: '0.50',
  });
});

test('a price with no more than two digits that count is no loss', () => {
  const { line, losses } = deriveLine({ price: '12.5000', packstoship: 3, remarks: null });
  expect(line).toMatchObject({ priceperpack: '12.50', totalcost: '37.50' });
  expect(losses).toEqual([]);
});

test.each([
  { beginningbalance: null, quantityreceived: 5 },
  { beginningbalance: 5, quantityreceived: null },
])('the total of an unknown quantity is unknown: %o', (quantities) => {
  expect(deriveLine(quantities).line?.total).toBeNull();
});

test('an adjustment without a quantity is left out, and counted as a loss', () => {
  const { adjustments, losses } = deriveLine({
    adjustments: [{ type: 'LOST', quantity: null }],
    price: null,
    remarks: null,
  });
  expect(adjustments).toEqual([]);
  expect(losses).toEqual([{ code: 'VALUE_WITHOUT_HOME', column: 'stock_adjustments.quantity' }]);
});

test('a product that the program or the type of facility has not approved leaves the approval empty', () => {
  const approved = { id: 1, programProduct: { id: 1, approval: null } };
  for (const product of [approved, { id: 1, programProduct: null }]) {
    expect(deriveLine({ product }).line).toMatchObject({
      orderableid: id('products', 1),
      facilitytypeapprovedproductid: null,
      facilitytypeapprovedproductversionnumber: null,
    });
  }
});

test('what v2 promises and has not landed makes the requisition wait: its reference leads nowhere', () => {
  const { rows } = derive({ facility: null, period: null, lines: [{ ...line, product: null }] });
  const known = [id('facilities', 2), id('processing_periods', 2), id('products', 1)];
  expect(known).not.toContain(rows.requisitions[0]?.facilityid);
  expect(known).not.toContain(rows.requisitions[0]?.processingperiodid);
  expect(known).not.toContain(rows.lines[0]?.orderableid);
});

test('a period without a number of months counts as one month', () => {
  const { rows } = derive({ period: { numberofmonths: null, enableorder: true } });
  expect(rows.requisitions[0]).toMatchObject({ numberofmonthsinperiod: 1, reportonly: false });
});

test('an unknown status is an error: v3 would take any word', () => {
  expect(() => derive({ status: 'NOT_A_STATUS' })).toThrow("'NOT_A_STATUS'");
});

test("a reason that v3 brought itself is named by v3's id, in the requisition's list and in the adjustment alike", () => {
  const transferIn = 'e3fc3cf3-da18-44b0-a220-77c985202e06';
  const adopted = new Map([['losses_adjustments_types:TRANSFER_IN', transferIn]]);
  const { rows } = deriveExample(requisitions, root, adopted);
  expect(rows.reasons.map(({ reasonid }) => reasonid)).toContain(transferIn);
  expect(rows.adjustments.map(({ reasonid }) => reasonid)).toContain(transferIn);
});

test('comments of a requisition without any history have no place in v3, and are counted as a loss', () => {
  const { rows, losses } = derive({ lines: [], statusChanges: [] });
  expect(rows.messages).toEqual([]);
  expect(losses).toEqual([{ code: 'VALUE_WITHOUT_HOME', column: 'status_messages.statuschangeid' }]);
});

test('a message stands without its author until that one has landed', () => {
  const comments = root.comments.map((comment) => ({ ...comment, author: null }));
  expect(derive({ comments }).rows.messages.map(({ authorfirstname, body }) => [authorfirstname, body])).toEqual([
    [null, 'Stock ilichelewa'],
    [null, 'Why 90 and not 95?\nThe store is full'],
  ]);
});
