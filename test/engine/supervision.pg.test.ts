// Supervision through the engine: what v3 cannot hold yet, and right assignments that follow what they are computed from.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readState } from '../../activities/control.ts';
import { clearOwned } from '../../activities/operations.ts';
import { idOf } from '../../model/ids.ts';
import { createSmallV2 } from './small-v2.ts';
import type { SmallV2 } from './small-v2.ts';
import { applyAll, createTestbed, settle } from './testbed.ts';
import type { Testbed } from './testbed.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

test('a group without a node stands in quarantine, and comes by itself when v2 gives it one', async () => {
  const v2 = createSmallV2('places');
  v2.add('supervisory_nodes', { id: 1, facilityid: 1 });
  v2.add('requisition_groups', { id: 1, supervisorynodeid: null });
  v2.add('requisition_group_members', { id: 1, requisitiongroupid: 1, facilityid: 1 });
  await settle(testbed, v2);
  const { pool } = testbed.engine('requisition-groups').deps;
  expect(await readState(pool, 'requisition-groups')).toMatchObject({ dirty: 0, waiting: 0, quarantined: 1 });
  const { rows } = await testbed.client.query('SELECT code, message, resolved_at FROM cdc.quarantine');
  expect(rows).toEqual([
    {
      code: 'DERIVE_FAILED',
      message: expect.stringContaining('requisition_groups.supervisorynodeid is empty'),
      resolved_at: null,
    },
  ]);
  v2.change('requisition_groups', 1, { supervisorynodeid: 1 });
  await settle(testbed, v2);
  expect(await readState(pool, 'requisition-groups')).toMatchObject({ quarantined: 0 });
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

/** User 1 approves for the node above group 1, user 2 for that above group 2. Facility 1 is in group 1. */
function supervised(): SmallV2 {
  const v2 = createSmallV2('places');
  v2.add('programs_supported', { id: 1, facilityid: 1, programid: 1, active: true });
  v2.add('processing_schedules', { id: 1, code: 'monthly' });
  v2.add('roles', { id: 1, name: 'Approver' });
  v2.add('rights', { name: 'APPROVE_REQUISITION', righttype: 'REQUISITION' });
  v2.add('role_rights', { roleid: 1, rightname: 'APPROVE_REQUISITION' });
  v2.add('supervisory_nodes', { id: 1, facilityid: 1 });
  for (const number of [1, 2]) {
    const node = number + 1;
    v2.add('supervisory_nodes', { id: node, facilityid: 1, parentid: 1 });
    v2.add('requisition_groups', { id: number, supervisorynodeid: node });
    v2.add('requisition_group_program_schedules', {
      id: number,
      requisitiongroupid: number,
      programid: 1,
      scheduleid: 1,
    });
    v2.add('users', { id: number, username: `user ${number}` });
    v2.add('role_assignments', { userid: number, roleid: 1, programid: 1, supervisorynodeid: node });
  }
  v2.add('requisition_group_members', { id: 1, requisitiongroupid: 1, facilityid: 1 });
  return v2;
}

async function holders(): Promise<readonly string[]> {
  const { rows } = await testbed.client.query<{ username: string }>(
    `SELECT username FROM referencedata.right_assignments JOIN referencedata.users ON users.id = userid
     WHERE rightname = 'REQUISITION_APPROVE' ORDER BY username`,
  );
  return rows.map(({ username }) => username);
}

test('right assignments follow a facility to another group, and a node to another parent', async () => {
  const v2 = supervised();
  await settle(testbed, v2);
  expect(await holders()).toEqual(['user 1']);
  v2.change('requisition_group_members', 1, { requisitiongroupid: 2 });
  await settle(testbed, v2);
  expect(await holders()).toEqual(['user 2']);
  v2.change('supervisory_nodes', 3, { parentid: 2 });
  await settle(testbed, v2);
  expect(await holders()).toEqual(['user 1', 'user 2']);
  v2.change('programs_supported', 1, { active: false });
  await settle(testbed, v2);
  expect(await holders()).toEqual([]);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('a save that deletes and inserts the same roles again writes nothing to v3', async () => {
  const v2 = supervised();
  await settle(testbed, v2);
  v2.transaction((transaction) => {
    for (const row of transaction.rows('public.role_assignments').filter(({ userid }) => userid === 1)) {
      transaction.remove('public.role_assignments', row);
      transaction.insert('public.role_assignments', row);
    }
  });
  const version = async () => (await testbed.client.query('SELECT id, xmin FROM referencedata.right_assignments')).rows;
  const before = await version();
  const report = await applyAll(testbed.engine('right-assignments'), v2);
  expect(report).toMatchObject({ isApplied: true, derived: 0, written: 0 });
  expect(await version()).toEqual(before);
  expect(before).toEqual([{ id: idOf('right_assignments', '1:REQUISITION_APPROVE:1:1'), xmin: expect.anything() }]);
});

test('a reset takes a tree of which it finds the middle last: nodes between nodes', async () => {
  const v2 = supervised();
  // Facility 2 supports no program: clearing programs finds facility 1 and its nodes, above and below the node of facility 2.
  v2.add('facilities', { id: 2, geographiczoneid: 1, typeid: 1, enabled: true });
  v2.change('supervisory_nodes', 2, { facilityid: 2 });
  v2.change('supervisory_nodes', 3, { parentid: 2 });
  await settle(testbed, v2);
  const request = {
    pipeline: 'programs',
    id: 'reset-1',
    name: 'reset',
    reason: 'a test',
    by: 'a test',
    via: 'update',
  } as const;
  const scope = { run: 'test', signal: new AbortController().signal, heartbeat: () => undefined };
  await clearOwned(testbed.engine('programs'), request, scope);
  expect(await holders()).toEqual([]);
  await settle(testbed, v2);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});
