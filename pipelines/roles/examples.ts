// A role of each kind: supervision, warehouse, reports, and one that v3 brought itself.
import v3OwnedRows from '../catalog/v3-owned-rows.json' with { type: 'json' };
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { roles } from './roles.ts';

export const examples: readonly Example<typeof roles>[] = [
  {
    title: "v3's own role, in other letters: adopted, and its rights are left as they are",
    root: {
      id: 1,
      name: 'SYSTEM ADMINISTRATOR',
      description: 'Everything',
      rights: [{ rightname: 'MANAGE_USER', right: { righttype: 'ADMIN' } }],
    },
    rows: {
      roles: [{ id: id('roles', 1), name: 'SYSTEM ADMINISTRATOR', description: 'Everything' }],
      rights: [],
    },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'role_rights.rightid' }],
  },
  {
    title: 'a role of supervision, with a right that v3 has no home for',
    root: {
      id: 2,
      name: 'Store in-charge',
      description: null,
      rights: [
        { rightname: 'CREATE_LOT', right: { righttype: 'REQUISITION' } },
        { rightname: 'CREATE_REQUISITION', right: { righttype: 'REQUISITION' } },
        { rightname: 'VIEW_REQUISITION', right: { righttype: 'REQUISITION' } },
      ],
    },
    rows: {
      roles: [{ id: id('roles', 2), name: 'Store in-charge', description: null }],
      rights: [
        { roleid: id('roles', 2), rightid: v3Right('REQUISITION_CREATE') },
        { roleid: id('roles', 2), rightid: v3Right('REQUISITION_VIEW') },
      ],
    },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'role_rights.rightid' }],
  },
  {
    title: 'a role of a warehouse: two rights of v2 are one in v3',
    root: {
      id: 3,
      name: 'Warehouse clerk',
      description: 'MSD',
      rights: [
        { rightname: 'COMPLETE_POD', right: { righttype: 'REQUISITION' } },
        { rightname: 'MANAGE_POD', right: { righttype: 'FULFILLMENT' } },
        { rightname: 'VIEW_ORDER', right: { righttype: 'FULFILLMENT' } },
      ],
    },
    rows: {
      roles: [{ id: id('roles', 3), name: 'Warehouse clerk', description: 'MSD' }],
      rights: [
        { roleid: id('roles', 3), rightid: v3Right('ORDERS_VIEW') },
        { roleid: id('roles', 3), rightid: v3Right('PODS_MANAGE') },
      ],
    },
  },
  {
    title: 'a role of reports, one of which a user uploaded',
    root: {
      id: 4,
      name: 'Report reader',
      description: null,
      rights: [{ rightname: 'Print Issue report', right: { righttype: 'REPORTING' } }],
    },
    rows: {
      roles: [{ id: id('roles', 4), name: 'Report reader', description: null }],
      rights: [{ roleid: id('roles', 4), rightid: v3Right('REPORTS_VIEW') }],
    },
  },
];

function v3Right(wanted: string): string {
  return v3OwnedRows['referencedata.rights'].find(({ name }) => name === wanted)?.id ?? '';
}
