// What eLMIS's administrators do to facilities, zones, schedules and periods.
import { sometimesAwkward } from '../data/awkward-text.ts';
import { pickRow } from './session.ts';
import type { Operation, Outcome, Play } from './session.ts';

export const facilityOperations = {
  editFacility: { weight: 3, play: editFacility },
  moveFacility: { weight: 2, play: moveFacility },
  renameFacilityCode: { weight: 1, play: renameFacilityCode },
  deactivateFacility: { weight: 1, play: deactivateFacility },
  addFacility: { weight: 2, play: addFacility },
  saveProgramsSupported: { weight: 4, play: saveProgramsSupported },
  editFacilityType: { weight: 1, play: editFacilityType },
  editFacilityOperator: { weight: 1, play: editFacilityOperator },
  editZone: { weight: 1, play: editZone },
  moveZone: { weight: 1, play: moveZone },
  changePeriod: { weight: 1, play: changePeriod },
  addPeriod: { weight: 1, play: addPeriod },
  editSchedule: { weight: 1, play: editSchedule },
} as const satisfies Record<string, Operation>;

interface Facility {
  readonly id: number;
  readonly active: boolean;
}

function pickFacility(play: Play): Promise<Facility | undefined> {
  return pickRow(play, { select: 't.id, t.active', from: 'facilities AS t', where: 't.typeid <> 1' });
}

function pickCouncil(play: Play): Promise<{ readonly id: number } | undefined> {
  return pickRow(play, { select: 't.id', from: 'geographic_zones AS t', where: 't.levelid = 4' });
}

async function editFacility(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const facility = await pickFacility(play);
  if (facility === undefined) return 'nothing to do';
  const edits: Readonly<Record<string, unknown>> = random.pick([
    { name: sometimesAwkward(random, `Facility ${facility.id}`, 50, 0.3) },
    { comment: random.pick([null, 'Visited', random.noise(9000)]) },
    { latitude: `-${random.integer(1, 10)}.12345`, longitude: `${random.integer(30, 39)}.54321` },
    { latitude: null, longitude: null },
    { operatedbyid: random.pick([null, 1, 2, 3]), online: random.pick([null, true, false]) },
    { mainphone: `+255 ${random.integer(100_000_000, 999_999_999)}`, catchmentpopulation: random.integer(1, 90_000) },
    { golivedate: random.pick(['2015-01-31', '0044-03-15 BC']), godowndate: random.pick([null, 'infinity']) },
  ]);
  const columns = Object.keys(edits);
  await session.change(
    `UPDATE facilities SET ${columns.map((column, index) => `${column} = $${index + 2}`).join(', ')}, modifieddate = CURRENT_TIMESTAMP WHERE id = $1`,
    [facility.id, ...Object.values(edits)],
  );
  return 'done';
}

async function moveFacility(play: Play): Promise<Outcome> {
  const facility = await pickFacility(play);
  const council = await pickCouncil(play);
  if (facility === undefined || council === undefined) return 'nothing to do';
  await play.session.change(
    'UPDATE facilities SET geographiczoneid = $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [facility.id, council.id],
  );
  return 'done';
}

async function renameFacilityCode(play: Play): Promise<Outcome> {
  const facility = await pickFacility(play);
  if (facility === undefined) return 'nothing to do';
  await play.session.change('UPDATE facilities SET code = $2 WHERE id = $1', [
    facility.id,
    `H${play.random.integer(100_000, 999_999)}-${facility.id}`,
  ]);
  return 'done';
}

/** Closes a facility, or opens it again. */
async function deactivateFacility(play: Play): Promise<Outcome> {
  const facility = await pickFacility(play);
  if (facility === undefined) return 'nothing to do';
  await play.session.change(
    'UPDATE facilities SET active = $2, godowndate = CASE WHEN $2 THEN NULL ELSE CURRENT_DATE END, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [facility.id, !facility.active],
  );
  return 'done';
}

async function addFacility(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const council = await pickCouncil(play);
  if (council === undefined) return 'nothing to do';
  return session.transaction(async () => {
    const [facility] = await session.rows<{ id: number }>(`SELECT nextval('facilities_id_seq')::int AS id`);
    const id = facility?.id;
    await session.change(
      `INSERT INTO facilities (id, code, name, geographiczoneid, typeid, operatedbyid, sdp, active, golivedate, enabled, virtualfacility, createdby, modifiedby)
       VALUES ($1, $2, $3, $4, $5, $6, true, true, CURRENT_DATE, true, false, 1, 1)`,
      [
        id,
        `NEW-${id}`,
        sometimesAwkward(random, `New dispensary ${id}`, 50, 0.2),
        council.id,
        random.integer(2, 5),
        random.pick([null, 1, 2]),
      ],
    );
    await session.change(
      `INSERT INTO programs_supported (facilityid, programid, startdate, active, createdby, modifiedby)
       SELECT $1, id, CURRENT_TIMESTAMP, true, 1, 1 FROM programs WHERE id <= $2 ORDER BY id`,
      [id, random.integer(1, 4)],
    );
  });
}

/** As eLMIS saves a facility: its programs are deleted and inserted again, so that their ids change. */
async function saveProgramsSupported(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const facility = await pickFacility(play);
  if (facility === undefined) return 'nothing to do';
  return session.transaction(async () => {
    const before = await session.rows<{ programid: number; startdate: string | null; active: boolean }>(
      'SELECT programid, startdate::text, active FROM programs_supported WHERE facilityid = $1 ORDER BY programid',
      [facility.id],
    );
    const programs = await session.rows<{ id: number }>('SELECT id FROM programs ORDER BY id');
    const after = programs.flatMap(({ id: programid }) => {
      const old = before.find((pair) => pair.programid === programid);
      if (old === undefined) return random.chance(0.2) ? [{ programid, startdate: '2026-09-01', active: true }] : [];
      if (random.chance(0.1)) return [];
      return [{ ...old, active: random.chance(0.2) ? !old.active : old.active }];
    });
    await session.change('DELETE FROM programs_supported WHERE facilityid = $1', [facility.id]);
    await session.change(
      `INSERT INTO programs_supported (facilityid, programid, startdate, active, createdby, modifiedby)
       SELECT $1, programid, startdate, active, 1, 1
       FROM json_to_recordset($2) AS pair (programid int, startdate timestamp, active boolean) ORDER BY programid`,
      [facility.id, JSON.stringify(after)],
    );
  });
}

/** Also of the warehouse, whose row in v3 is not ours to change. */
async function editFacilityType(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const type = await pickRow<{ id: number }>(play, { select: 't.id', from: 'facility_types AS t' });
  if (type === undefined) return 'nothing to do';
  await session.change('UPDATE facility_types SET description = $2, displayorder = $3 WHERE id = $1', [
    type.id,
    random.chance(0.2) ? null : sometimesAwkward(random, `Type ${random.integer(1, 99)}`, 250, 0.3),
    random.integer(1, 20),
  ]);
  return 'done';
}

async function editFacilityOperator(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const operator = await pickRow<{ id: number }>(play, { select: 't.id', from: 'facility_operators AS t' });
  if (operator === undefined) return 'nothing to do';
  await session.change('UPDATE facility_operators SET text = $2 WHERE id = $1', [
    operator.id,
    random.chance(0.2) ? null : sometimesAwkward(random, `Operator ${random.integer(1, 99)}`, 20, 0.3),
  ]);
  return 'done';
}

async function editZone(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const zone = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: 'geographic_zones AS t',
    where: 't.levelid > 1',
  });
  if (zone === undefined) return 'nothing to do';
  await session.change(
    'UPDATE geographic_zones SET name = $2, catchmentpopulation = $3, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [zone.id, sometimesAwkward(random, `Zone ${zone.id}`, 250, 0.3), random.pick([null, random.integer(1, 900_000)])],
  );
  return 'done';
}

/** A council goes to another region. */
async function moveZone(play: Play): Promise<Outcome> {
  const council = await pickCouncil(play);
  const region = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: 'geographic_zones AS t',
    where: 't.levelid = 3',
  });
  if (council === undefined || region === undefined) return 'nothing to do';
  await play.session.change('UPDATE geographic_zones SET parentid = $2 WHERE id = $1', [council.id, region.id]);
  return 'done';
}

/** What lines and requisitions take from their period changes with it: its length, and whether it is for reporting only. */
async function changePeriod(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const period = await pickRow<{ id: number }>(play, { select: 't.id', from: 'processing_periods AS t' });
  if (period === undefined) return 'nothing to do';
  await session.change(
    `UPDATE processing_periods SET description = $2, numberofmonths = $3, enableorder = $4, enddate = enddate + make_interval(days => $5),
            modifieddate = CURRENT_TIMESTAMP
     WHERE id = $1`,
    [
      period.id,
      random.chance(0.3) ? null : sometimesAwkward(random, 'Extended', 250, 0.3),
      random.pick([null, 1, 2, 3]),
      random.chance(0.8),
      random.pick([0, 0, 1]),
    ],
  );
  return 'done';
}

/** The next period of a schedule, after its last. */
async function addPeriod(play: Play): Promise<Outcome> {
  const { session } = play;
  const schedule = await pickRow<{ id: number }>(play, { select: 't.id', from: 'processing_schedules AS t' });
  if (schedule === undefined) return 'nothing to do';
  const added = await session.change(
    `INSERT INTO processing_periods (scheduleid, name, startdate, enddate, numberofmonths, createdby, modifiedby)
     SELECT $1, 'Period from ' || (max(enddate)::date + 1), max(enddate)::date + 1,
            (max(enddate)::date + 1) + interval '2 months' - interval '1 second', 2, 1, 1
     FROM processing_periods WHERE scheduleid = $1 HAVING max(enddate) < '2100-01-01'`,
    [schedule.id],
  );
  return added === 0 ? 'nothing to do' : 'done';
}

async function editSchedule(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const schedule = await pickRow<{ id: number }>(play, { select: 't.id', from: 'processing_schedules AS t' });
  if (schedule === undefined) return 'nothing to do';
  await session.change(
    'UPDATE processing_schedules SET description = $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [schedule.id, random.chance(0.2) ? null : sometimesAwkward(random, 'Every two months', 250, 0.3)],
  );
  return 'done';
}
