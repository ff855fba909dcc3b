// What an order is called.

/** What v2 writes into orders that were made before it numbered them. */
const UNNUMBERED = '0';

/**
 * The order's number; for one that has none its id, since v3 wants codes unique. eLMIS makes numbers of the id with zeros
 * before it, to eight digits, so that a bare id is nobody else's number.
 */
export function orderCodeOf(order: { readonly id: number; readonly ordernumber: string }): string {
  return order.ordernumber === UNNUMBERED ? String(order.id) : order.ordernumber;
}
