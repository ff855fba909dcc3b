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

test('an id is the same whatever was asked before: once each, or again and again', () => {
  const asked = Array.from({ length: 100_000 }, (_, index) => idOf('lines', String(index)));
  for (const index of [0, 4_095, 4_096, 8_191, 50_000, 99_999]) expect(idOf('lines', String(index))).toBe(asked[index]);
  expect(new Set(asked).size).toBe(100_000);
  const again = Array.from({ length: 100_000 }, (_, index) => idOf('heads', String(Math.floor(index / 10))));
  for (const index of [0, 40_959, 40_960, 99_999])
    expect(idOf('heads', String(Math.floor(index / 10)))).toBe(again[index]);
  expect(new Set(again).size).toBe(10_000);
});
