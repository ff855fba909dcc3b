// What eLMIS's administrators do to supervisory nodes, requisition groups and supply lines.
import { pickRow } from './session.ts';
import type { Operation, Outcome, Play } from './session.ts';

export const supervisionOperations = {
  addNode: { weight: 1, play: addNode },
  editNode: { weight: 1, play: editNode },
  moveNode: { weight: 1, play: moveNode },
  moveFacilityToGroup: { weight: 2, play: moveFacilityToGroup },
  saveGroupSchedules: { weight: 1, play: saveGroupSchedules },
  changeGroupNode: { weight: 1, play: changeGroupNode },
  changeSupplyLine: { weight: 1, play: changeSupplyLine },
} as const satisfies Record<string, Operation>;

/** The node of a region, which stands on the third level of the tree. */
function pickRegionNode(play: Play): Promise<{ readonly id: number } | undefined> {
  return pickRow(play, {
    select: 't.id',
    from: 'supervisory_nodes AS t JOIN geographic_zones AS zone ON zone.id = t.id',
    where: 'zone.levelid = 3',
  });
}

function pickGroup(play: Play): Promise<{ readonly id: number } | undefined> {
  return pickRow(play, { select: 't.id', from: 'requisition_groups AS t' });
}

/** A node below a region, with a group of its own. */
async function addNode(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const region = await pickRegionNode(play);
  const facility = await pickRow<{ id: number }>(play, { select: 't.id', from: 'facilities AS t' });
  if (region === undefined || facility === undefined) return 'nothing to do';
  return session.transaction(async () => {
    const [node] = await session.rows<{ id: number }>(`SELECT nextval('supervisory_nodes_id_seq')::int AS id`);
    await session.change(
      `INSERT INTO supervisory_nodes (id, parentid, facilityid, name, code, createdby, modifiedby) VALUES ($1, $2, $3, $4, $5, 1, 1)`,
      [node?.id, region.id, facility.id, random.pick(['council pharmacy', 'Hospital Pharmacy']), `NEW-${node?.id}`],
    );
    await session.change(
      `INSERT INTO requisition_groups (code, name, supervisorynodeid, createdby, modifiedby) VALUES ($1, 'New group', $2, 1, 1)`,
      [`NEW-${node?.id}`, node?.id],
    );
  });
}

async function editNode(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const node = await pickRow<{ id: number }>(play, { select: 't.id', from: 'supervisory_nodes AS t' });
  if (node === undefined) return 'nothing to do';
  await session.change(
    'UPDATE supervisory_nodes SET name = $2, description = $3, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [node.id, random.pick(['Council Pharmacy', 'COUNCIL PHARMACY', 'DMO']), random.pick([null, 'Approves'])],
  );
  return 'done';
}

/** A council's node goes below another region. */
async function moveNode(play: Play): Promise<Outcome> {
  const council = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: 'supervisory_nodes AS t JOIN geographic_zones AS zone ON zone.id = t.id',
    where: 'zone.levelid = 4',
  });
  const region = await pickRegionNode(play);
  if (council === undefined || region === undefined) return 'nothing to do';
  await play.session.change('UPDATE supervisory_nodes SET parentid = $2 WHERE id = $1', [council.id, region.id]);
  return 'done';
}

async function moveFacilityToGroup(play: Play): Promise<Outcome> {
  const { session } = play;
  const facility = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: 'facilities AS t',
    where: 't.typeid <> 1',
  });
  const group = await pickGroup(play);
  if (facility === undefined || group === undefined) return 'nothing to do';
  return session.transaction(async () => {
    await session.change('DELETE FROM requisition_group_members WHERE facilityid = $1', [facility.id]);
    await session.change(
      'INSERT INTO requisition_group_members (requisitiongroupid, facilityid, createdby, modifiedby) VALUES ($1, $2, 1, 1)',
      [group.id, facility.id],
    );
  });
}

/** As eLMIS saves them: all deleted and inserted again, so that their ids change; sometimes a program is left out. */
async function saveGroupSchedules(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const group = await pickGroup(play);
  if (group === undefined) return 'nothing to do';
  return session.transaction(async () => {
    await session.change('DELETE FROM requisition_group_program_schedules WHERE requisitiongroupid = $1', [group.id]);
    await session.change(
      `INSERT INTO requisition_group_program_schedules (requisitiongroupid, programid, scheduleid, directdelivery, dropofffacilityid, createdby, modifiedby)
       SELECT $1, id, CASE WHEN code = 'lab' THEN 3 ELSE $3 END, $4, CASE WHEN $4 THEN NULL ELSE 1 END, 1, 1
       FROM programs WHERE id <> $2 ORDER BY id`,
      [group.id, random.integer(0, 8), random.integer(1, 2), random.chance(0.5)],
    );
  });
}

/** A group loses its node, which v3 cannot hold; the next time it gets one again. */
async function changeGroupNode(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const without = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: 'requisition_groups AS t',
    where: 't.supervisorynodeid IS NULL',
  });
  const any = await pickGroup(play);
  const node = await pickRow<{ id: number }>(play, { select: 't.id', from: 'supervisory_nodes AS t' });
  const group = without !== undefined && random.chance(0.6) ? without : any;
  if (group === undefined || node === undefined) return 'nothing to do';
  await session.change(
    'UPDATE requisition_groups SET supervisorynodeid = $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [group.id, group === without || random.chance(0.7) ? node.id : null],
  );
  return 'done';
}

/** Another warehouse supplies; or the line loses its node, or gets one that no other line of its program has. */
async function changeSupplyLine(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const line = await pickRow<{ id: number }>(play, { select: 't.id', from: 'supply_lines AS t' });
  if (line === undefined) return 'nothing to do';
  if (random.chance(0.6)) {
    await session.change(
      `UPDATE supply_lines SET supplyingfacilityid = (SELECT id FROM facilities WHERE typeid = 1 ORDER BY id OFFSET $2 LIMIT 1) WHERE id = $1`,
      [line.id, random.integer(0, 9)],
    );
    return 'done';
  }
  await session.change(
    `UPDATE supply_lines AS line SET supervisorynodeid = CASE WHEN supervisorynodeid IS NULL THEN (
       SELECT min(node.id) FROM supervisory_nodes AS node WHERE NOT EXISTS (
         SELECT FROM supply_lines AS other WHERE other.supervisorynodeid = node.id AND other.programid = line.programid)) END
     WHERE id = $1`,
    [line.id],
  );
  return 'done';
}
