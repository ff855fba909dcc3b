// The demo's requisitions with all that hangs on them, batch by batch, oldest period first. Pure: the same scale and seed
// give the same rows. The newest period is under way: part of the facilities have reported, in every status.
import { remark, sometimesAwkward } from './awkward-text.ts';
import { dayMs, timestampText } from './calendar.ts';
import { createOrderMaker, noOrderRows } from './orders.ts';
import type { OrderRows } from './orders.ts';
import type { NewRow } from '../copy-rows.ts';
import { createRandom } from '../random.ts';
import type { Random } from '../random.ts';
import { scheduleOf } from './periods.ts';
import { todayMs } from './reference-data.ts';
import type { ReferenceData } from './reference-data.ts';
import { chooseAdjustments, fillLine, packsFor } from './requisition-lines.ts';
import type { AdjustmentType, LineQuantities } from './requisition-lines.ts';

type RequisitionTable =
  | 'public.requisitions'
  | 'public.requisition_line_items'
  | 'public.requisition_line_item_losses_adjustments'
  | 'public.requisition_status_changes'
  | 'public.comments';
type V2Rows = { [Table in RequisitionTable]: NewRow<Table>[] } & OrderRows;

/** Rows by table; requisitions come before what refers to them. */
export type RequisitionBatch = Readonly<V2Rows>;

const requisitionsAtScaleOne = 900;
const requisitionsPerBatch = 250;
const openPeriodShare = 0.4;
const pastPeriodShare = 0.93;

export function* requisitionBatches(
  reference: ReferenceData,
  { scale, seed }: { readonly scale: number; readonly seed: number },
): Generator<RequisitionBatch> {
  const random = createRandom(seed).fork('requisitions');
  const writer = createWriter(random, reference);
  const facilities = new Map(reference['public.facilities'].map((facility) => [facility.id, facility]));
  const programs = new Map(reference['public.programs'].map((program) => [program.id, program]));
  const supported = reference['public.programs_supported'].filter((pair) => pair.active);
  const endedPeriods = endedPeriodsBySchedule(reference['public.processing_periods']);

  const wanted = requisitionsAtScaleOne * scale;
  const pastPeriods = Math.max(1, Math.round((wanted / supported.length - openPeriodShare) / pastPeriodShare));
  for (let age = pastPeriods; age >= 0; age -= 1) {
    for (const { facilityid, programid } of supported) {
      const facility = facilities.get(facilityid);
      const program = programs.get(programid);
      if (facility === undefined || program === undefined) continue;
      const period = endedPeriods.get(scheduleOf(facility.geographiczoneid, program.code))?.[age];
      if (period === undefined || !random.chance(age === 0 ? openPeriodShare : pastPeriodShare)) continue;
      const terms = { facility, programid, period, age };
      writer.add({ ...terms, emergency: false });
      if (random.chance(0.03)) writer.add({ ...terms, emergency: true });
      if (writer.size() >= requisitionsPerBatch) yield writer.take();
    }
  }
  yield writer.take();
}

type Period = NewRow<'public.processing_periods'>;

/** By schedule, the periods that have ended, newest first. */
function endedPeriodsBySchedule(periods: readonly Period[]): ReadonlyMap<number, readonly Period[]> {
  const today = timestampText(todayMs);
  const ended = periods.filter((period) => period.enddate < today).toSorted((a, b) => (a.enddate < b.enddate ? 1 : -1));
  return Map.groupBy(ended, (period) => period.scheduleid);
}

interface Occasion {
  readonly facility: NewRow<'public.facilities'>;
  readonly programid: number;
  readonly period: Period;
  /** Periods since; 0 is the one that is being reported. */
  readonly age: number;
  readonly emergency: boolean;
}

/** What a line copies of its product. */
interface Orderable {
  readonly product: NewRow<'public.products'>;
  readonly programProduct: NewRow<'public.program_products'>;
  readonly approved: NewRow<'public.facility_approved_products'>;
  readonly category: NewRow<'public.product_categories'> | undefined;
}

// eslint-disable-next-line typescript/explicit-module-boundary-types -- used in this file only
function createWriter(random: Random, reference: ReferenceData) {
  const orderables = orderablesByTypeAndProgram(reference);
  const zoneParents = new Map(reference['public.geographic_zones'].map((zone) => [zone.id, zone.parentid ?? null]));
  const supplyLines = new Map(
    reference['public.supply_lines'].map((line) => [`${line.supervisorynodeid}/${line.programid}`, line.id]),
  );
  const types: readonly AdjustmentType[] = reference['public.losses_adjustments_types'].map(({ name, additive }) => ({
    name,
    additive: additive ?? false,
  }));
  const userCount = reference['public.users'].length;
  const lastId = { requisition: 0, line: 0, change: 0, comment: 0 };
  const makeOrder = createOrderMaker(random.fork('orders'));
  const commentRandom = random.fork('comments');
  let batch = emptyBatch();

  function add(occasion: Occasion): void {
    const { facility, programid, period, age, emergency } = occasion;
    const approved = orderables.get(`${facility.typeid}/${programid}`) ?? [];
    if (approved.length === 0) return;
    const id = (lastId.requisition += 1);
    const life = lifeOf(random, { age, ordering: period.enableorder });
    const status = life.at(-1) ?? 'INITIATED';
    const createdMs =
      Date.parse(`${period.enddate.replace(' ', 'T')}Z`) + random.integer(-3, 12) * dayMs + random.integer(0, dayMs);
    const times = timesOf(random, life, createdMs);
    const endMs = times.at(-1) ?? createdMs;
    const councilNode = facility.geographiczoneid;
    const zoneNode = zoneParents.get(zoneParents.get(councilNode) ?? 0) ?? null;
    const requisition = {
      id,
      facilityid: facility.id,
      programid,
      periodid: period.id,
      status,
      emergency,
      fullsupplyitemssubmittedcost:
        status === 'INITIATED' ? null : `${random.integer(0, 90_000_000)}.${random.integer(10, 99)}`,
      nonfullsupplyitemssubmittedcost: status === 'INITIATED' ? null : '0.00',
      supervisorynodeid:
        status === 'INITIATED' || status === 'SKIPPED' ? null : status === 'IN_APPROVAL' ? zoneNode : councilNode,
      createdby: random.chance(0.02) ? null : random.integer(1, userCount),
      createddate: timestampText(createdMs),
      modifiedby: random.integer(1, userCount),
      modifieddate: timestampText(endMs),
      allocatedbudget: random.chance(0.8) ? null : `${random.integer(1, 90_000_000)}.00`,
      clientsubmittedtime: random.chance(0.9) ? null : timestampText(createdMs),
      clientsubmittednotes: random.chance(0.95) ? null : sometimesAwkward(random, 'Sent from the tablet', 256, 0.5),
      sourceapplication: random.chance(0.1) ? 'ELMIS_FE' : 'WEB_UI',
    };
    batch['public.requisitions'].push(requisition);
    const lines = (emergency ? approved.slice(0, 20) : approved).map((orderable) =>
      addLine(id, { orderable, life, createdMs, endMs }),
    );
    life.forEach((change, index) => addStatusChange(id, change, times[index] ?? createdMs));
    // People talk: during a step, at its very moment, several times, one with another.
    while (commentRandom.chance(0.2))
      addComment(id, commentRandom.pick(times) + commentRandom.pick([0, 60_000, dayMs]));
    if (status === 'RELEASED') {
      const supplylineid = supplyLines.get(`${zoneNode}/${programid}`) ?? null;
      makeOrder({ requisition, lines, supplylineid, atMs: endMs }, batch);
    }
  }

  function addLine(
    rnrid: number,
    {
      orderable,
      life,
      createdMs,
      endMs,
    }: {
      readonly orderable: Orderable;
      readonly life: readonly string[];
      readonly createdMs: number;
      readonly endMs: number;
    },
  ): NewRow<'public.requisition_line_items'> {
    const { product, programProduct, approved, category } = orderable;
    const id = (lastId.line += 1);
    const skipped = random.chance(0.03);
    const empty = skipped || (life.length === 1 && random.chance(0.6));
    const terms = { maxmonthsofstock: approved.maxmonthsofstock, packsize: product.packsize };
    const adjustments = empty ? [] : chooseAdjustments(random, types);
    const quantities: Partial<LineQuantities> = empty ? {} : fillLine(random, { terms, adjustments, types });
    const approvedQuantity = life.includes('AUTHORIZED') ? (quantities.quantityrequested ?? null) : null;
    const explained = quantities.quantityrequested !== quantities.calculatedorderquantity;
    const line = {
      id,
      rnrid,
      productcode: product.code,
      product: `${product.primaryname} ${product.strength ?? ''}`.slice(0, 250),
      productdisplayorder: programProduct.displayorder ?? null,
      productcategory: category?.name ?? null,
      productcategorydisplayorder: category?.displayorder ?? null,
      dispensingunit: product.dispensingunit,
      ...quantities,
      reasonforrequestedquantity: explained ? sometimesAwkward(random, explanation(random), 400, 0.1) : null,
      quantityapproved: approvedQuantity,
      packstoship: approvedQuantity === null ? null : packsFor(approvedQuantity, terms),
      maxmonthsofstock: approved.maxmonthsofstock,
      price: linePrice(programProduct.currentprice ?? null),
      expirationdate: random.chance(0.8) ? null : `${random.integer(1, 12)}/20${random.integer(26, 30)}`,
      remarks: empty ? null : remark(random),
      dosespermonth: programProduct.dosespermonth,
      dosesperdispensingunit: product.dosesperdispensingunit,
      packsize: product.packsize,
      roundtozero: product.roundtozero,
      packroundingthreshold: product.packroundingthreshold,
      fullsupply: programProduct.fullsupply ?? product.fullsupply,
      skipped,
      reportingdays: random.chance(0.1) ? null : 60,
      createdby: 1,
      createddate: timestampText(createdMs),
      modifiedby: 1,
      modifieddate: timestampText(endMs),
    };
    batch['public.requisition_line_items'].push(line);
    for (const adjustment of adjustments) {
      batch['public.requisition_line_item_losses_adjustments'].push({
        requisitionlineitemid: id,
        ...adjustment,
        createdby: 1,
        createddate: timestampText(createdMs),
        modifieddate: timestampText(endMs),
      });
    }
    return line;
  }

  function addStatusChange(rnrid: number, status: string, atMs: number): void {
    const user = random.integer(1, userCount);
    batch['public.requisition_status_changes'].push({
      id: (lastId.change += 1),
      rnrid,
      status,
      createdby: user,
      createddate: timestampText(atMs),
      modifiedby: user,
      modifieddate: timestampText(atMs),
      username: random.chance(0.2) ? null : `user ${user}`,
    });
  }

  function addComment(rnrid: number, atMs: number): void {
    const user = commentRandom.integer(1, userCount);
    batch['public.comments'].push({
      id: (lastId.comment += 1),
      rnrid,
      commenttext: sometimesAwkward(commentRandom, 'Please check the stock of this facility', 250, 0.4),
      createdby: user,
      createddate: commentRandom.chance(0.02) ? null : timestampText(atMs),
      modifiedby: user,
      modifieddate: timestampText(atMs),
    });
  }

  return {
    add,
    size: () => batch['public.requisitions'].length,
    take: (): RequisitionBatch => {
      const full = batch;
      batch = emptyBatch();
      return full;
    },
  };
}

function emptyBatch(): V2Rows {
  return {
    'public.requisitions': [],
    'public.requisition_line_items': [],
    'public.requisition_line_item_losses_adjustments': [],
    'public.requisition_status_changes': [],
    'public.comments': [],
    ...noOrderRows(),
  };
}

function orderablesByTypeAndProgram(reference: ReferenceData): ReadonlyMap<string, readonly Orderable[]> {
  const products = new Map(reference['public.products'].map((product) => [product.id, product]));
  const programProducts = new Map(reference['public.program_products'].map((product) => [product.id, product]));
  const categories = new Map(reference['public.product_categories'].map((category) => [category.id, category]));
  const all = reference['public.facility_approved_products'].flatMap((approved) => {
    const programProduct = programProducts.get(approved.programproductid);
    const product = programProduct === undefined ? undefined : products.get(programProduct.productid);
    if (programProduct === undefined || product === undefined || !programProduct.active) return [];
    return [{ approved, programProduct, product, category: categories.get(programProduct.productcategoryid) }];
  });
  return Map.groupBy(all, ({ approved, programProduct }) => `${approved.facilitytypeid}/${programProduct.programid}`);
}

/** Every status that the requisition has had, in order: with a level of approval more or less, some sent back once. */
function lifeOf(
  random: Random,
  { age, ordering }: { readonly age: number; readonly ordering: boolean },
): readonly string[] {
  const released = ordering && !random.chance(0.05) ? 'RELEASED' : 'RELEASED_NO_ORDER';
  const levels = random.chance(0.4) ? ['IN_APPROVAL', 'IN_APPROVAL'] : ['IN_APPROVAL'];
  const sentBack = random.chance(0.05) ? ['INITIATED', 'SUBMITTED', 'AUTHORIZED'] : [];
  const whole = [...sentBack, 'INITIATED', 'SUBMITTED', 'AUTHORIZED', ...levels, 'APPROVED', released];
  const last = random.pickWeighted<string>(
    age === 0
      ? [
          ['INITIATED', 20],
          ['SUBMITTED', 15],
          ['AUTHORIZED', 15],
          ['IN_APPROVAL', 15],
          ['APPROVED', 10],
          [released, 20],
          ['SKIPPED', 5],
        ]
      : [
          [released, 92],
          ['APPROVED', 2],
          ['AUTHORIZED', 1],
          ['SKIPPED', 5],
        ],
  );
  return last === 'SKIPPED' ? ['INITIATED', 'SKIPPED'] : whole.slice(0, whole.lastIndexOf(last) + 1);
}

/** eLMIS stamps a change with the start of its transaction, so two changes of one transaction have one time. */
function timesOf(random: Random, life: readonly string[], createdMs: number): readonly number[] {
  let atMs = createdMs;
  return life.map((_, index) => {
    if (index > 0 && !random.chance(0.04)) atMs += random.integer(60_000, 4 * dayMs);
    return atMs;
  });
}

/** Of 15 digits at most, four of them behind the point, as the column demands. */
function linePrice(currentprice: string | null): string | null {
  return currentprice !== null && currentprice.length > 14 ? '12345678901.2345' : currentprice;
}

function explanation(random: Random): string {
  return random.chance(0.05) ? 'Mlipuko wa kipindupindu katika kata tatu. '.repeat(8).trimEnd() : 'Outbreak';
}
