import { expect, test } from 'vitest';
import { kindOf } from './assignments.ts';

test.each([
  [
    { programid: 2, supervisorynodeid: 5, deliveryzoneid: null },
    { type: 'supervision', programid: 2 },
  ],
  [
    { programid: 2, supervisorynodeid: null, deliveryzoneid: null },
    { type: 'supervision', programid: 2 },
  ],
  [{ programid: null, supervisorynodeid: null, deliveryzoneid: null }, { type: 'direct' }],
  [{ programid: null, supervisorynodeid: 5, deliveryzoneid: null }, null],
  [{ programid: 2, supervisorynodeid: null, deliveryzoneid: 1 }, null],
])('%j is %j in v3', (assignment, kind) => {
  expect(kindOf(assignment)).toEqual(kind);
});
