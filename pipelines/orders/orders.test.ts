// The traps of orders, each as a variation of the first example.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import type { Example } from '../example.ts';
import { examples } from './examples.ts';
import { orderCodeOf } from './order-code.ts';
import { orders } from './orders.ts';
import { orderStatusOf } from './statuses.ts';
import { supplyLineIdOf } from './supply-line.ts';

type Root = Example<typeof orders>['root'];

const { root } = examples[0] as (typeof examples)[number];
const derive = (changes: Partial<Root>) => deriveExample(orders, { ...root, ...changes }).rows;

test.each([
  { v2: 'RELEASED', v3: 'ORDERED' },
  { v2: 'PACKED', v3: 'SHIPPED' },
  { v2: 'SHIPMENT_ERROR', v3: 'TRANSFER_FAILED' },
  { v2: 'TRANSFER_FAILED', v3: 'TRANSFER_FAILED' },
  { v2: 'IN_ROUTE', v3: 'IN_ROUTE' },
  { v2: 'READY_TO_PACK', v3: 'READY_TO_PACK' },
  { v2: 'RECEIVED', v3: 'RECEIVED' },
])('an order that is $v2 in v2 is $v3 in v3', ({ v2, v3 }) => {
  expect(orderStatusOf(v2)).toBe(v3);
});

test('an unknown status is an error: v3 would take any word', () => {
  expect(() => derive({ status: 'RELEASED_NO_ORDER' })).toThrow("'RELEASED_NO_ORDER'");
});

test('orders never share a code, whether eLMIS has numbered them or not', () => {
  const numbered = fc.constantFrom('', 'O', 'Oils').map((prefix) => (id: number) => {
    return `${prefix}${String(id).padStart(8, '0')}R`;
  });
  const bare = fc.constant((id: number) => String(id).padStart(8, '0'));
  const none = fc.constant(() => '0');
  const order = fc.tuple(fc.integer({ min: 1, max: 200_000_000 }), fc.oneof(numbered, bare, none));
  fc.assert(
    fc.property(fc.uniqueArray(order, { selector: ([id]) => id, maxLength: 30 }), (made) => {
      const codes = made.map(([id, numberOf]) => orderCodeOf({ id, ordernumber: numberOf(id) }));
      expect(new Set(codes).size).toBe(codes.length);
    }),
  );
});

test('an order without a supply line cannot be made, and the error says what to do', () => {
  expect(() => derive({ supplylineid: null, supplyLine: null })).toThrow('order 1 has no supply line in v2');
  expect(() => supplyLineIdOf({ id: 1, supplylineid: null })).toThrow(
    expect.objectContaining({ code: 'DERIVE_FAILED', advice: expect.stringContaining('supply line') }),
  );
});

test('what v2 promises and has not landed makes the order wait: its reference leads nowhere', () => {
  const [order] = derive({ supplyLine: null, requisition: null }).orders;
  expect(order?.supplyingfacilityid).not.toBe(id('facilities', 1));
  expect(order?.requestingfacilityid).not.toBe(id('facilities', 2));
  const { requisition } = root;
  const lines = requisition?.lines.map((line) => ({ ...line, product: null })) ?? [];
  const unlanded = derive({ requisition: requisition === null ? null : { ...requisition, lines } }).lines;
  expect(unlanded).toHaveLength(2);
  for (const { orderableid } of unlanded) expect([id('products', 1), id('products', 2)]).not.toContain(orderableid);
});

test('a save that rewrites every line derives the same rows', () => {
  expect(derive(structuredClone(root))).toEqual(derive({}));
});
