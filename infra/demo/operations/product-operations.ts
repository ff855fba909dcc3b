// What eLMIS's administrators do to products, programs and approvals.
import { sometimesAwkward } from '../data/awkward-text.ts';
import { pickRow } from './session.ts';
import type { Operation, Outcome, Play } from './session.ts';

export const productOperations = {
  editProduct: { weight: 5, play: editProduct },
  editProductBesideLargeText: { weight: 2, play: editProductBesideLargeText },
  replaceLargeText: { weight: 1, play: replaceLargeText },
  changePrice: { weight: 4, play: changePrice },
  editProductForm: { weight: 1, play: (play) => editCode(play, { table: 'product_forms', length: 20 }) },
  editDosageUnit: { weight: 1, play: (play) => editCode(play, { table: 'dosage_units', length: 20 }) },
  editProductCategory: { weight: 1, play: editProductCategory },
  moveToOtherCategory: { weight: 1, play: moveToOtherCategory },
  editProgram: { weight: 1, play: editProgram },
  editApprovedProduct: { weight: 2, play: editApprovedProduct },
  saveApprovedProducts: { weight: 1, play: saveApprovedProducts },
  addProduct: { weight: 2, play: addProduct },
  renameProductCode: { weight: 1, play: renameProductCode },
} as const satisfies Record<string, Operation>;

async function editProduct(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const product = await pickRow<{ id: number; primaryname: string }>(play, {
    select: 't.id, t.primaryname',
    from: 'products AS t',
  });
  if (product === undefined) return 'nothing to do';
  const edits: Readonly<Record<string, unknown>> = random.pick([
    {
      primaryname: sometimesAwkward(random, `${product.primaryname.slice(0, 100)} ${random.integer(1, 99)}`, 150, 0.2),
    },
    { tracer: random.chance(0.5) },
    {
      description: random.chance(0.2)
        ? null
        : sometimesAwkward(random, `Described ${random.integer(1, 999)}`, 250, 0.3),
    },
    { strength: random.chance(0.2) ? null : `${random.integer(1, 900)} mg` },
    { gtin: random.pick([null, '', 'a', `0600${random.integer(1, 999_999)}`]) },
    { active: random.chance(0.8), fullsupply: random.chance(0.9) },
    { manufacturer: random.pick([null, 'Zenufa', 'Shelys']), packsize: random.integer(1, 1000) },
    { dispensingunit: random.pick(['Each', 'Vial', '10 TAB']), roundtozero: random.chance(0.5) },
    { formid: null },
    { formid: random.integer(1, 10), dosageunitid: random.integer(1, 5) },
    { modifieddate: null },
  ]);
  const columns = Object.keys(edits);
  await session.change(
    `UPDATE products SET ${columns.map((column, index) => `${column} = $${index + 2}`).join(', ')} WHERE id = $1`,
    [product.id, ...Object.values(edits)],
  );
  return 'done';
}

/** The large text is stored out of line and does not change: Debezium sends a placeholder in its stead. */
async function editProductBesideLargeText(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const product = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: 'products AS t',
    where: 'length(t.specialstorageinstructions) > 8000',
  });
  if (product === undefined) return 'nothing to do';
  await session.change('UPDATE products SET mslpacksize = $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1', [
    product.id,
    random.integer(1, 500),
  ]);
  return 'done';
}

async function replaceLargeText(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const product = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: 'products AS t',
    where: 't.id % 20 = 8',
  });
  if (product === undefined) return 'nothing to do';
  const text = random.pick([null, 'Short now', random.noise(12_000)]);
  await session.change('UPDATE products SET specialstorageinstructions = $2 WHERE id = $1', [product.id, text]);
  return 'done';
}

/** As eLMIS does it: the price, and an entry in the history of prices. */
async function changePrice(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const offered = await pickRow<{ id: number }>(play, { select: 't.id', from: 'program_products AS t' });
  if (offered === undefined) return 'nothing to do';
  const price = random.pick([
    '0.00',
    '0.01',
    `${random.integer(1, 99_999)}.${random.integer(10, 99)}`,
    '12345678901234567.89',
  ]);
  return session.transaction(async () => {
    await session.change(
      'UPDATE program_products SET currentprice = $2, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
      [offered.id, price],
    );
    await session.change(
      `INSERT INTO program_product_price_history (programproductid, price, source, createdby, modifiedby) VALUES ($1, $2, 'MSD', 1, 1)`,
      [offered.id, price],
    );
  });
}

async function editCode(
  play: Play,
  { table, length }: { readonly table: 'product_forms' | 'dosage_units'; readonly length: number },
): Promise<Outcome> {
  const row = await pickRow<{ id: number }>(play, {
    select: 't.id',
    from: `${table} AS t`,
    where: 't.code IS NOT NULL',
  });
  if (row === undefined) return 'nothing to do';
  const code = sometimesAwkward(play.random, `form ${row.id}`, length - 5, 0.1);
  // Lower-case codes are unique: the id keeps them apart.
  await play.session.change(`UPDATE ${table} SET code = $2 WHERE id = $1`, [row.id, `${code}/${row.id}`]);
  return 'done';
}

async function editProductCategory(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const category = await pickRow<{ id: number }>(play, { select: 't.id', from: 'product_categories AS t' });
  if (category === undefined) return 'nothing to do';
  await session.change(
    'UPDATE product_categories SET name = $2, displayorder = $3, modifieddate = CURRENT_TIMESTAMP WHERE id = $1',
    [category.id, sometimesAwkward(random, `Category ${random.integer(1, 999)}`, 100, 0.2), random.integer(1, 50)],
  );
  return 'done';
}

async function moveToOtherCategory(play: Play): Promise<Outcome> {
  const { session } = play;
  const offered = await pickRow<{ id: number }>(play, { select: 't.id', from: 'program_products AS t' });
  const category = await pickRow<{ id: number }>(play, { select: 't.id', from: 'product_categories AS t' });
  if (offered === undefined || category === undefined) return 'nothing to do';
  await session.change('UPDATE program_products SET productcategoryid = $2 WHERE id = $1', [offered.id, category.id]);
  return 'done';
}

async function editProgram(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const program = await pickRow<{ id: number }>(play, { select: 't.id', from: 'programs AS t' });
  if (program === undefined) return 'nothing to do';
  await session.change(
    'UPDATE programs SET description = $2, enableskipperiod = $3, shownonfullsupplytab = $4 WHERE id = $1',
    [
      program.id,
      random.chance(0.2) ? null : sometimesAwkward(random, `Program ${random.integer(1, 999)}`, 50, 0.3),
      random.chance(0.5),
      random.chance(0.5),
    ],
  );
  return 'done';
}

async function editApprovedProduct(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const approved = await pickRow<{ id: number }>(play, { select: 't.id', from: 'facility_approved_products AS t' });
  if (approved === undefined) return 'nothing to do';
  await session.change(
    'UPDATE facility_approved_products SET maxmonthsofstock = $2, minmonthsofstock = $3, eop = $4 WHERE id = $1',
    [approved.id, random.integer(1, 12), random.pick([null, '0.50', '99.99']), random.pick([null, '0.25'])],
  );
  return 'done';
}

/** Deletes some approvals of a kind of facility and inserts most of them again: their ids change. */
async function saveApprovedProducts(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const start = await pickRow<{ id: number; facilitytypeid: number }>(play, {
    select: 't.id, t.facilitytypeid',
    from: 'facility_approved_products AS t',
  });
  if (start === undefined) return 'nothing to do';
  return session.transaction(async () => {
    const removed = await session.rows<{ id: number; programproductid: number }>(
      `SELECT id, programproductid FROM facility_approved_products WHERE facilitytypeid = $1 AND id >= $2 ORDER BY id LIMIT 10`,
      [start.facilitytypeid, start.id],
    );
    await session.change('DELETE FROM facility_approved_products WHERE id = ANY ($1)', [removed.map(({ id }) => id)]);
    await session.change(
      `INSERT INTO facility_approved_products (facilitytypeid, programproductid, maxmonthsofstock, createdby, modifiedby)
       SELECT $1, programproductid, $3, 1, 1 FROM unnest($2::int[]) WITH ORDINALITY AS kept (programproductid, place) ORDER BY place`,
      [
        start.facilitytypeid,
        removed.filter(() => !random.chance(0.1)).map(({ programproductid }) => programproductid),
        random.integer(2, 6),
      ],
    );
  });
}

/** A product is born with its programs and approvals, in one transaction. */
async function addProduct(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const programs = await session.rows<{ id: number }>('SELECT id FROM programs ORDER BY id');
  const [category] = await session.rows<{ id: number }>('SELECT id FROM product_categories ORDER BY id LIMIT 1');
  if (programs.length === 0 || category === undefined) return 'nothing to do';
  return session.transaction(async () => {
    const [product] = await session.rows<{ id: number }>(`SELECT nextval('products_id_seq')::int AS id`);
    const id = product?.id;
    await session.change(
      `INSERT INTO products (id, code, primaryname, strength, formid, dosageunitid, dispensingunit, dosesperdispensingunit, packsize,
                             active, fullsupply, tracer, roundtozero, packroundingthreshold, gtin, createdby, modifiedby)
       VALUES ($1, $2, $3, '500', $4, NULL, 'Each', 1, $5, true, true, false, false, 1, $6, 1, 1)`,
      [
        id,
        `NEW-${id}`,
        sometimesAwkward(random, `New medicine ${id}`, 150, 0.2),
        random.integer(1, 10),
        random.integer(1, 1000),
        random.pick([null, 'a']),
      ],
    );
    const chosen = programs.filter((_, index) => index === 0 || random.chance(0.3)).map((program) => program.id);
    await session.change(
      `INSERT INTO program_products (programid, productid, dosespermonth, active, currentprice, productcategoryid, createdby, modifiedby)
       SELECT programid, $1, 1, true, $3, $4, 1, 1 FROM unnest($2::int[]) AS programid ORDER BY programid`,
      [id, chosen, `${random.integer(1, 9999)}.50`, category.id],
    );
    await session.change(
      `INSERT INTO facility_approved_products (facilitytypeid, programproductid, maxmonthsofstock, createdby, modifiedby)
       SELECT type.id, offered.id, 3, 1, 1
       FROM facility_types AS type JOIN program_products AS offered ON offered.productid = $1
       WHERE type.id % 2 = $2 ORDER BY type.id, offered.id`,
      [id, random.integer(0, 1)],
    );
  });
}

/** Lines hold the code itself, not the id: they change with it, in one statement, since the foreign key cascades nothing. */
async function renameProductCode(play: Play): Promise<Outcome> {
  const { session, random } = play;
  const product = await pickRow<{ id: number; code: string }>(play, { select: 't.id, t.code', from: 'products AS t' });
  if (product === undefined) return 'nothing to do';
  const many = 500;
  const lines = await session.rows('SELECT FROM requisition_line_items WHERE productcode = $1 LIMIT $2', [
    product.code,
    many,
  ]);
  if (lines.length === many) return 'nothing to do';
  await session.change(
    `WITH renamed AS (UPDATE products SET code = $3, modifieddate = CURRENT_TIMESTAMP WHERE id = $1),
       shipped AS (
         UPDATE shipment_line_items
         SET productcode = CASE productcode WHEN $2 THEN $3 ELSE productcode END,
             substitutedproductcode = CASE substitutedproductcode WHEN $2 THEN $3 ELSE substitutedproductcode END
         WHERE $2 IN (productcode, substitutedproductcode)),
       received AS (
         UPDATE pod_line_items
         SET productcode = CASE productcode WHEN $2 THEN $3 ELSE productcode END,
             replacedproductcode = CASE replacedproductcode WHEN $2 THEN $3 ELSE replacedproductcode END
         WHERE $2 IN (productcode, replacedproductcode))
     UPDATE requisition_line_items SET productcode = $3 WHERE productcode = $2`,
    [product.id, product.code, `R${random.integer(100, 999)}-${product.id}`],
  );
  return 'done';
}
