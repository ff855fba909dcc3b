import { expect, test } from 'vitest';
import { idOf } from './ids.ts';

// Computed with PostgreSQL's uuid-ossp and with Python's uuid module; both agree.
test.each([
  ['facilities', '1', '4b501990-d24a-5b58-b28d-d6b60dee6ddd'],
  ['requisitions', '123456', 'd90e8a53-c4af-5f77-8de5-73c9aec0c1cc'],
  ['losses_adjustments_types', 'DAMAGED', '00aca288-4ac7-5783-b73a-c6b4314ed3e4'],
  ['requisition_line_item_losses_adjustments', '42:DAMAGED', '417624d8-a49d-5f3e-b533-408aef7d92fe'],
])('the id of %s:%s is %s', (table, key, id) => {
  expect(idOf(table, key)).toBe(id);
});
