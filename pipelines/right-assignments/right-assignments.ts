// What each user may do where, worked out: right by right, facility by facility, program by program. v3's own service
// computes this table when somebody saves something there; in a database that is written directly it stays empty, and with
// it every report that looks up who may see what.
import type { Loaded } from '../definition.ts';
import { definePipeline, many, one, references, source, target } from '../definition.ts';
import { assignmentKey, fulfillmentKey, kindOf } from '../role-assignments/assignments.ts';
import { rightsInV3, roleRights } from '../roles/role-rights.ts';
import { supervisedFacilities, supervision } from './supervised.ts';

const role = one('public.roles', { on: { id: 'roleid' }, columns: ['name'], joins: { rights: roleRights } });

const root = source('public.users', {
  columns: ['id', 'facilityid'],
  joins: {
    assignments: many('public.role_assignments', {
      key: assignmentKey,
      on: { userid: 'id' },
      columns: ['programid', 'supervisorynodeid', 'deliveryzoneid'],
      joins: {
        role,
        node: one('public.supervisory_nodes', { on: { id: 'supervisorynodeid' }, columns: ['id'], joins: supervision }),
      },
    }),
    fulfillments: many('public.fulfillment_role_assignments', {
      key: fulfillmentKey,
      on: { userid: 'id' },
      columns: ['facilityid'],
      joins: { role },
    }),
  },
});

type User = Loaded<typeof root>;

/** Where a right holds; null where it does not depend on it. */
interface Scope {
  readonly facilityid: number | null;
  readonly programid: number | null;
}

export const rightAssignments = definePipeline({
  name: 'right-assignments',
  summary: 'What each user may do in which facility and program, as v3’s own service would compute it.',
  root,
  owns: {
    rights: target('referencedata.right_assignments', {
      key: ['id'],
      references: [
        references('userid', 'referencedata.users'),
        references('facilityid', 'referencedata.facilities'),
        references('programid', 'referencedata.programs'),
        references(['rightname'], 'referencedata.rights', ['name']),
      ],
    }),
  },
  derive(user, { id }) {
    const userid = id('users', user.id);
    return {
      rights: grantsOf(user).map(({ right, facilityid, programid }) => ({
        id: id('right_assignments', user.id, right, facilityid ?? '', programid ?? ''),
        rightname: right,
        facilityid: facilityid === null ? null : id('facilities', facilityid),
        programid: programid === null ? null : id('programs', programid),
        userid,
      })),
    };
  },
});

/** Each right in each scope once, however many assignments give it. */
function grantsOf(user: User): readonly (Scope & { readonly right: string })[] {
  const grants = new Map<string, Scope & { readonly right: string }>();
  const supervised = supervisedByNode();
  const give = (role: User['fulfillments'][number]['role'], scopes: readonly Scope[]): void => {
    // Until the role and its rights have landed there is nothing to give; their landing derives the user again.
    for (const right of role === null ? [] : rightsInV3(role).known) {
      for (const scope of scopes) grants.set(`${right} ${scope.facilityid} ${scope.programid}`, { right, ...scope });
    }
  };
  for (const { role, facilityid } of user.fulfillments) give(role, [{ facilityid, programid: null }]);
  for (const assignment of user.assignments) {
    const kind = kindOf(assignment);
    if (kind === null) continue;
    if (kind.type === 'direct') give(assignment.role, [{ facilityid: null, programid: null }]);
    // In the home facility. As v3 has it: without one the right stands with its program alone.
    else if (assignment.supervisorynodeid === null)
      give(assignment.role, [{ facilityid: user.facilityid, programid: kind.programid }]);
    else give(assignment.role, supervised(assignment.node, kind.programid));
  }
  return [...grants.values()];
}

/** A user has the same node for several programs and roles: its tree is walked once. */
function supervisedByNode(): (node: User['assignments'][number]['node'], programid: number) => readonly Scope[] {
  const known = new Map<number, ReturnType<typeof supervisedFacilities>>();
  return (node, programid) => {
    if (node === null) return [];
    const byProgram = known.get(node.id) ?? supervisedFacilities(node);
    known.set(node.id, byProgram);
    return [...(byProgram.get(programid) ?? [])].map((facilityid) => ({ facilityid, programid }));
  };
}
