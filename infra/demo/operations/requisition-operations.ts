// What eLMIS does to requisitions, from the first save to the release or the deletion. Each action of a user is one
// transaction, and each rewrites every line of the requisition, changed or not, as eLMIS does.
import { remark, sometimesAwkward } from '../data/awkward-text.ts';
import { scheduleOf } from '../data/periods.ts';
import { chooseAdjustments, fillLine, packsFor } from '../data/requisition-lines.ts';
import type { Adjustment, AdjustmentType } from '../data/requisition-lines.ts';
import { chooseUser, pickRow } from './session.ts';
import type { Operation, Outcome, Play, Session } from './session.ts';

export const requisitionOperations = {
  createRequisition: { weight: 10, play: (play) => create(play, { emergency: false }) },
  createEmergencyRequisition: { weight: 2, play: (play) => create(play, { emergency: true }) },
  saveRequisition: { weight: 14, play: save },
  saveOneLine: { weight: 6, play: saveOneLine },
  skipLines: { weight: 2, play: skipLines },
  commentOnRequisition: { weight: 3, play: comment },
  submitRequisition: { weight: 9, play: (play) => advance(play, { from: ['INITIATED'], to: 'SUBMITTED' }) },
  authorizeRequisition: { weight: 8, play: (play) => advance(play, { from: ['SUBMITTED'], to: 'AUTHORIZED' }) },
  submitAndAuthorizeAtOnce: { weight: 2, play: submitAndAuthorizeAtOnce },
  passToNextApprover: {
    weight: 8,
    play: (play) => advance(play, { from: ['AUTHORIZED', 'IN_APPROVAL'], to: 'IN_APPROVAL' }),
  },
  approveRequisition: { weight: 5, play: (play) => advance(play, { from: ['IN_APPROVAL'], to: 'APPROVED' }) },
  releaseRequisition: { weight: 4, play: release },
  releaseWithoutOrder: { weight: 2, play: (play) => advance(play, { from: ['APPROVED'], to: 'RELEASED_NO_ORDER' }) },
  rejectRequisition: {
    weight: 3,
    play: (play) => advance(play, { from: ['AUTHORIZED', 'IN_APPROVAL'], to: 'INITIATED' }),
  },
  skipRequisition: { weight: 2, play: (play) => advance(play, { from: ['INITIATED'], to: 'SKIPPED' }) },
  unskipRequisition: { weight: 1, play: (play) => advance(play, { from: ['SKIPPED'], to: 'INITIATED' }) },
  reopenRequisition: { weight: 1, play: (play) => advance(play, { from: ['RELEASED_NO_ORDER'], to: 'INITIATED' }) },
  deleteRequisition: { weight: 3, play: deleteRequisition },
} as const satisfies Record<string, Operation>;

interface Requisition {
  readonly id: number;
  readonly status: string;
}

function pickRequisition(play: Play, statuses: readonly string[]): Promise<Requisition | undefined> {
  return pickRow(play, {
    select: 't.id, t.status',
    from: 'requisitions AS t',
    where: 't.status = ANY ($1)',
    values: [statuses],
  });
}

async function create(play: Play, { emergency }: { readonly emergency: boolean }): Promise<Outcome> {
  const { session, random } = play;
  const pair = await pickRow<{ facilityid: number; programid: number; zone: number; program: string }>(play, {
    select: 't.facilityid, t.programid, facility.geographiczoneid AS zone, program.code AS program',
    from: `programs_supported AS t
      JOIN facilities AS facility ON facility.id = t.facilityid
      JOIN programs AS program ON program.id = t.programid`,
    where: 't.active AND facility.active AND facility.enabled',
  });
  if (pair === undefined) return 'nothing to do';
  const [period] = await session.rows<{ id: number }>(
    `SELECT id FROM processing_periods AS period
     WHERE scheduleid = $3 AND ($4 OR NOT EXISTS (
       SELECT FROM requisitions
       WHERE facilityid = $1 AND programid = $2 AND periodid = period.id AND NOT emergency))
     ORDER BY startdate DESC LIMIT 1`,
    [pair.facilityid, pair.programid, scheduleOf(pair.zone, pair.program), emergency],
  );
  if (period === undefined) return 'nothing to do';
  const user = chooseUser(random);
  return session.transaction(async () => {
    const [requisition] = await session.rows<{ id: number }>(`SELECT nextval('requisitions_id_seq')::int AS id`);
    const id = requisition?.id;
    await session.change(
      `INSERT INTO requisitions (id, facilityid, programid, periodid, status, emergency, createdby, modifiedby)
       VALUES ($1, $2, $3, $4, 'INITIATED', $5, $6, $6)`,
      [id, pair.facilityid, pair.programid, period.id, emergency, user],
    );
    await session.change(
      `INSERT INTO requisition_line_items (
         rnrid, productcode, product, productdisplayorder, productcategory, productcategorydisplayorder, dispensingunit,
         maxmonthsofstock, price, dosespermonth, dosesperdispensingunit, packsize, roundtozero, packroundingthreshold,
         fullsupply, reportingdays, createdby, modifiedby)
       SELECT $1, product.code, left(product.primaryname, 250), offered.displayorder, category.name, category.displayorder,
         product.dispensingunit, approved.maxmonthsofstock, least(offered.currentprice, 99999999999), offered.dosespermonth,
         product.dosesperdispensingunit, product.packsize, product.roundtozero, product.packroundingthreshold,
         coalesce(offered.fullsupply, product.fullsupply), 60, $4, $4
       FROM facility_approved_products AS approved
       JOIN facilities AS facility ON facility.typeid = approved.facilitytypeid AND facility.id = $2
       JOIN program_products AS offered ON offered.id = approved.programproductid AND offered.programid = $3
       JOIN products AS product ON product.id = offered.productid
       JOIN product_categories AS category ON category.id = offered.productcategoryid
       WHERE offered.active AND product.active
       ORDER BY approved.id LIMIT ${emergency ? 20 : 200}`,
      [id, pair.facilityid, pair.programid, user],
    );
    await logStatus(session, { id, status: 'INITIATED', user });
  });
}

interface Line {
  readonly id: number;
  readonly maxmonthsofstock: number;
  readonly packsize: number;
}

function readLines(session: Session, rnrid: number): Promise<readonly Line[]> {
  return session.rows<Line>(
    'SELECT id, maxmonthsofstock, packsize FROM requisition_line_items WHERE rnrid = $1 ORDER BY id',
    [rnrid],
  );
}

async function save(play: Play): Promise<Outcome> {
  const requisition = await pickRequisition(play, ['INITIATED', 'SUBMITTED']);
  if (requisition === undefined) return 'nothing to do';
  const lines = await readLines(play.session, requisition.id);
  const share = play.random.pick([0.05, 0.3, 1]);
  return saveLines(play, { requisition, lines, edited: lines.filter(() => play.random.chance(share)) });
}

async function saveOneLine(play: Play): Promise<Outcome> {
  const requisition = await pickRequisition(play, ['INITIATED', 'SUBMITTED', 'AUTHORIZED']);
  if (requisition === undefined) return 'nothing to do';
  const lines = await readLines(play.session, requisition.id);
  if (lines.length === 0) return 'nothing to do';
  return saveLines(play, { requisition, lines, edited: [play.random.pick(lines)] });
}

const savedColumns = [
  'beginningbalance',
  'quantityreceived',
  'quantitydispensed',
  'totallossesandadjustments',
  'stockinhand',
  'newpatientcount',
  'stockoutdays',
  'normalizedconsumption',
  'amc',
  'maxstockquantity',
  'calculatedorderquantity',
  'quantityrequested',
  'previousnormalizedconsumptions',
  'previousstockinhand',
  'periodnormalizedconsumption',
] as const;

/** Rewrites every line, with new quantities for those edited; deletes all adjustments and inserts them again. */
async function saveLines(
  { session, random }: Play,
  {
    requisition,
    lines,
    edited,
  }: {
    readonly requisition: Requisition;
    readonly lines: readonly Line[];
    readonly edited: readonly Line[];
  },
): Promise<Outcome> {
  const types = await session.rows<AdjustmentType>(
    'SELECT name, coalesce(additive, false) AS additive FROM losses_adjustments_types ORDER BY name',
  );
  const user = chooseUser(random);
  const edits = edited.map((line) => {
    const adjustments = chooseAdjustments(random, types);
    return { line, adjustments, values: { id: line.id, ...fillLine(random, { terms: line, adjustments, types }) } };
  });
  const editedIds = new Set(edited.map((line) => line.id));
  return session.transaction(async () => {
    const kept = await session.rows<Adjustment & { requisitionlineitemid: number }>(
      `SELECT requisitionlineitemid, type, quantity FROM requisition_line_item_losses_adjustments
       WHERE requisitionlineitemid = ANY ($1) ORDER BY requisitionlineitemid, type`,
      [lines.filter((line) => !editedIds.has(line.id)).map((line) => line.id)],
    );
    const changed = edits.flatMap(({ line, adjustments }) =>
      adjustments.map((adjustment) => ({ requisitionlineitemid: line.id, ...adjustment })),
    );
    await session.change(
      'DELETE FROM requisition_line_item_losses_adjustments WHERE requisitionlineitemid = ANY ($1)',
      [lines.map((line) => line.id)],
    );
    await session.change(
      `INSERT INTO requisition_line_item_losses_adjustments (requisitionlineitemid, type, quantity, createdby, modifiedby)
       SELECT requisitionlineitemid, type, quantity, $2, $2
       FROM json_populate_recordset(NULL::requisition_line_item_losses_adjustments, $1)`,
      [JSON.stringify([...kept, ...changed]), user],
    );
    await session.change(
      `UPDATE requisition_line_items AS line
       SET ${savedColumns.map((column) => `${column} = CASE WHEN edit.id IS NULL THEN line.${column} ELSE edit.${column} END`).join(', ')},
           modifiedby = $3, modifieddate = CURRENT_TIMESTAMP
       FROM requisition_line_items AS same
       LEFT JOIN json_populate_recordset(NULL::requisition_line_items, $2) AS edit ON edit.id = same.id
       WHERE same.id = line.id AND line.rnrid = $1`,
      [requisition.id, JSON.stringify(edits.map(({ values }) => values)), user],
    );
    const remarked = edited.filter(() => random.chance(0.1));
    for (const { id } of remarked) {
      await session.change('UPDATE requisition_line_items SET remarks = $2 WHERE id = $1', [id, remark(random)]);
    }
    await touch(session, { id: requisition.id, user });
  });
}

async function skipLines(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const requisition = await pickRequisition(play, ['INITIATED']);
  if (requisition === undefined) return 'nothing to do';
  return session.transaction(async () => {
    await session.change(
      `UPDATE requisition_line_items SET skipped = (id % $2 = 0), modifieddate = CURRENT_TIMESTAMP WHERE rnrid = $1`,
      [requisition.id, random.integer(3, 9)],
    );
    await touch(session, { id: requisition.id, user: chooseUser(random) });
  });
}

async function comment(play: Play): Promise<Outcome> {
  const requisition = await pickRequisition(play, ['SUBMITTED', 'AUTHORIZED', 'IN_APPROVAL', 'RELEASED']);
  if (requisition === undefined) return 'nothing to do';
  const user = chooseUser(play.random);
  const text = sometimesAwkward(play.random, 'Tafadhali hakiki idadi', 250, 0.3);
  await play.session.change(
    'INSERT INTO comments (rnrid, commenttext, createdby, modifiedby) VALUES ($1, $2, $3, $3)',
    [requisition.id, text, user],
  );
  return 'done';
}

interface Step {
  readonly from: readonly string[];
  readonly to: string;
}

async function advance(play: Play, { from, to }: Step): Promise<Outcome> {
  const requisition = await pickRequisition(play, from);
  if (requisition === undefined) return 'nothing to do';
  return play.session.transaction(async () => {
    await setStatus(play, { id: requisition.id, status: to });
  });
}

/** Two changes in one transaction: their log entries have one time. */
async function submitAndAuthorizeAtOnce(play: Play): Promise<Outcome> {
  const requisition = await pickRequisition(play, ['INITIATED']);
  if (requisition === undefined) return 'nothing to do';
  return play.session.transaction(async () => {
    await setStatus(play, { id: requisition.id, status: 'SUBMITTED' });
    await setStatus(play, { id: requisition.id, status: 'AUTHORIZED' });
  });
}

async function release(play: Play): Promise<Outcome> {
  const requisition = await pickRequisition(play, ['APPROVED']);
  if (requisition === undefined) return 'nothing to do';
  const { session, random } = play;
  return session.transaction(async () => {
    await setStatus(play, { id: requisition.id, status: 'RELEASED' });
    await session.change(
      `INSERT INTO orders (id, status, ftpcomment, supplylineid, createdby, modifiedby, ordernumber)
       SELECT id, CASE WHEN $3 THEN 'RELEASED' ELSE 'TRANSFER_FAILED' END,
              CASE WHEN NOT $3 THEN 'order.ftpcomment.supplyline.missing' END,
              CASE WHEN $3 THEN (SELECT min(line.id) FROM supply_lines AS line WHERE line.programid = requisition.programid) END,
              $2, $2, CASE WHEN $4 THEN 'O' || lpad(id::text, 8, '0') || 'R' ELSE '0' END
       FROM requisitions AS requisition WHERE id = $1 AND NOT EXISTS (SELECT FROM orders WHERE orders.id = $1)`,
      [requisition.id, chooseUser(random), random.chance(0.9), random.chance(0.8)],
    );
  });
}

/** New status, its log entry, and every line written again with what this step fills in. */
async function setStatus(
  { session, random }: Play,
  { id, status }: { readonly id: number; readonly status: string },
): Promise<void> {
  const user = chooseUser(random);
  await session.change(
    `UPDATE requisitions AS requisition
     SET status = $2::text, modifiedby = $3, modifieddate = CURRENT_TIMESTAMP,
         fullsupplyitemssubmittedcost = coalesce((
           SELECT sum(round(least(price, 1000000), 2) * packstoship) FROM requisition_line_items
           WHERE rnrid = requisition.id AND NOT skipped), 0),
         supervisorynodeid = CASE
           WHEN $2::text IN ('INITIATED', 'SKIPPED') THEN NULL
           WHEN $2::text = 'IN_APPROVAL' THEN coalesce(node.parentid, node.id)
           ELSE coalesce(requisition.supervisorynodeid, node.id) END
     FROM facilities AS facility
     LEFT JOIN supervisory_nodes AS node ON node.id = facility.geographiczoneid
     WHERE requisition.id = $1 AND facility.id = requisition.facilityid`,
    [id, status, user],
  );
  if (status === 'AUTHORIZED' || status === 'IN_APPROVAL') await approveQuantities(session, { id, random });
  else
    await session.change('UPDATE requisition_line_items SET modifieddate = CURRENT_TIMESTAMP WHERE rnrid = $1', [id]);
  await logStatus(session, { id, status, user });
}

async function approveQuantities(
  session: Session,
  { id, random }: { readonly id: number; readonly random: Play['random'] },
): Promise<void> {
  const lines = await session.rows<{ id: number; quantity: number | null; packsize: number }>(
    `SELECT id, coalesce(quantityapproved, quantityrequested) AS quantity, packsize
     FROM requisition_line_items WHERE rnrid = $1 ORDER BY id`,
    [id],
  );
  const approved = lines.map(({ id, quantity, packsize }) => {
    const quantityapproved = quantity !== null && random.chance(0.05) ? Math.floor(quantity / 2) : quantity;
    const packstoship =
      quantityapproved === null ? null : packsFor(quantityapproved, { packsize, maxmonthsofstock: 0 });
    return { id, quantityapproved, packstoship };
  });
  await session.change(
    `UPDATE requisition_line_items AS line
     SET quantityapproved = approved.quantityapproved, packstoship = approved.packstoship, modifieddate = CURRENT_TIMESTAMP
     FROM json_populate_recordset(NULL::requisition_line_items, $1) AS approved
     WHERE line.id = approved.id`,
    [JSON.stringify(approved)],
  );
}

/**
 * Deletes a requisition with all that hangs on it, children first, in the order of eLMIS's own fn_delete_rnr. That one
 * leaves shipments out, and so fails when there are any: whoever needs it deletes them by hand before.
 */
async function deleteRequisition(play: Play): Promise<Outcome> {
  const requisition = await pickRequisition(play, ['INITIATED', 'SUBMITTED', 'SKIPPED', 'RELEASED']);
  if (requisition === undefined) return 'nothing to do';
  const { session } = play;
  const { id } = requisition;
  return session.transaction(async () => {
    await session.change('DELETE FROM shipment_line_items WHERE orderid = $1', [id]);
    await session.change(
      `DELETE FROM requisition_line_item_losses_adjustments
       WHERE requisitionlineitemid IN (SELECT line.id FROM requisition_line_items AS line WHERE line.rnrid = $1)`,
      [id],
    );
    await session.change('DELETE FROM requisition_line_items WHERE rnrid = $1', [id]);
    await session.change('DELETE FROM requisition_status_changes WHERE rnrid = $1', [id]);
    await session.change('DELETE FROM pod_line_items WHERE podid IN (SELECT pod.id FROM pod WHERE pod.orderid = $1)', [
      id,
    ]);
    await session.change('DELETE FROM pod WHERE orderid = $1', [id]);
    await session.change('DELETE FROM orders WHERE id = $1', [id]);
    await session.change('DELETE FROM comments WHERE rnrid = $1', [id]);
    await session.change('DELETE FROM requisitions WHERE id = $1', [id]);
  });
}

async function touch(session: Session, { id, user }: { readonly id: number; readonly user: number }): Promise<void> {
  await session.change('UPDATE requisitions SET modifiedby = $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1', [
    id,
    user,
  ]);
}

async function logStatus(
  session: Session,
  { id, status, user }: { readonly id: number | undefined; readonly status: string; readonly user: number },
): Promise<void> {
  await session.change(
    `INSERT INTO requisition_status_changes (rnrid, status, createdby, modifiedby, username)
     SELECT $1, $2, $3, $3, username FROM users WHERE id = $3`,
    [id, status, user],
  );
}
