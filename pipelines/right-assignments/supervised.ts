// The facilities that a supervisory node supervises in each program: the members of its requisition groups and of those of
// all nodes below it, where the group has a schedule for the program and the facility supports it actively. So v3 counts
// (openlmis-referencedata, RightAssignmentService).
import { many } from '../definition.ts';
import type { Join } from '../definition.ts';
import { MkondoError } from '../../model/errors.ts';

/** What hangs on one node. */
const supervises = {
  groups: many('public.requisition_groups', {
    on: { supervisorynodeid: 'id' },
    columns: ['id'],
    joins: {
      schedules: many('public.requisition_group_program_schedules', {
        on: { requisitiongroupid: 'id' },
        columns: ['programid'],
      }),
      members: many('public.requisition_group_members', {
        on: { requisitiongroupid: 'id' },
        columns: ['facilityid'],
        joins: {
          supported: many('public.programs_supported', {
            on: { facilityid: 'facilityid' },
            columns: ['programid', 'active'],
          }),
        },
      }),
    },
  }),
};

const nodesWith = <Children extends Join>(children: Children) =>
  many('public.supervisory_nodes', { on: { parentid: 'id' }, columns: ['id'], joins: { ...supervises, children } });

/**
 * Levels of a node's tree, itself included. **A join knows no recursion**, so the levels are written out; Tanzania's tree has
 * four. What stands below the last is loaded by its id alone, and refused: a right left out would be left out silently.
 */
export const LEVELS = 6;
const belowTheLast = many('public.supervisory_nodes', { on: { parentid: 'id' }, columns: ['id'] });

/** To be joined to the row of a node. */
export const supervision = {
  ...supervises,
  children: nodesWith(nodesWith(nodesWith(nodesWith(nodesWith(belowTheLast))))),
};

export interface SupervisoryNode {
  readonly id: number;
  /** Absent below the last level. */
  readonly groups?: readonly {
    readonly schedules: readonly { readonly programid: number }[];
    readonly members: readonly {
      readonly facilityid: number;
      readonly supported: readonly { readonly programid: number; readonly active: boolean }[];
    }[];
  }[];
  readonly children?: readonly SupervisoryNode[];
}

/** Program -> facilities. @throws MkondoError DERIVE_FAILED when the tree is deeper than LEVELS */
export function supervisedFacilities(node: SupervisoryNode): ReadonlyMap<number, ReadonlySet<number>> {
  const byProgram = new Map<number, Set<number>>();
  const visit = ({ id, groups, children = [] }: SupervisoryNode): void => {
    if (groups === undefined) throw tooDeep(id, node.id);
    for (const { schedules, members } of groups) {
      const scheduled = new Set(schedules.map(({ programid }) => programid));
      for (const { facilityid, supported } of members) {
        for (const { programid, active } of supported) {
          if (!active || !scheduled.has(programid)) continue;
          const facilities = byProgram.get(programid) ?? new Set();
          byProgram.set(programid, facilities.add(facilityid));
        }
      }
    }
    for (const child of children) visit(child);
  };
  visit(node);
  return byProgram;
}

function tooDeep(node: number, top: number): MkondoError {
  return new MkondoError(
    'DERIVE_FAILED',
    `Supervisory node ${node} stands more than ${LEVELS - 1} levels below node ${top}: so deep a tree is not followed.`,
    {
      advice:
        'Raise LEVELS in pipelines/right-assignments/supervised.ts, or see whether the nodes form a circle in v2.',
    },
  );
}
