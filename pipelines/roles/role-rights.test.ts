import { describe, expect, test } from 'vitest';
import { isV3Role, rightsInV3 } from './role-rights.ts';

const right = (rightname: string, righttype: string | null = 'REQUISITION') => ({
  rightname,
  right: righttype === null ? null : { righttype },
});

describe('the rights of a role in v3', () => {
  test('come once each, in order, whatever the order in v2', () => {
    const role = {
      name: 'Clerk',
      rights: [right('MANAGE_POD'), right('COMPLETE_POD'), right('CREATE_REQUISITION'), right('VIEW_ORDER')],
    };
    const known = ['ORDERS_VIEW', 'PODS_MANAGE', 'REQUISITION_CREATE'];
    expect(rightsInV3(role)).toEqual({ known, homeless: [], unknown: [], awaited: [] });
    expect(rightsInV3({ ...role, rights: role.rights.toReversed() }).known).toEqual(known);
  });

  test('leave out what v3 has no home for, what nobody knows and what has not landed, each by its name', () => {
    const rights = [right('CREATE_LOT'), right('FLY'), right('VIEW_ORDER', null)];
    expect(rightsInV3({ name: 'Clerk', rights })).toEqual({
      known: [],
      homeless: ['CREATE_LOT'],
      unknown: ['FLY'],
      awaited: ['VIEW_ORDER'],
    });
  });

  test('are none for a role that is v3’s own, in any case', () => {
    const role = { name: 'SYSTEM administrator', rights: [right('MANAGE_USER', 'ADMIN')] };
    expect(isV3Role(role)).toBe(true);
    expect(rightsInV3(role)).toEqual({ known: [], homeless: ['MANAGE_USER'], unknown: [], awaited: [] });
    expect(isV3Role({ name: 'Administrator' })).toBe(false);
  });
});
