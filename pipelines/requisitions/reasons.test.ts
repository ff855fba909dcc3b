import { expect, test } from 'vitest';
import { reasonCategoryOf } from './reasons.ts';

test.each([
  ['TRANSFER', 'TRANSFER'],
  ['Transfer', 'TRANSFER'],
  ['aggregation', 'AGGREGATION'],
  ['vaccines', 'ADJUSTMENT'],
  ['', 'ADJUSTMENT'],
  [null, 'ADJUSTMENT'],
])("v2's category %s is v3's %s", (category, expected) => {
  expect(reasonCategoryOf({ category })).toBe(expected);
});
