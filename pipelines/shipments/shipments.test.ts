// The traps of shipments, each as a variation of the first example.
import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import type { Example } from '../example.ts';
import { examples as proofs } from '../proofs-of-delivery/examples.ts';
import { examples } from './examples.ts';
import { shipments } from './shipments.ts';

type Root = Example<typeof shipments>['root'];
type Line = Root['lines'][number];

const { root } = examples[0] as (typeof examples)[number];
const line = root.lines[1] as Line;
const derive = (changes: Partial<Root>) => deriveExample(shipments, { ...root, ...changes });
const deriveLine = (changes: Partial<Line>) => derive({ lines: [{ ...line, ...changes }] });

test('a proof of delivery stands under the shipment that this pipeline makes, real or not', () => {
  const made = examples.flatMap(({ rows }) => rows.shipments.map((shipment) => shipment.id));
  const wanted = proofs.flatMap(({ rows }) => rows.proofsOfDelivery.map(({ shipmentid }) => shipmentid));
  expect(wanted.length).toBeGreaterThan(1);
  expect(made).toEqual(expect.arrayContaining(wanted));
});

test('the shipment stays the same one when lines come to a proof of delivery, and when they go', () => {
  const without = derive({ lines: [] }).rows.shipments;
  expect(without).toHaveLength(1);
  expect(without[0]?.id).toBe(derive({}).rows.shipments[0]?.id);
});

test('a shipment of an order that nobody supplies cannot be made: v3 has no such order', () => {
  expect(() => derive({ supplylineid: null })).toThrow('order 1 has no supply line in v2');
});

test.each([
  { why: 'none was sent', substitutedproductcode: 'P-0001', substitutedproductquantityshipped: 0, losses: [] },
  {
    why: 'no quantity is known',
    substitutedproductcode: 'P-0001',
    substitutedproductquantityshipped: null,
    losses: [],
  },
  {
    why: 'no product is known',
    substitutedproductcode: null,
    substitutedproductquantityshipped: 5,
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'shipment_line_items.orderableid' }],
  },
])('no extra line is made when $why', ({ losses, substitutedproductcode, substitutedproductquantityshipped }) => {
  const made = deriveLine({ substitutedproductcode, substitutedproductquantityshipped });
  expect(made.rows.lines.map((each) => each.id)).toEqual([id('shipment_line_items', 32)]);
  expect(made.losses).toEqual(losses);
});

test('a product that has not landed, ordered or sent instead, makes the shipment wait', () => {
  const { rows } = deriveLine({ product: null, substitute: null });
  const known = [id('products', 1), id('products', 2)];
  for (const { orderableid } of rows.lines) expect(known).not.toContain(orderableid);
});

test('the same product may be sent in two lines, as v2 has it since it dropped its unique key', () => {
  const { rows } = derive({ lines: [line, { ...line, id: 33 }] });
  expect(new Set(rows.lines.map((each) => each.id)).size).toBe(4);
});
