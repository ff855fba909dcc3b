// Changes that are hard because of how they are committed: rolled back, overlapping, with keys swapped or used again.
import { chooseUser, pickRow } from './session.ts';
import type { Operation, Outcome, Play } from './session.ts';

export const transactionOperations = {
  editManyPrices: { weight: 1, play: editManyPrices },
  editWholeCouncil: { weight: 1, play: editWholeCouncil },
  rollBack: { weight: 2, play: rollBack },
  rollBackToSavepoint: { weight: 2, play: rollBackToSavepoint },
  overlapTransactions: { weight: 3, play: overlapTransactions },
  changeOneRowOften: { weight: 2, play: changeOneRowOften },
  swapApprovedProductKeys: { weight: 2, play: (play) => swapKeys(play, 'facility_approved_products') },
  swapProgramsSupportedKeys: { weight: 1, play: (play) => swapKeys(play, 'programs_supported') },
  reuseKey: { weight: 2, play: reuseKey },
  rekeyLossesAndAdjustments: { weight: 2, play: rekeyLossesAndAdjustments },
  swapFacilityCodes: { weight: 1, play: swapFacilityCodes },
} as const satisfies Record<string, Operation>;

async function editManyPrices({ session, random }: Play): Promise<Outcome> {
  const changed = await session.change(
    `UPDATE program_products SET currentprice = round(currentprice * 1.01, 2), modifieddate = CURRENT_TIMESTAMP
     WHERE id % 5 = $1 AND currentprice < 1000000`,
    [random.integer(0, 4)],
  );
  return changed === 0 ? 'nothing to do' : 'done';
}

async function editWholeCouncil(play: Play): Promise<Outcome> {
  const facility = await pickRow<{ geographiczoneid: number }>(play, {
    select: 't.geographiczoneid',
    from: 'facilities AS t',
  });
  if (facility === undefined) return 'nothing to do';
  await play.session.change('UPDATE facilities SET description = $2 WHERE geographiczoneid = $1', [
    facility.geographiczoneid,
    `Council visited ${play.random.integer(1, 999)} times`,
  ]);
  return 'done';
}

async function rollBack(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const product = await pickRow<{ id: number }>(play, { select: 't.id', from: 'products AS t' });
  if (product === undefined) return 'nothing to do';
  await session.begin();
  await session.change(`UPDATE products SET primaryname = 'rolled back', tracer = NOT tracer WHERE id = $1`, [
    product.id,
  ]);
  await session.change('DELETE FROM facility_approved_products WHERE facilitytypeid = $1', [random.integer(2, 8)]);
  await session.rollback();
  return 'done';
}

async function rollBackToSavepoint(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const product = await pickRow<{ id: number }>(play, { select: 't.id', from: 'products AS t' });
  if (product === undefined) return 'nothing to do';
  return session.transaction(async () => {
    await session.change('UPDATE products SET alternatepacksize = $2 WHERE id = $1', [
      product.id,
      random.integer(1, 99),
    ]);
    await session.rows('SAVEPOINT here');
    await session.rows(`UPDATE products SET primaryname = 'undone' WHERE id = $1`, [product.id]);
    await session.rows('ROLLBACK TO SAVEPOINT here');
    await session.change('UPDATE products SET expectedshelflife = $2 WHERE id = $1', [
      product.id,
      random.integer(1, 60),
    ]);
  });
}

/**
 * Two transactions at once, the later one committed first: the positions of their changes and the order of their commits
 * disagree. One changes a product, the other the form that its name is made of.
 */
async function overlapTransactions(play: Play): Promise<Outcome> {
  const { session, other, random } = play;
  const product = await pickRow<{ id: number; formid: number }>(play, {
    select: 't.id, t.formid',
    from: 'products AS t',
    where: 't.formid IS NOT NULL',
  });
  const facility = await pickRow<{ id: number }>(play, { select: 't.id', from: 'facilities AS t' });
  if (product === undefined || facility === undefined) return 'nothing to do';
  const number = random.integer(1, 999);
  await session.begin();
  await session.change('UPDATE products SET alternatename = $2 WHERE id = $1', [product.id, `first ${number}`]);
  await other.transaction(async () => {
    await other.change('UPDATE product_forms SET code = $2 WHERE id = $1', [
      product.formid,
      `F${number}/${product.formid}`,
    ]);
    await other.change('UPDATE facilities SET fax = $2 WHERE id = $1', [facility.id, `other ${number}`]);
  });
  await session.change('UPDATE products SET genericname = $2 WHERE id = $1', [product.id, `second ${number}`]);
  await session.change('UPDATE facilities SET address2 = $2 WHERE id = $1', [facility.id, `after ${number}`]);
  await session.commit();
  return 'done';
}

async function changeOneRowOften(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const facility = await pickRow<{ id: number }>(play, { select: 't.id', from: 'facilities AS t' });
  if (facility === undefined) return 'nothing to do';
  const change = (): Promise<number> =>
    session.change('UPDATE facilities SET catchmentpopulation = $2 WHERE id = $1', [
      facility.id,
      random.integer(1, 90_000),
    ]);
  return session.transaction(async () => {
    for (let times = random.integer(2, 6); times > 0; times -= 1) await change();
  });
}

/** Two rows that nothing refers to exchange their primary keys, by way of a third key. */
async function swapKeys(play: Play, table: 'facility_approved_products' | 'programs_supported'): Promise<Outcome> {
  const { session } = play;
  const one = await pickRow<{ id: number }>(play, { select: 't.id', from: `${table} AS t` });
  const two = await pickRow<{ id: number }>(play, { select: 't.id', from: `${table} AS t` });
  if (one === undefined || two === undefined || one.id === two.id) return 'nothing to do';
  const move = (from: number, to: number): Promise<number> =>
    session.change(`UPDATE ${table} SET id = $2 WHERE id = $1`, [from, to]);
  return session.transaction(async () => {
    await move(one.id, -1);
    await move(two.id, one.id);
    await move(-1, two.id);
  });
}

/** A comment is deleted, and another one gets its key, in one transaction. */
async function reuseKey(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const old = await pickRow<{ id: number }>(play, { select: 't.id', from: 'comments AS t' });
  const requisition = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: 'requisitions AS t',
    where: `t.status <> 'INITIATED'`,
  });
  if (old === undefined || requisition === undefined) return 'nothing to do';
  return session.transaction(async () => {
    await session.change('DELETE FROM comments WHERE id = $1', [old.id]);
    await session.change(
      `INSERT INTO comments (id, rnrid, commenttext, createdby, modifiedby) VALUES ($1, $2, 'Same key, other comment', $3, $3)`,
      [old.id, requisition.id, chooseUser(random)],
    );
  });
}

/** The type is part of the primary key: an update of it is, to Debezium, a delete and a create. */
async function rekeyLossesAndAdjustments(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const line = await pickRow<{ id: number; type: string }>(play, {
    select: 't.id, adjustment.type',
    from: 'requisition_line_items AS t JOIN requisition_line_item_losses_adjustments AS adjustment ON adjustment.requisitionlineitemid = t.id',
  });
  if (line === undefined) return 'nothing to do';
  const types = await session.rows<{ name: string }>(
    `SELECT name FROM losses_adjustments_types AS type
     WHERE NOT EXISTS (SELECT FROM requisition_line_item_losses_adjustments WHERE requisitionlineitemid = $1 AND type = type.name)
     ORDER BY name`,
    [line.id],
  );
  if (types.length === 0) return 'nothing to do';
  await session.change(
    'UPDATE requisition_line_item_losses_adjustments SET type = $3 WHERE requisitionlineitemid = $1 AND type = $2',
    [line.id, line.type, random.pick(types).name],
  );
  return 'done';
}

/** Two facilities exchange their codes, which are unique in v2 and in v3. */
async function swapFacilityCodes(play: Play): Promise<Outcome> {
  const { session } = play;
  const one = await pickRow<{ id: number; code: string }>(play, { select: 't.id, t.code', from: 'facilities AS t' });
  const two = await pickRow<{ id: number; code: string }>(play, { select: 't.id, t.code', from: 'facilities AS t' });
  if (one === undefined || two === undefined || one.id === two.id) return 'nothing to do';
  const setCode = (id: number, code: string): Promise<number> =>
    session.change('UPDATE facilities SET code = $2 WHERE id = $1', [id, code]);
  return session.transaction(async () => {
    await setCode(one.id, `swap-${one.id}`);
    await setCode(two.id, one.code);
    await setCode(one.id, two.code);
  });
}
