/* oxlint-disable oxc/no-map-spread -- each row is made once, from parts */
// Programs and what they offer: categories, forms, dosage units, products, prices, approvals by facility type.
import { sometimesAwkward } from './awkward-text.ts';
import { timestampText } from './calendar.ts';
import { medicines } from './medicines.ts';
import { audit, orNull } from './row-values.ts';
import type { Rows } from './row-values.ts';
import type { Random } from '../random.ts';

export function makePrograms(): Rows<'public.programs'> {
  const programs = [
    ['ils', 'Integrated Logistics System'],
    ['arv', 'ARV and OI'],
    ['tb', 'TB and Leprosy'],
    ['lab', 'Laboratory'],
  ] as const;
  return programs.map(([code, name], index) => ({
    id: index + 1,
    code,
    name,
    description: code === 'tb' ? null : `${name} program`,
    active: true,
    templateconfigured: true,
    regimentemplateconfigured: code === 'arv',
    budgetingapplies: code === 'ils',
    usesdar: null,
    push: code === 'lab' ? null : false,
    sendfeed: false,
    createdby: 1,
    createddate: timestampText(Date.UTC(2013, 6, 1)),
    modifiedby: null,
    modifieddate: timestampText(Date.UTC(2018, 3, 5)),
    isequipmentconfigured: code === 'lab',
    hideskippedproducts: false,
    shownonfullsupplytab: code !== 'lab',
    enableskipperiod: code === 'ils',
    enableivdform: false,
    usepriceschedule: false,
  }));
}

export function productCategories(random: Random): Rows<'public.product_categories'> {
  const names = [...new Set(medicines.map((medicine) => medicine.category))];
  return names.map((name, index) => ({
    id: index + 1,
    code: name.toLowerCase().replaceAll(' ', '-'),
    name,
    displayorder: index + 1,
    ...audit(random),
  }));
}

export function productGroups(): Rows<'public.product_groups'> {
  return ['Tracer', 'Vital', 'Essential'].map((name, index) => ({ id: index + 1, code: `PG${index + 1}`, name }));
}

export function productForms(): Rows<'public.product_forms'> {
  const codes = [...new Set(medicines.map((medicine) => medicine.form)), null];
  return codes.map((code, index) => ({ id: index + 1, code, displayorder: code === null ? null : index + 1 }));
}

export function dosageUnits(): Rows<'public.dosage_units'> {
  const codes = [...new Set(medicines.map((medicine) => medicine.unit)), null];
  return codes.map((code, index) => ({ id: index + 1, code, displayorder: code === null ? null : index + 1 }));
}

export function makeProducts(
  random: Random,
  { forms, units }: { readonly forms: Rows<'public.product_forms'>; readonly units: Rows<'public.dosage_units'> },
): Rows<'public.products'> {
  return medicines.map((medicine, index) => ({
    id: index + 1,
    code: `${100_000 + index * 17}${medicine.programs[0]?.charAt(0).toUpperCase()}X`,
    alternateitemcode: orNull(random, `ALT${index}`, 0.8),
    manufacturer: orNull(
      random,
      sometimesAwkward(random, random.pick(['Shelys', 'Keko', 'Cipla', 'Mylan', 'Aurobindo']), 100),
      0.3,
    ),
    manufacturercode: null,
    manufacturerbarcode: orNull(random, String(random.integer(100_000_000, 999_999_999)), 0.7),
    mohbarcode: null,
    // v2 has no rule for GTINs: several products share one, some hold an empty text.
    gtin: random.pickWeighted([
      [null, 6],
      ['', 1],
      ['a', 1],
      ['06001234500001', 1],
      [`0600${1_000_000_000 + index}`, 6],
    ]),
    type: orNull(random, 'medicine', 0.4),
    primaryname: sometimesAwkward(random, medicine.name, 150, 0.03),
    fullname: orNull(random, `${medicine.name} ${medicine.strength}`),
    genericname: orNull(random, medicine.name),
    alternatename: null,
    description: orNull(random, sometimesAwkward(random, `${medicine.name}, ${medicine.category}`, 250), 0.3),
    strength: orNull(random, medicine.strength, 0.04),
    formid: orNull(
      random,
      random.chance(0.01) ? forms.length : forms.findIndex((form) => form.code === medicine.form) + 1,
      0.02,
    ),
    dosageunitid: orNull(
      random,
      random.chance(0.01) ? units.length : units.findIndex((unit) => unit.code === medicine.unit) + 1,
      0.02,
    ),
    productgroupid: orNull(random, random.integer(1, 3), 0.6),
    dispensingunit: medicine.dispensingUnit,
    dosesperdispensingunit: random.pick([1, 1, 10, 30, 100]),
    packsize: random.pick([1, 10, 30, 100, 1000, 32_767]),
    alternatepacksize: orNull(random, 10, 0.8),
    storerefrigerated: orNull(random, random.chance(0.1)),
    storeroomtemperature: orNull(random, true),
    hazardous: orNull(random, false),
    flammable: orNull(random, false),
    controlledsubstance: orNull(random, random.chance(0.05)),
    lightsensitive: orNull(random, random.chance(0.1)),
    approvedbywho: orNull(random, true),
    contraceptivecyp: medicine.category === 'Family planning' ? random.pick(['0.0667', '15.0000', 'NaN']) : null,
    packlength: orNull(random, '9999.9999', 0.8),
    packwidth: orNull(random, '0.0001', 0.8),
    packheight: orNull(random, '2.5000', 0.8),
    packweight: orNull(random, '12.3450', 0.8),
    packspercarton: orNull(random, random.integer(1, 500), 0.5),
    cartonlength: orNull(random, '40.0000', 0.8),
    cartonwidth: null,
    cartonheight: null,
    cartonsperpallet: orNull(random, random.integer(1, 80), 0.7),
    expectedshelflife: orNull(random, 36, 0.6),
    specialstorageinstructions: index % 40 === 7 ? random.noise(12_000) : orNull(random, 'Keep below 25 °C', 0.7),
    specialtransportinstructions: index % 90 === 8 ? random.noise(9000) : null,
    active: !random.chance(0.04),
    fullsupply: !random.chance(0.08),
    tracer: random.chance(0.12),
    roundtozero: random.chance(0.1),
    archived: orNull(random, false, 0.3),
    packroundingthreshold: random.integer(1, 5),
    ...audit(random),
    mslpacksize: orNull(random, 100, 0.7),
  }));
}

export function makeProgramProducts(
  random: Random,
  {
    programs,
    products,
    categories,
  }: {
    readonly programs: Rows<'public.programs'>;
    readonly products: Rows<'public.products'>;
    readonly categories: Rows<'public.product_categories'>;
  },
): Rows<'public.program_products'> {
  const pairs = medicines.flatMap((medicine, index) =>
    medicine.programs.map((code) => ({
      programid: programs.findIndex((program) => program.code === code) + 1,
      productid: products[index]?.id ?? 0,
      productcategoryid: categories.findIndex((category) => category.name === medicine.category) + 1,
    })),
  );
  return pairs.map((pair, index) => ({
    id: index + 1,
    ...pair,
    dosespermonth: random.pick([1, 30, 60, 90]),
    active: !random.chance(0.04),
    // The longest price that v3's numeric(19,2) can hold; v2's numeric(20,2) could hold one digit more.
    currentprice:
      index === 11
        ? '12345678901234567.89'
        : orNull(random, `${random.integer(0, 90_000)}.${random.integer(10, 99)}`, 0.05),
    ...audit(random),
    displayorder: orNull(random, index + 1, 0.05),
    fullsupply: orNull(random, !random.chance(0.08), 0.2),
    isacoefficientsid: null,
  }));
}

/** Share of a program's products that a kind of facility may order. */
const approvedShare: Readonly<Record<string, number>> = {
  disp: 0.3,
  heac: 0.5,
  dhosp: 0.9,
  rhosp: 1,
  zhosp: 1,
  ctc: 0.5,
  dmo: 0.2,
};

export function facilityApprovedProducts(
  random: Random,
  {
    types,
    programs,
    programProducts,
  }: {
    readonly types: Rows<'public.facility_types'>;
    readonly programs: Rows<'public.programs'>;
    readonly programProducts: Rows<'public.program_products'>;
  },
): Rows<'public.facility_approved_products'> {
  const pairs = types.flatMap((type) =>
    programs.flatMap((program) => {
      const share = approvedShare[type.code] ?? 0;
      if (share === 0) return [];
      const all = random.shuffle(programProducts.filter((product) => product.programid === program.id));
      const approved = all.slice(0, Math.max(20, Math.round(all.length * share)));
      return approved.map((product) => ({ facilitytypeid: type.id, programproductid: product.id }));
    }),
  );
  return pairs.map((pair, index) => ({
    id: index + 1,
    ...pair,
    maxmonthsofstock: random.pick([2, 3, 3, 3, 4, 6]),
    minmonthsofstock: orNull(random, random.pick(['0.25', '1.00', '99.99']), 0.5),
    eop: orNull(random, '0.50', 0.6),
    ...audit(random),
  }));
}

/** Prices that were, up to the present one. Who entered them eLMIS knows as the last to change the row only. */
export function priceHistory(
  random: Random,
  programProducts: Rows<'public.program_products'>,
): Rows<'public.program_product_price_history'> {
  return programProducts
    .flatMap((programProduct) =>
      Array.from({ length: random.integer(0, 3) }, (_, age) => ({
        programproductid: programProduct.id,
        price: orNull(random, `${random.integer(1, 90_000)}.${random.integer(10, 99)}`, 0.03),
        priceperdosage: null,
        source: orNull(random, 'MSD price list', 0.5),
        startdate: orNull(random, timestampText(Date.UTC(2014 + age * 3, 0, 1)), 0.05),
        enddate: null,
        createddate: timestampText(Date.UTC(2014 + age * 3, 0, 3)),
        // Nothing in v2 keeps this one a user's number.
        modifiedby: random.pickWeighted<number | null>([
          [1, 8],
          [null, 1],
          [999_999, 1],
        ]),
      })),
    )
    .map((change, index) => ({ id: index + 1, ...change }));
}
