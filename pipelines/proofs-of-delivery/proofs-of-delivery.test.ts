import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import type { Example } from '../example.ts';
import { examples } from './examples.ts';
import { proofsOfDelivery } from './proofs-of-delivery.ts';

type Root = Example<typeof proofsOfDelivery>['root'];

const { root } = examples[0] as (typeof examples)[number];
const derive = (changes: Partial<Root>) => deriveExample(proofsOfDelivery, { ...root, ...changes }).rows;

test.each(['RELEASED', 'IN_ROUTE', 'READY_TO_PACK', 'PACKED', 'TRANSFER_FAILED'])(
  'a proof of delivery is a draft while its order is %s',
  (status) => {
    expect(derive({ order: { id: 1, supplylineid: 1, status } }).proofsOfDelivery[0]?.status).toBe('INITIATED');
  },
);

test('an order or a product that has not landed makes it wait: its reference leads nowhere', () => {
  const { proofsOfDelivery, lines } = derive({
    order: null,
    lines: root.lines.map((line) => ({ ...line, product: null })),
  });
  expect(proofsOfDelivery[0]?.shipmentid).not.toBe(id('orders', 1, 'shipment'));
  for (const { orderableid } of lines) expect(orderableid).not.toBe(id('products', 1));
});

test('it cannot be made for an order that nobody supplies: v3 has no such order', () => {
  expect(() => derive({ order: { id: 1, supplylineid: null, status: 'RECEIVED' } })).toThrow(
    'order 1 has no supply line in v2',
  );
});
