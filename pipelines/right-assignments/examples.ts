// What follows from assignments of every kind.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { rightAssignments } from './right-assignments.ts';

const requisitionRole = {
  name: 'Store in-charge',
  rights: [
    { rightname: 'CREATE_LOT', right: { righttype: 'REQUISITION' } },
    { rightname: 'VIEW_REQUISITION', right: { righttype: 'REQUISITION' } },
  ],
} as const;

const council = {
  id: 5,
  groups: [
    {
      id: 1,
      schedules: [{ programid: 1 }],
      members: [
        { facilityid: 1, supported: [{ programid: 1, active: true }] },
        { facilityid: 2, supported: [{ programid: 1, active: false }] },
      ],
    },
  ],
  children: [],
} as const;

export const examples: readonly Example<typeof rightAssignments>[] = [
  {
    title: 'supervision reaches the members of groups below that support the program; not those that no longer do',
    root: {
      id: 7,
      facilityid: 2,
      assignments: [
        {
          programid: 1,
          supervisorynodeid: 1,
          deliveryzoneid: null,
          role: requisitionRole,
          node: { id: 1, groups: [], children: [council] },
        },
      ],
      fulfillments: [],
    },
    rows: { rights: [row(7, 'REQUISITION_VIEW', { facility: 1, program: 1 })] },
  },
  {
    title: 'in the home facility, directly, and in a warehouse; the same right by two assignments stands once',
    root: {
      id: 8,
      facilityid: 2,
      assignments: [
        { programid: 2, supervisorynodeid: null, deliveryzoneid: null, role: requisitionRole, node: null },
        { programid: 2, supervisorynodeid: null, deliveryzoneid: null, role: requisitionRole, node: null },
        {
          programid: null,
          supervisorynodeid: null,
          deliveryzoneid: null,
          role: { name: 'Admin', rights: [{ rightname: 'MANAGE_USER', right: { righttype: 'ADMIN' } }] },
          node: null,
        },
        { programid: 1, supervisorynodeid: null, deliveryzoneid: 3, role: requisitionRole, node: null },
      ],
      fulfillments: [
        {
          facilityid: 1,
          role: { name: 'Clerk', rights: [{ rightname: 'VIEW_ORDER', right: { righttype: 'FULFILLMENT' } }] },
        },
      ],
    },
    rows: {
      rights: [
        row(8, 'ORDERS_VIEW', { facility: 1 }),
        row(8, 'REQUISITION_VIEW', { facility: 2, program: 2 }),
        row(8, 'USERS_MANAGE', {}),
      ],
    },
  },
];

function row(
  user: number,
  rightname: string,
  { facility, program }: { readonly facility?: number; readonly program?: number },
) {
  return {
    id: id('right_assignments', user, rightname, facility ?? '', program ?? ''),
    rightname,
    facilityid: facility === undefined ? null : id('facilities', facility),
    programid: program === undefined ? null : id('programs', program),
    userid: id('users', user),
  };
}
