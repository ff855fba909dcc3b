// Stock cards at some facilities, with lots and entries: receipts, issues, adjustments and counts, as eLMIS's stock module
// writes them. What is hard on the way is here on purpose: entries without a date or with an earlier one, lots that share a
// number or have none, an issue without its sign, products of several programs, a card on which nothing was written.
import { sometimesAwkward } from './awkward-text.ts';
import { dayMs, timestampText } from './calendar.ts';
import { orNull } from './row-values.ts';
import type { Rows } from './row-values.ts';
import type { NewRow } from '../copy-rows.ts';
import type { Random } from '../random.ts';

/** Most facilities report by requisition only. */
const shareOfFacilities = 0.2;
const cardsOfAFacility = 5;
const daysOfHistory = 200;

interface Stock {
  readonly lots: NewRow<'public.lots'>[];
  readonly cards: NewRow<'public.stock_cards'>[];
  readonly lotsOnHand: NewRow<'public.lots_on_hand'>[];
  readonly entries: NewRow<'public.stock_card_entries'>[];
}

export function makeStock(
  random: Random,
  {
    facilities,
    supported,
    programProducts,
    adjustmentTypes,
    todayMs,
  }: {
    readonly facilities: Rows<'public.facilities'>;
    readonly supported: Rows<'public.programs_supported'>;
    readonly programProducts: Rows<'public.program_products'>;
    readonly adjustmentTypes: Rows<'public.losses_adjustments_types'>;
    readonly todayMs: number;
  },
): Stock {
  const stock: Stock = { lots: [], cards: [], lotsOnHand: [], entries: [] };
  const lotsOfProduct = new Map<number, readonly NewRow<'public.lots'>[]>();
  const lotsOf = (productId: number): readonly NewRow<'public.lots'>[] => {
    const known = lotsOfProduct.get(productId);
    if (known !== undefined) return known;
    const made = makeLots(random.fork(`lots of ${productId}`), {
      productId,
      firstId: stock.lots.length + 1,
      todayMs,
    });
    stock.lots.push(...made);
    lotsOfProduct.set(productId, made);
    return made;
  };

  const programsOf = Map.groupBy(supported, ({ facilityid }) => facilityid);
  const keepers = facilities.filter(
    ({ id }, index) => programsOf.has(id) && (index < 6 || random.chance(shareOfFacilities)),
  );
  for (const facility of keepers) {
    const programs = new Set(programsOf.get(facility.id)?.map(({ programid }) => programid));
    const offered = programProducts.filter(({ programid }) => programs.has(programid));
    const productIds = [...new Set(random.shuffle(offered).map(({ productid }) => productid))].slice(
      0,
      cardsOfAFacility,
    );
    // Held without being in a program of the facility: a donation, or what an older program left.
    if (random.chance(0.1)) {
      const other = random.pick(programProducts).productid;
      if (!productIds.includes(other)) productIds.push(other);
    }
    for (const productId of productIds) {
      addCard(random.fork(`card ${facility.id} ${productId}`), {
        stock,
        facilityId: facility.id,
        productId,
        lots: lotsOf(productId),
        adjustmentTypes,
        todayMs,
      });
    }
  }
  return stock;
}

/** Some lots of a product; the last shares its number with the first in every third product, or has none in every third. */
function makeLots(
  random: Random,
  { productId, firstId, todayMs }: { readonly productId: number; readonly firstId: number; readonly todayMs: number },
): readonly NewRow<'public.lots'>[] {
  const number = (): string => `${random.pick(['BX', 'LT', 'KE'])}${random.integer(1000, 9999)}`;
  const numbers: (string | null)[] = [number(), number(), number()];
  if (productId % 3 === 0) numbers[2] = numbers[0] ?? null;
  if (productId % 3 === 1) numbers[2] = null;
  return numbers.map((lotnumber, index) => {
    const madeMs = todayMs - random.integer(100, 900) * dayMs;
    return {
      id: firstId + index,
      productid: productId,
      lotnumber,
      manufacturername: orNull(random, random.pick(['Serum Institute', 'Shelys', 'Zenufa']), 0.6),
      manufacturedate: orNull(random, instantText(madeMs), 0.3),
      expirationdate: orNull(random, midnightText(madeMs + random.integer(300, 1500) * dayMs), 0.1),
      createdby: 1,
      createddate: instantText(madeMs),
      modifiedby: null,
      modifieddate: null,
    };
  });
}

function addCard(
  random: Random,
  {
    stock,
    facilityId,
    productId,
    lots,
    adjustmentTypes,
    todayMs,
  }: {
    readonly stock: Stock;
    readonly facilityId: number;
    readonly productId: number;
    readonly lots: readonly NewRow<'public.lots'>[];
    readonly adjustmentTypes: Rows<'public.losses_adjustments_types'>;
    readonly todayMs: number;
  },
): void {
  const cardId = stock.cards.length + 1;
  const startMs = todayMs - daysOfHistory * dayMs;
  const used = random.chance(0.6) ? random.shuffle(lots).slice(0, random.integer(1, lots.length)) : [];
  const onHand = used.map((lot, index) => ({
    id: stock.lotsOnHand.length + index + 1,
    stockcardid: cardId,
    lotid: lot.id,
    quantityonhand: 0,
    effectivedate: instantText(startMs),
    createdby: 1,
    createddate: instantText(startMs),
    modifiedby: 1,
    modifieddate: instantText(todayMs),
  }));
  let total = 0;
  let atMs = startMs;
  const count = cardId % 25 === 0 ? 0 : random.integer(2, 12);
  for (let place = 0; place < count; place += 1) {
    atMs += random.integer(0, 15) * dayMs + random.integer(0, dayMs - 1);
    const lot = onHand.length === 0 ? undefined : random.pick(onHand);
    const movement = chooseMovement(random, { isFirst: place === 0, adjustmentTypes });
    const createddate = random.chance(0.02) ? null : instantText(atMs);
    total += movement.change;
    if (lot !== undefined) lot.quantityonhand += movement.change;
    stock.entries.push({
      id: stock.entries.length + 1,
      stockcardid: cardId,
      lotonhandid: lot?.id ?? null,
      type: movement.type,
      quantity: movement.quantity,
      stockmovementid: null,
      referencenumber: random.chance(0.02)
        ? `MSD/${random.noise(300)}`
        : orNull(random, `MSD/2026/${random.integer(1, 9999)}`, 0.6),
      adjustmenttype: movement.adjustmentType,
      notes: orNull(random, sometimesAwkward(random, 'By hand', 100), 0.8),
      createdby: orNull(random, random.integer(1, 40), 0.1),
      createddate,
      modifiedby: null,
      modifieddate: orNull(random, createddate, 0.5),
      // Now and then written down days after it happened.
      occurred: random.chance(0.3) ? null : dayText(random.chance(0.1) ? atMs - random.integer(5, 90) * dayMs : atMs),
    });
  }
  stock.cards.push({
    id: cardId,
    facilityid: facilityId,
    productid: productId,
    totalquantityonhand: total,
    effectivedate: instantText(startMs),
    notes: orNull(random, 'Moved to the new store', 0.9),
    createdby: 1,
    createddate: instantText(startMs),
    modifiedby: 1,
    modifieddate: instantText(atMs),
  });
  stock.lotsOnHand.push(...onHand);
}

interface Movement {
  readonly type: 'CREDIT' | 'DEBIT' | 'ADJUSTMENT';
  /** As the entry has it: with its sign, but for few issues. */
  readonly quantity: number;
  /** What it does to the stock. */
  readonly change: number;
  readonly adjustmentType: string | null;
}

function chooseMovement(
  random: Random,
  {
    isFirst,
    adjustmentTypes,
  }: { readonly isFirst: boolean; readonly adjustmentTypes: Rows<'public.losses_adjustments_types'> },
): Movement {
  const kind = isFirst
    ? 'receipt'
    : random.pickWeighted([
        ['receipt', 3],
        ['issue', 6],
        ['adjustment', 2],
        ['count', 1],
      ] as const);
  const amount = kind === 'receipt' ? random.integer(100, 2000) : random.integer(0, 60);
  if (kind === 'receipt') return { type: 'CREDIT', quantity: amount, change: amount, adjustmentType: null };
  if (kind === 'issue') {
    const quantity = random.chance(0.03) ? amount : -amount;
    return { type: 'DEBIT', quantity, change: -amount, adjustmentType: null };
  }
  const reason = kind === 'adjustment' ? random.pick(adjustmentTypes) : null;
  const isAdding = reason === null ? random.chance(0.5) : reason.additive === true;
  const change = isAdding ? amount : -amount;
  return { type: 'ADJUSTMENT', quantity: change, change, adjustmentType: reason?.name ?? null };
}

/** Times are local to Dar es Salaam, as everywhere in the demo; these columns have a zone. */
function instantText(localMs: number): string {
  return `${timestampText(localMs)}+03`;
}

function midnightText(localMs: number): string {
  return `${dayText(localMs)} 00:00:00+03`;
}

function dayText(localMs: number): string {
  return timestampText(localMs).slice(0, 10);
}
