// A user with assignments of every kind, and v3's own administrator, whose assignments are his by adoption.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { roleAssignments } from './role-assignments.ts';

export const examples: readonly Example<typeof roleAssignments>[] = [
  {
    title: 'by supervision, in the home facility, directly, in a warehouse; a delivery zone has no home in v3',
    root: {
      id: 7,
      assignments: [
        { roleid: 2, programid: 1, supervisorynodeid: 5, deliveryzoneid: null },
        { roleid: 2, programid: 2, supervisorynodeid: null, deliveryzoneid: null },
        { roleid: 4, programid: null, supervisorynodeid: null, deliveryzoneid: null },
        { roleid: 4, programid: 1, supervisorynodeid: null, deliveryzoneid: 3 },
      ],
      fulfillments: [{ roleid: 3, facilityid: 2 }],
    },
    rows: {
      assignments: [
        {
          id: id('role_assignments', 7, 2, 1, 5),
          type: 'supervision',
          userid: id('users', 7),
          roleid: id('roles', 2),
          programid: id('programs', 1),
          supervisorynodeid: id('supervisory_nodes', 5),
          warehouseid: null,
        },
        {
          id: id('role_assignments', 7, 2, 2, ''),
          type: 'supervision',
          userid: id('users', 7),
          roleid: id('roles', 2),
          programid: id('programs', 2),
          supervisorynodeid: null,
          warehouseid: null,
        },
        {
          id: id('role_assignments', 7, 4, '', ''),
          type: 'direct',
          userid: id('users', 7),
          roleid: id('roles', 4),
          programid: null,
          supervisorynodeid: null,
          warehouseid: null,
        },
        {
          id: id('fulfillment_role_assignments', 7, 3, 2),
          type: 'fulfillment',
          userid: id('users', 7),
          roleid: id('roles', 3),
          programid: null,
          supervisorynodeid: null,
          warehouseid: id('facilities', 2),
        },
      ],
    },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'role_assignments' }],
  },
  {
    title: "the administrator's role, both of which v3 brought itself",
    root: {
      id: 1,
      assignments: [{ roleid: 1, programid: null, supervisorynodeid: null, deliveryzoneid: null }],
      fulfillments: [],
    },
    rows: {
      assignments: [
        {
          id: id('role_assignments', 1, 1, '', ''),
          type: 'direct',
          userid: id('users', 1),
          roleid: id('roles', 1),
          programid: null,
          supervisorynodeid: null,
          warehouseid: null,
        },
      ],
    },
  },
  {
    title: 'a user without roles',
    root: { id: 8, assignments: [], fulfillments: [] },
    rows: { assignments: [] },
  },
];
