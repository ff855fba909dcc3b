import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import type { Example } from '../example.ts';
import { examples } from './examples.ts';
import { programProducts } from './program-products.ts';

const { root } = examples[0] as (typeof examples)[number];
const derive = (changes: Partial<Example<typeof programProducts>['root']>) =>
  deriveExample(programProducts, { ...root, ...changes }).rows.programOrderables[0];

test.each([
  { inProgram: true, itself: true, active: true },
  { inProgram: true, itself: false, active: false },
  { inProgram: false, itself: true, active: false },
  { inProgram: false, itself: false, active: false },
])('active in the program $inProgram and by itself $itself: $active', ({ inProgram, itself, active }) => {
  expect(derive({ active: inProgram, product: { active: itself, fullsupply: true } })?.active).toBe(active);
});

test.each([
  { ofProgram: null, ofProduct: true, fullsupply: true },
  { ofProgram: null, ofProduct: false, fullsupply: false },
  { ofProgram: false, ofProduct: true, fullsupply: false },
  { ofProgram: true, ofProduct: false, fullsupply: true },
])('full supply: the program says $ofProgram, the product $ofProduct', ({ ofProgram, ofProduct, fullsupply }) => {
  expect(derive({ fullsupply: ofProgram, product: { active: true, fullsupply: ofProduct } })?.fullsupply).toBe(
    fullsupply,
  );
});

test('waits for a product that has not landed, and is not active meanwhile', () => {
  const row = derive({ product: null });
  expect(row?.orderableid).not.toBe(id('products', root.productid));
  expect(row?.active).toBe(false);
});
