import { expect, test } from 'vitest';
import { deriveExample } from '../example.ts';
import { examples } from './examples.ts';
import { products } from './products.ts';

const { root } = examples[0] as (typeof examples)[number];

test("a changed form or dosage unit changes the name, and so the product, though the product's own row did not", () => {
  const { rows } = deriveExample(products, { ...root, form: { code: 'Tablet' }, dosageUnit: { code: 'g' } });
  expect(rows.orderables[0]?.fullproductname).toBe('Amoxicillin Tablet 250 g');
});

test('the longest name that v2 can hold fits', () => {
  const { rows } = deriveExample(products, {
    ...root,
    primaryname: 'n'.repeat(150),
    strength: 's'.repeat(14),
    form: { code: 'f'.repeat(20) },
    dosageUnit: { code: 'u'.repeat(20) },
  });
  expect(rows.orderables[0]?.fullproductname).toHaveLength(207);
});

test('every change stays version 1: reports find only the newest version of a product', () => {
  const { rows } = deriveExample(products, { ...root, modifieddate: '2026-01-01 00:00:00', packsize: 7 });
  expect(rows.orderables.map(({ versionnumber }) => versionnumber)).toEqual([1]);
});

test('what is dispensed, ordered and traded are three things with three ids', () => {
  const { rows } = deriveExample(products, root);
  const ids = [rows.dispensables[0]?.id, rows.orderables[0]?.id, rows.tradeItems[0]?.id];
  expect(new Set(ids).size).toBe(3);
});

test('two products with the same gtin do not meet in v3', () => {
  const { rows, losses } = deriveExample(products, { ...root, gtin: '06291041500213' });
  expect(rows.tradeItems.map(({ gtin }) => gtin)).toEqual([null]);
  expect(rows.orderables[0]?.extradata).toMatchObject({ gtin: '06291041500213' });
  expect(losses).toContainEqual({ code: 'VALUE_WITHOUT_HOME', column: 'trade_items.gtin' });
});
