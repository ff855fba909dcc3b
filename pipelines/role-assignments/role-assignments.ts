// Which roles a user has, and where: over a program below a supervisory node or in the home facility, everywhere, or in a
// warehouse. v2 keeps them in two tables without keys, so the user is the root and an assignment is known by what it says.
import type { DeriveContext, Loaded } from '../definition.ts';
import { definePipeline, references, source, target } from '../definition.ts';
import { assignments, fulfillments, kindOf } from './assignments.ts';

const root = source('public.users', { columns: ['id'], joins: { assignments, fulfillments } });

type User = Loaded<typeof root>;

export const roleAssignments = definePipeline({
  name: 'role-assignments',
  summary: 'Which roles a user has: by supervision, directly, and in warehouses.',
  root,
  owns: {
    assignments: target('referencedata.role_assignments', {
      key: ['id'],
      references: [
        references('userid', 'referencedata.users'),
        references('roleid', 'referencedata.roles'),
        references('programid', 'referencedata.programs'),
        references('supervisorynodeid', 'referencedata.supervisory_nodes'),
        references('warehouseid', 'referencedata.facilities'),
      ],
    }),
  },
  derive: (user, context) => ({
    assignments: [
      ...user.assignments.flatMap((assignment) => supervisionRow(user, assignment, context)),
      ...user.fulfillments.map((fulfillment) => fulfillmentRow(user, fulfillment, context)),
    ],
  }),
});

function supervisionRow(user: User, assignment: User['assignments'][number], { id, loss }: DeriveContext) {
  const { roleid, programid, supervisorynodeid } = assignment;
  const kind = kindOf(assignment);
  if (kind === null) {
    loss('VALUE_WITHOUT_HOME', 'role_assignments');
    return [];
  }
  return [
    {
      id: id('role_assignments', user.id, roleid, programid ?? '', supervisorynodeid ?? ''),
      type: kind.type,
      userid: id('users', user.id),
      roleid: id('roles', roleid),
      programid: programid === null ? null : id('programs', programid),
      supervisorynodeid: supervisorynodeid === null ? null : id('supervisory_nodes', supervisorynodeid),
      warehouseid: null,
    },
  ];
}

function fulfillmentRow(user: User, fulfillment: User['fulfillments'][number], { id }: DeriveContext) {
  return {
    id: id('fulfillment_role_assignments', user.id, fulfillment.roleid, fulfillment.facilityid),
    type: 'fulfillment',
    userid: id('users', user.id),
    roleid: id('roles', fulfillment.roleid),
    programid: null,
    supervisorynodeid: null,
    warehouseid: id('facilities', fulfillment.facilityid),
  };
}
