// Right assignments against a plain recomputation of everything: the pipeline walks down from each user's nodes; here every
// facility is asked who stands above it, over the bare tables, and by no code of the pipeline's.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deriveExample, id } from '../../pipelines/example.ts';
import { LEVELS } from '../../pipelines/right-assignments/supervised.ts';
import { rightAssignments } from '../../pipelines/right-assignments/right-assignments.ts';
import type { Row } from './examples.ts';
import { treesOf } from './trees.ts';
import type { Tables } from './trees.ts';

const numbers = { users: 3, roles: 3, programs: 2, nodes: 7, groups: 4, facilities: 4 };
const oneOf = (count: number) => fc.integer({ min: 1, max: count });
const orNone = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const rightNames = ['VIEW_REQUISITION', 'APPROVE_REQUISITION', 'MANAGE_POD', 'COMPLETE_POD', 'CREATE_LOT'];
const v3Names: Readonly<Record<string, string | undefined>> = {
  VIEW_REQUISITION: 'REQUISITION_VIEW',
  APPROVE_REQUISITION: 'REQUISITION_APPROVE',
  MANAGE_POD: 'PODS_MANAGE',
  COMPLETE_POD: 'PODS_MANAGE',
};

/** Rows that differ in their key, as v2's constraints have it. */
const table = (row: fc.Arbitrary<Row>, key: readonly string[], maxLength: number) =>
  fc.uniqueArray(row, { maxLength, selector: (each) => key.map((column) => String(each[column])).join() });

/** A tree of at most LEVELS levels: each node below one of a lower number, or below none. */
const nodes = fc.array(fc.nat(), { minLength: numbers.nodes, maxLength: numbers.nodes }).map((choices) => {
  const levels: number[] = [];
  return choices.map((choice, index) => {
    const parent = choice % (index + 1);
    const isRoot = parent === 0 || (levels[parent - 1] ?? 0) >= LEVELS;
    levels.push(isRoot ? 1 : (levels[parent - 1] ?? 0) + 1);
    return { id: index + 1, parentid: isRoot ? null : parent };
  });
});

const tables: fc.Arbitrary<Tables> = fc
  .record({
    users: fc.tuple(...Array.from({ length: numbers.users }, () => orNone(oneOf(numbers.facilities)))),
    nodes,
    assignments: table(
      fc.record({
        userid: oneOf(numbers.users),
        roleid: oneOf(numbers.roles),
        programid: orNone(oneOf(numbers.programs)),
        supervisorynodeid: orNone(oneOf(numbers.nodes)),
        deliveryzoneid: fc.constantFrom(null, null, null, 1),
      }),
      ['userid', 'roleid', 'programid', 'supervisorynodeid', 'deliveryzoneid'],
      10,
    ),
    fulfillments: table(
      fc.record({
        userid: oneOf(numbers.users),
        roleid: oneOf(numbers.roles),
        facilityid: oneOf(numbers.facilities),
      }),
      ['userid', 'roleid', 'facilityid'],
      4,
    ),
    roleRights: table(
      fc.record({ roleid: oneOf(numbers.roles), rightname: fc.constantFrom(...rightNames) }),
      ['roleid', 'rightname'],
      8,
    ),
    groups: table(
      fc.record({ id: oneOf(numbers.groups), supervisorynodeid: orNone(oneOf(numbers.nodes)) }),
      ['id'],
      numbers.groups,
    ),
    members: table(
      fc.record({ requisitiongroupid: oneOf(numbers.groups), facilityid: oneOf(numbers.facilities) }),
      ['requisitiongroupid', 'facilityid'],
      10,
    ),
    schedules: table(
      fc.record({ requisitiongroupid: oneOf(numbers.groups), programid: oneOf(numbers.programs) }),
      ['requisitiongroupid', 'programid'],
      8,
    ),
    supported: table(
      fc.record({
        facilityid: oneOf(numbers.facilities),
        programid: oneOf(numbers.programs),
        active: fc.boolean(),
      }),
      ['facilityid', 'programid'],
      8,
    ),
  })
  .map(
    (v2) =>
      new Map<string, readonly Row[]>([
        ['public.users', v2.users.map((facilityid, index) => ({ id: index + 1, facilityid }))],
        ['public.roles', [1, 2, 3].map((role) => ({ id: role, name: `Role ${role}` }))],
        ['public.rights', rightNames.map((name) => ({ name, righttype: 'REQUISITION' }))],
        ['public.role_rights', v2.roleRights],
        ['public.role_assignments', v2.assignments],
        ['public.fulfillment_role_assignments', v2.fulfillments],
        ['public.supervisory_nodes', v2.nodes],
        ['public.requisition_groups', v2.groups],
        ['public.requisition_group_members', numbered(v2.members)],
        ['public.requisition_group_program_schedules', numbered(v2.schedules)],
        ['public.programs_supported', numbered(v2.supported)],
      ]),
  );

test('right assignments are what everything, computed anew, comes to', () => {
  fc.assert(
    fc.property(tables, (v2) => {
      const derived = treesOf(rightAssignments, v2).flatMap(
        (tree) => deriveExample(rightAssignments, tree as never).rows.rights,
      );
      const grants = derived.map(({ userid, rightname, facilityid, programid }) =>
        [userid, rightname, facilityid, programid].join(' '),
      );
      expect(grants.toSorted()).toEqual([...recomputed(v2)].toSorted());
      expect(new Set(derived.map((row) => row.id)).size).toBe(derived.length);
    }),
    { numRuns: 2_000 },
  );
});

test('a tree that is deeper than can be followed is refused, and so is a circle', () => {
  const chain = Array.from({ length: LEVELS + 1 }, (_, index) => ({ id: index + 1, parentid: index || null }));
  const derive = (nodesOfV2: readonly Row[], supervisorynodeid: number) => {
    const v2: Tables = new Map([
      ['public.users', [{ id: 1, facilityid: null }]],
      ['public.role_assignments', [{ userid: 1, roleid: 1, programid: 1, supervisorynodeid, deliveryzoneid: null }]],
      ['public.roles', [{ id: 1, name: 'Role' }]],
      ['public.rights', [{ name: 'VIEW_REQUISITION', righttype: 'REQUISITION' }]],
      ['public.role_rights', [{ roleid: 1, rightname: 'VIEW_REQUISITION' }]],
      ['public.supervisory_nodes', nodesOfV2],
    ]);
    return treesOf(rightAssignments, v2).map((tree) => deriveExample(rightAssignments, tree as never).rows.rights);
  };
  expect(derive(chain, 2)).toEqual([[]]);
  expect(() => derive(chain, 1)).toThrow(/node 7 stands more than 5 levels below node 1/);
  expect(() => derive([{ id: 1, parentid: 1 }], 1)).toThrow(/form a circle|so deep a tree is not followed/);
});

/** '<user> <right> <facility> <program>' of every right assignment, by the words of v3's rules. */
function recomputed(v2: Tables): ReadonlySet<string> {
  const rows = (name: string): readonly Row[] => v2.get(`public.${name}`) ?? [];
  const grants = new Set<string>();
  const give = (holder: Row, facility: unknown, program: unknown): void => {
    for (const { roleid, rightname } of rows('role_rights')) {
      const right = v3Names[String(rightname)];
      if (roleid !== holder['roleid'] || right === undefined) continue;
      grants.add(
        [v3Id('users', holder['userid']), right, v3Id('facilities', facility), v3Id('programs', program)].join(' '),
      );
    }
  };
  for (const fulfillment of rows('fulfillment_role_assignments')) give(fulfillment, fulfillment['facilityid'], null);
  for (const assignment of rows('role_assignments')) {
    const { userid, programid, supervisorynodeid, deliveryzoneid } = assignment;
    if (deliveryzoneid !== null || (programid === null && supervisorynodeid !== null)) continue;
    if (supervisorynodeid === null) {
      const home = rows('users').find((user) => user['id'] === userid)?.['facilityid'];
      give(assignment, programid === null ? null : home, programid);
      continue;
    }
    for (const { facilityid, programid: supported, active } of rows('programs_supported')) {
      if (active !== true || supported !== programid) continue;
      const supervisors = rows('requisition_group_members')
        .filter((member) => member['facilityid'] === facilityid)
        .flatMap((member) => rows('requisition_groups').filter((group) => group['id'] === member['requisitiongroupid']))
        .filter((group) =>
          rows('requisition_group_program_schedules').some(
            (schedule) => schedule['requisitiongroupid'] === group['id'] && schedule['programid'] === programid,
          ),
        )
        .flatMap((group) => ancestors(v2, group['supervisorynodeid']));
      if (supervisors.includes(supervisorynodeid)) give(assignment, facilityid, programid);
    }
  }
  return grants;
}

/** A node and all above it. */
function ancestors(v2: Tables, node: unknown): readonly unknown[] {
  if (node === null) return [];
  const row = (v2.get('public.supervisory_nodes') ?? []).find((each) => each['id'] === node);
  return [node, ...ancestors(v2, row?.['parentid'] ?? null)];
}

function v3Id(v2Table: string, key: unknown): string {
  return key === null || key === undefined ? '' : id(v2Table, key as number);
}

function numbered(rows: readonly Row[]): readonly Row[] {
  return rows.map((row, index) => ({ id: index + 1, ...row }));
}
