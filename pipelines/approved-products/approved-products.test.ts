import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import { examples } from './examples.ts';
import { approvalKey, approvedProducts } from './approved-products.ts';

const { root } = examples[0] as (typeof examples)[number];

test('an approval that v2 deletes and inserts again keeps its id, which requisitions know it by', () => {
  const [again] = deriveExample(approvedProducts, structuredClone(root)).rows.approvals;
  expect(again?.id).toBe(id(...approvalKey({ facilitytypeid: 1, programproductid: 1 })));
});

test("approvals for an adopted type of facility name v3's own type", () => {
  const warehouse = 'e2faaa9e-4b2d-4212-bb60-fd62970b2113';
  const { rows } = deriveExample(approvedProducts, root, new Map([['facility_types:1', warehouse]]));
  expect(rows.approvals[0]?.facilitytypeid).toBe(warehouse);
});

test('approvals of different program products never share an id', () => {
  const ids = [12, 1].flatMap((programProduct) =>
    [1, 21].map((type) => id(...approvalKey({ facilitytypeid: type, programproductid: programProduct }))),
  );
  expect(new Set(ids).size).toBe(4);
});
