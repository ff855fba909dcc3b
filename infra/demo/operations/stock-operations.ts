// What storekeepers do to stock cards. Each action writes an entry and keeps v2's totals, of the card and of the lot, in one
// transaction, as eLMIS does.
import { sometimesAwkward } from '../data/awkward-text.ts';
import { chooseUser, pickRow } from './session.ts';
import type { Operation, Outcome, Play } from './session.ts';

export const stockOperations = {
  openStockCard: { weight: 1, play: openStockCard },
  receiveStock: { weight: 3, play: receiveStock },
  receiveNewLot: { weight: 1, play: receiveNewLot },
  issueStock: { weight: 6, play: issueStock },
  adjustStock: { weight: 2, play: adjustStock },
  countStock: { weight: 1, play: countStock },
  enterLate: { weight: 2, play: enterLate },
  cancelEntry: { weight: 1, play: cancelEntry },
  moveEntryToOtherLot: { weight: 1, play: moveEntryToOtherLot },
  editLot: { weight: 1, play: editLot },
} as const satisfies Record<string, Operation>;

interface Card {
  readonly id: number;
  readonly productid: number;
}

interface Movement {
  readonly type: 'CREDIT' | 'DEBIT' | 'ADJUSTMENT';
  /** With its sign. */
  readonly quantity: number;
  readonly adjustmentType?: string;
  /** Days before today; without it the entry has no day. */
  readonly daysAgo?: number;
}

function pickCard(play: Play): Promise<Card | undefined> {
  return pickRow(play, { select: 't.id, t.productid', from: 'stock_cards AS t' });
}

/** A lot on the card, by its id in lots_on_hand; now and then none, though the card has some. */
async function pickLotOnHand(play: Play, card: Card): Promise<number | null> {
  if (play.random.chance(0.2)) return null;
  const lot = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: 'lots_on_hand AS t',
    where: 't.stockcardid = $1',
    values: [card.id],
  });
  return lot?.id ?? null;
}

async function move(play: Play, choose: (card: Card) => Movement | Promise<Movement>): Promise<Outcome> {
  const card = await pickCard(play);
  if (card === undefined) return 'nothing to do';
  const lotOnHand = await pickLotOnHand(play, card);
  const movement = await choose(card);
  return play.session.transaction(() => writeEntry(play, { cardId: card.id, lotOnHand, movement }));
}

async function writeEntry(
  { session, random }: Play,
  {
    cardId,
    lotOnHand,
    movement,
  }: { readonly cardId: number; readonly lotOnHand: number | null; readonly movement: Movement },
): Promise<void> {
  await session.change(
    `INSERT INTO stock_card_entries (stockcardid, lotonhandid, type, quantity, adjustmenttype, occurred, referencenumber, notes, createdby)
     VALUES ($1, $2, $3, $4, $5, CURRENT_DATE - $6::int, $7, $8, $9)`,
    [
      cardId,
      lotOnHand,
      movement.type,
      movement.quantity,
      movement.adjustmentType ?? null,
      movement.daysAgo ?? null,
      random.pick([null, `MSD/${random.integer(1, 9999)}`]),
      random.chance(0.8) ? null : sometimesAwkward(random, 'By hand', 100, 0.3),
      chooseUser(random),
    ],
  );
  await addToTotals({ session }, { cardId, lotOnHand, quantity: movement.quantity });
}

async function addToTotals(
  { session }: Pick<Play, 'session'>,
  {
    cardId,
    lotOnHand,
    quantity,
  }: { readonly cardId: number; readonly lotOnHand: number | null; readonly quantity: number },
): Promise<void> {
  await session.change(
    'UPDATE stock_cards SET totalquantityonhand = totalquantityonhand + $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [cardId, quantity],
  );
  await session.change(
    'UPDATE lots_on_hand SET quantityonhand = quantityonhand + $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [lotOnHand, quantity],
  );
}

/** The first receipt of a product makes its card. */
async function openStockCard(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const place = await pickRow<{ facilityid: number; productid: number }>(play, {
    select: 't.facilityid, offered.productid',
    from: 'programs_supported AS t JOIN program_products AS offered ON offered.programid = t.programid',
    where: `NOT EXISTS (SELECT FROM stock_cards AS card
                        WHERE card.facilityid = t.facilityid AND card.productid = offered.productid)`,
  });
  if (place === undefined) return 'nothing to do';
  return session.transaction(async () => {
    const [card] = await session.rows<{ id: number }>(`SELECT nextval('stock_cards_id_seq')::int AS id`);
    const cardId = card?.id ?? 0;
    await session.change(
      'INSERT INTO stock_cards (id, facilityid, productid, createdby, modifiedby) VALUES ($1, $2, $3, $4, $4)',
      [cardId, place.facilityid, place.productid, chooseUser(random)],
    );
    const movement = { type: 'CREDIT', quantity: random.integer(100, 900), daysAgo: 0 } as const;
    await writeEntry(play, { cardId, lotOnHand: null, movement });
  });
}

function receiveStock(play: Play): Promise<Outcome> {
  const { random } = play;
  return move(play, () => ({
    type: 'CREDIT',
    quantity: random.integer(50, 900),
    ...(random.chance(0.3) ? {} : { daysAgo: random.integer(0, 2) }),
  }));
}

/** Its number may be that of another lot of the product, or empty. */
async function receiveNewLot(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const card = await pickCard(play);
  if (card === undefined) return 'nothing to do';
  const quantity = random.integer(50, 900);
  return session.transaction(async () => {
    const [ids] = await session.rows<{ lot: number; onhand: number }>(
      `SELECT nextval('lots_id_seq')::int AS lot, nextval('lots_on_hand_id_seq')::int AS onhand`,
    );
    await session.change(
      `INSERT INTO lots (id, productid, lotnumber, manufacturername, expirationdate, createdby)
       VALUES ($1, $2, coalesce((SELECT lotnumber FROM lots WHERE productid = $2 AND $3 ORDER BY id LIMIT 1), $4), $5,
               CURRENT_DATE + $6::int, $7)`,
      [
        ids?.lot,
        card.productid,
        random.chance(0.3),
        random.chance(0.1) ? null : `NL${random.integer(100, 999)}`,
        random.pick([null, 'Shelys']),
        random.integer(30, 1500),
        chooseUser(random),
      ],
    );
    await session.change(
      'INSERT INTO lots_on_hand (id, stockcardid, lotid, quantityonhand, createdby) VALUES ($1, $2, $3, 0, $4)',
      [ids?.onhand, card.id, ids?.lot, chooseUser(random)],
    );
    await writeEntry(play, {
      cardId: card.id,
      lotOnHand: ids?.onhand ?? null,
      movement: { type: 'CREDIT', quantity, daysAgo: 0 },
    });
  });
}

function issueStock(play: Play): Promise<Outcome> {
  const { random } = play;
  return move(play, () => ({
    type: 'DEBIT',
    quantity: -random.integer(1, 60),
    ...(random.chance(0.3) ? {} : { daysAgo: 0 }),
  }));
}

function adjustStock(play: Play): Promise<Outcome> {
  const { session, random } = play;
  return move(play, async () => {
    const types = await session.rows<{ name: string; additive: boolean | null }>(
      'SELECT name, additive FROM losses_adjustments_types ORDER BY name',
    );
    const { name, additive } = random.pick(types);
    const amount = random.integer(1, 20);
    return { type: 'ADJUSTMENT', quantity: additive === true ? amount : -amount, adjustmentType: name, daysAgo: 0 };
  });
}

/** A count that differs from the books: an adjustment without a reason. */
function countStock(play: Play): Promise<Outcome> {
  const { random } = play;
  return move(play, () => ({ type: 'ADJUSTMENT', quantity: random.integer(-20, 20), daysAgo: 0 }));
}

/** Written down long after it happened: every day on hand since then changes. */
function enterLate(play: Play): Promise<Outcome> {
  const { random } = play;
  return move(play, () => {
    const amount = random.integer(1, 40);
    const daysAgo = random.integer(10, 250);
    return random.chance(0.5)
      ? { type: 'CREDIT', quantity: amount, daysAgo }
      : { type: 'DEBIT', quantity: -amount, daysAgo };
  });
}

interface Entry {
  readonly id: number;
  readonly stockcardid: number;
  readonly lotonhandid: number | null;
  readonly quantity: number;
}

function pickEntry(play: Play): Promise<Entry | undefined> {
  return pickRow(play, {
    select: 't.id, t.stockcardid, t.lotonhandid, t.quantity',
    from: 'stock_card_entries AS t',
  });
}

/** What eLMIS has no screen for: its support deletes an entry made by mistake, be it the first of its card. */
async function cancelEntry(play: Play): Promise<Outcome> {
  const { session } = play;
  const entry = await pickEntry(play);
  if (entry === undefined) return 'nothing to do';
  return session.transaction(async () => {
    await session.change('DELETE FROM stock_card_entries WHERE id = $1', [entry.id]);
    await addToTotals(play, { cardId: entry.stockcardid, lotOnHand: entry.lotonhandid, quantity: -entry.quantity });
  });
}

/** Nor for this: an entry that was booked on the wrong lot. */
async function moveEntryToOtherLot(play: Play): Promise<Outcome> {
  const { session } = play;
  const entry = await pickEntry(play);
  if (entry === undefined) return 'nothing to do';
  const [other] = await session.rows<{ id: number }>(
    'SELECT id FROM lots_on_hand WHERE stockcardid = $1 AND id IS DISTINCT FROM $2 ORDER BY id LIMIT 1',
    [entry.stockcardid, entry.lotonhandid],
  );
  const { quantity } = entry;
  return session.transaction(async () => {
    await session.change(
      'UPDATE stock_card_entries SET lotonhandid = $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
      [entry.id, other?.id ?? null],
    );
    await addToTotals(play, { cardId: entry.stockcardid, lotOnHand: entry.lotonhandid, quantity: -quantity });
    await addToTotals(play, { cardId: entry.stockcardid, lotOnHand: other?.id ?? null, quantity });
  });
}

async function editLot(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const lot = await pickRow<{ id: number; productid: number }>(play, {
    select: 't.id, t.productid',
    from: 'lots AS t',
  });
  if (lot === undefined) return 'nothing to do';
  await session.change(
    `UPDATE lots SET expirationdate = CURRENT_DATE + $2::int, modifieddate = CURRENT_TIMESTAMP,
                     lotnumber = CASE WHEN $3 THEN (SELECT lotnumber FROM lots WHERE productid = $4 ORDER BY id DESC LIMIT 1)
                                      ELSE lotnumber END
     WHERE id = $1`,
    [lot.id, random.integer(-30, 1500), random.chance(0.3), lot.productid],
  );
  return 'done';
}
