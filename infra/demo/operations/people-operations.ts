// What eLMIS's administrators do to users and roles. A save deletes and inserts all that hangs on the user or the role.
import { pickRow } from './session.ts';
import type { Operation, Outcome, Play } from './session.ts';

export const peopleOperations = {
  addUser: { weight: 1, play: addUser },
  editUser: { weight: 1, play: editUser },
  saveUserRoles: { weight: 2, play: saveUserRoles },
  saveWarehouseRoles: { weight: 1, play: saveWarehouseRoles },
  saveRoleRights: { weight: 1, play: saveRoleRights },
  addRole: { weight: 1, play: addRole },
} as const satisfies Record<string, Operation>;

/** Not the administrator, whose row in v3 is not ours. */
function pickUser(play: Play): Promise<{ readonly id: number } | undefined> {
  return pickRow(play, { select: 't.id', from: 'users AS t', where: 't.id > 1' });
}

/** A role that holds in programs: those of warehouses, of all of eLMIS and of delivery zones are assigned otherwise. */
function pickSupervisionRole(play: Play): Promise<{ readonly id: number } | undefined> {
  return pickRow(play, { select: 't.id', from: 'roles AS t', where: 't.id <= 3 OR t.id > 9' });
}

/** A user with a role in the home facility; sometimes without e-mail, as mobile users are. */
async function addUser(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const facility = await pickRow<{ id: number }>(play, { select: 't.id', from: 'facilities AS t' });
  const role = await pickSupervisionRole(play);
  if (facility === undefined || role === undefined) return 'nothing to do';
  return session.transaction(async () => {
    const [user] = await session.rows<{ id: number }>(`SELECT nextval('users_id_seq')::int AS id`);
    const id = user?.id;
    await session.change(
      `INSERT INTO users (id, username, firstname, lastname, email, supervisorid, facilityid, verified, active, createdby, modifiedby)
       VALUES ($1, $2, 'New', 'User', $3, 1, $4, true, true, 1, 1)`,
      [id, `New.User${id}`, random.chance(0.4) ? null : `new${id}@example.org`, facility.id],
    );
    await session.change(
      'INSERT INTO role_assignments (userid, roleid, programid) SELECT $1, $2, id FROM programs WHERE id <= $3 ORDER BY id',
      [id, role.id, random.integer(1, 4)],
    );
  });
}

async function editUser(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const user = await pickUser(play);
  const facility = await pickRow<{ id: number }>(play, { select: 't.id', from: 'facilities AS t' });
  if (user === undefined) return 'nothing to do';
  const edits: Readonly<Record<string, unknown>> = random.pick([
    { jobtitle: random.pick([null, 'Pharmacist', "Mfamasia; 'Mkuu'"]) },
    { cellphone: random.pick([null, `+255 7${random.integer(10_000_000, 99_999_999)}`]) },
    { email: random.pick([null, `edited${user.id}@example.org`]) },
    { active: random.pick([null, true, false]) },
    { facilityid: random.pick([null, facility?.id ?? null]) },
    { password: random.noise(40) },
  ]);
  const [column = '', value] = Object.entries(edits)[0] ?? [];
  await session.change(`UPDATE users SET ${column} = $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1`, [
    user.id,
    value,
  ]);
  return 'done';
}

interface Assignment {
  readonly roleid: number;
  readonly programid: number | null;
  readonly supervisorynodeid: number | null;
  readonly deliveryzoneid: number | null;
}

/** Mostly a save that changes nothing; sometimes an assignment goes, and another comes. */
async function saveUserRoles(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const user = await pickUser(play);
  const role = await pickSupervisionRole(play);
  const node = await pickRow<{ id: number }>(play, { select: 't.id', from: 'supervisory_nodes AS t' });
  if (user === undefined || role === undefined || node === undefined) return 'nothing to do';
  return session.transaction(async () => {
    const before = await session.rows<Assignment>(
      `SELECT roleid, programid, supervisorynodeid, deliveryzoneid FROM role_assignments WHERE userid = $1
       ORDER BY roleid, programid, supervisorynodeid, deliveryzoneid`,
      [user.id],
    );
    const added: Assignment = {
      roleid: role.id,
      programid: random.integer(1, 4),
      supervisorynodeid: random.pick([null, node.id]),
      deliveryzoneid: null,
    };
    const isAdded = random.chance(0.4) && !before.some((each) => JSON.stringify(each) === JSON.stringify(added));
    const after = [...before.filter(() => !random.chance(0.1)), ...(isAdded ? [added] : [])];
    await session.change('DELETE FROM role_assignments WHERE userid = $1', [user.id]);
    await session.change(
      `INSERT INTO role_assignments (userid, roleid, programid, supervisorynodeid, deliveryzoneid)
       SELECT $1, roleid, programid, supervisorynodeid, deliveryzoneid FROM json_to_recordset($2)
         AS assignment (roleid int, programid int, supervisorynodeid int, deliveryzoneid int)`,
      [user.id, JSON.stringify(after)],
    );
  });
}

async function saveWarehouseRoles(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const user = await pickUser(play);
  if (user === undefined) return 'nothing to do';
  return session.transaction(async () => {
    await session.change('DELETE FROM fulfillment_role_assignments WHERE userid = $1', [user.id]);
    await session.change(
      `INSERT INTO fulfillment_role_assignments (userid, roleid, facilityid, createdby, modifiedby)
       SELECT $1, 4, id, 1, 1 FROM facilities WHERE typeid = 1 ORDER BY id LIMIT $2`,
      [user.id, random.integer(0, 3)],
    );
  });
}

/** The rights of one role, all of one type, as eLMIS has it. Also of the role that v3 has itself. */
async function saveRoleRights(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const role = await pickRow<{ id: number }>(play, { select: 't.id', from: 'roles AS t' });
  if (role === undefined) return 'nothing to do';
  return session.transaction(async () => {
    const before = await session.rows<{ rightname: string }>(
      'SELECT rightname FROM role_rights WHERE roleid = $1 ORDER BY rightname',
      [role.id],
    );
    const rights = await session.rows<{ name: string }>(
      `SELECT name FROM rights WHERE righttype = coalesce((SELECT righttype FROM rights WHERE name = $1), 'REQUISITION') ORDER BY name`,
      [before[0]?.rightname ?? null],
    );
    const added = random.pick(rights).name;
    const names = new Set(before.map(({ rightname }) => rightname).filter(() => !random.chance(0.15)));
    if (random.chance(0.5)) names.add(added);
    await session.change('DELETE FROM role_rights WHERE roleid = $1', [role.id]);
    await session.change('INSERT INTO role_rights (roleid, rightname, createdby) SELECT $1, unnest($2::text[]), 1', [
      role.id,
      [...names],
    ]);
  });
}

async function addRole({ session, random }: Play): Promise<Outcome> {
  return session.transaction(async () => {
    const [role] = await session.rows<{ id: number }>(`SELECT nextval('roles_id_seq')::int AS id`);
    await session.change('INSERT INTO roles (id, name, description, createdby, modifiedby) VALUES ($1, $2, $3, 1, 1)', [
      role?.id,
      `Role ${role?.id}`,
      random.pick([null, 'Made by the simulator']),
    ]);
    await session.change(
      `INSERT INTO role_rights (roleid, rightname, createdby) SELECT $1, name, 1 FROM rights WHERE righttype = 'REQUISITION' ORDER BY name LIMIT $2`,
      [role?.id, random.integer(0, 4)],
    );
  });
}
