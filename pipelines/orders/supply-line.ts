// Who supplies an order. v2 lets an order stand without a supply line; v3 has no order without a supplying facility, and
// so neither its shipment nor its proof of delivery.
import { MkondoError } from '../../model/errors.ts';

/** @throws MkondoError DERIVE_FAILED when the order has none: it stays in quarantine until v2 gives it one */
export function supplyLineIdOf(order: { readonly id: number; readonly supplylineid: number | null }): number {
  if (order.supplylineid !== null) return order.supplylineid;
  throw new MkondoError(
    'DERIVE_FAILED',
    `order ${order.id} has no supply line in v2, so nobody is known who supplies it.`,
    { advice: 'Give the order a supply line in v2; it then comes by itself, with its shipment and proof of delivery.' },
  );
}
