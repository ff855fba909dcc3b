// The way of an order: v2's words for its steps in v3's.
import { wordTable } from '../steps/word-table.ts';

export const orderStatusOf = wordTable('order status', {
  RELEASED: 'ORDERED',
  IN_ROUTE: 'IN_ROUTE',
  READY_TO_PACK: 'READY_TO_PACK',
  TRANSFER_FAILED: 'TRANSFER_FAILED',
  SHIPMENT_ERROR: 'TRANSFER_FAILED', // v3 has no word of its own for a shipment file that could not be read
  PACKED: 'SHIPPED',
  RECEIVED: 'RECEIVED',
});
