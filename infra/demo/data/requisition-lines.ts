// The arithmetic of one requisition line, as a store keeper fills it in; used for the demo data and for the simulator's
// saves. Stock balances: beginning + received - dispensed + losses and adjustments = stock in hand.
import type { Random } from '../random.ts';

/** Of a product as a kind of facility may order it. */
export interface LineTerms {
  readonly maxmonthsofstock: number;
  readonly packsize: number;
}

export interface Adjustment {
  readonly type: string;
  /** At least 1; the type says whether stock grows. */
  readonly quantity: number;
}

export interface AdjustmentType {
  readonly name: string;
  readonly additive: boolean;
}

/** What the facility reports; all but the last three stay empty until someone fills them in. */
export interface LineQuantities {
  readonly beginningbalance: number;
  readonly quantityreceived: number;
  readonly quantitydispensed: number;
  readonly totallossesandadjustments: number;
  readonly stockinhand: number;
  readonly newpatientcount: number | null;
  readonly stockoutdays: number;
  readonly normalizedconsumption: number;
  readonly amc: number;
  readonly maxstockquantity: number;
  readonly calculatedorderquantity: number;
  readonly quantityrequested: number;
  readonly previousnormalizedconsumptions: string | null;
  readonly previousstockinhand: number | null;
  readonly periodnormalizedconsumption: number;
}

/** At most two adjustments of different types, mostly none. */
export function chooseAdjustments(random: Random, types: readonly AdjustmentType[]): readonly Adjustment[] {
  const count = random.pickWeighted([
    [0, 90],
    [1, 8],
    [2, 2],
  ] as const);
  if (count === 0) return [];
  const first = random.integer(0, types.length - 1);
  const places = count === 1 ? [first] : [first, (first + random.integer(1, types.length - 1)) % types.length];
  return places.map((place) => ({ type: types[place]?.name ?? '', quantity: random.integer(1, 20) }));
}

export function fillLine(
  random: Random,
  {
    terms,
    adjustments,
    types,
  }: {
    readonly terms: LineTerms;
    readonly adjustments: readonly Adjustment[];
    readonly types: readonly AdjustmentType[];
  },
): LineQuantities {
  const totallossesandadjustments = adjustments.reduce(
    (sum, { type, quantity }) =>
      sum + (types.find(({ name }) => name === type)?.additive === true ? quantity : -quantity),
    0,
  );
  const beginningbalance = random.chance(0.08) ? 0 : random.integer(40, 400);
  const quantityreceived = random.chance(0.3) ? 0 : random.integer(0, 500);
  const available = Math.max(0, beginningbalance + quantityreceived + totallossesandadjustments);
  const quantitydispensed = random.integer(0, available);
  const stockinhand = beginningbalance + quantityreceived - quantitydispensed + totallossesandadjustments;
  const stockoutdays = stockinhand <= 0 ? random.integer(1, 30) : 0;
  const normalizedconsumption = Math.round((quantitydispensed * 60) / (60 - stockoutdays));
  const previous = Array.from({ length: random.integer(0, 3) }, () => random.integer(0, 400));
  const amc = Math.round(
    (normalizedconsumption + previous.reduce((sum, value) => sum + value, 0)) / (previous.length + 1) / 2,
  );
  const maxstockquantity = amc * terms.maxmonthsofstock;
  const calculatedorderquantity = Math.max(0, maxstockquantity - stockinhand);
  return {
    beginningbalance,
    quantityreceived,
    quantitydispensed,
    totallossesandadjustments,
    stockinhand,
    newpatientcount: random.chance(0.7) ? null : random.integer(0, 12),
    stockoutdays,
    normalizedconsumption,
    amc,
    maxstockquantity,
    calculatedorderquantity,
    quantityrequested: random.chance(0.1) ? calculatedorderquantity + random.integer(1, 50) : calculatedorderquantity,
    previousnormalizedconsumptions: random.chance(0.02) ? null : `[${previous.join(',')}]`,
    previousstockinhand: random.chance(0.2) ? null : beginningbalance,
    periodnormalizedconsumption: normalizedconsumption,
  };
}

/** Packs for an approved quantity, rounded up. */
export function packsFor(quantity: number, { packsize }: LineTerms): number {
  return Math.ceil(quantity / packsize);
}
