import { expect, test } from 'vitest';
import { demanded } from './demanded.ts';

test('gives the value, zero and the empty text included', () => {
  expect([demanded(7, 'a.b'), demanded(0, 'a.b'), demanded('', 'a.b')]).toEqual([7, 0, '']);
});

test('says which column v2 left empty', () => {
  expect(() => demanded(null, 'requisition_groups.supervisorynodeid')).toThrow(
    expect.objectContaining({
      code: 'DERIVE_FAILED',
      message: expect.stringContaining('requisition_groups.supervisorynodeid is empty'),
    }),
  );
});
