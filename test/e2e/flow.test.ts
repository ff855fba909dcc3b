// v2's changes in v3, through every real part.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { idOf } from '../../model/ids.ts';
import { eventually } from '../support/eventually.ts';
import { address, differences, v2, v2Transaction, v3 } from './system.ts';

test('fills every pipeline from the demo data: v3 is what v2 says', async () => {
  expect(await differences()).toBe('');
});

test('shows a change that was made with psql in v2', async () => {
  const [product] = await v2<{ id: number }>('SELECT min(id) AS id FROM products');
  await v2(`UPDATE products SET primaryname = 'Made by hand' WHERE id = $1`, [product?.id]);
  await eventually(async () => {
    const rows = await v3<{ name: string }>(
      'SELECT fullproductname AS name FROM referencedata.orderables WHERE id = $1',
      [idOf('products', String(product?.id))],
    );
    expect(rows[0]?.name).toMatch(/^Made by hand/);
  });
});

test('writes one v3 line when a requisition of 200 lines is saved with one of them changed', async () => {
  const [requisition] = await v2<{ id: number }>(
    `SELECT r.id FROM requisitions r JOIN requisition_line_items li ON li.rnrid = r.id WHERE r.status = 'INITIATED' GROUP BY r.id ORDER BY count(*) DESC LIMIT 1`,
  );
  const id = requisition?.id as number;
  await fillTo200Lines(id);
  const requisitionId = idOf('requisitions', String(id));
  const before = await eventually(async () => {
    const versions = await lineVersions(requisitionId);
    expect(versions.size).toBe(200);
    return versions;
  });
  const writtenBefore = await linesWritten();

  // As eLMIS saves: every line is rewritten, whether it changed or not.
  const [line] = await v2<{ id: number }>('SELECT max(id) AS id FROM requisition_line_items WHERE rnrid = $1', [id]);
  const saved = await v2<{ id: number }>(
    `UPDATE requisition_line_items SET quantityrequested = CASE WHEN id = $2 THEN coalesce(quantityrequested, 0) + 7 ELSE quantityrequested END,
            modifieddate = clock_timestamp() WHERE rnrid = $1 RETURNING id`,
    [id, line?.id],
  );
  expect(saved).toHaveLength(200);

  const changedId = idOf('requisition_line_items', String(line?.id));
  const after = await eventually(async () => {
    const versions = await lineVersions(requisitionId);
    expect(versions.get(changedId)).not.toBe(before.get(changedId));
    return versions;
  });
  expect([...after].filter(([key, version]) => before.get(key) !== version).map(([key]) => key)).toEqual([changedId]);
  expect((await linesWritten()) - writtenBefore).toBe(1);
});

test('an entry that comes late changes the days on hand after it, up to today', async () => {
  const [card] = await v2<{ id: number }>(
    `SELECT stockcardid AS id FROM stock_card_entries WHERE lotonhandid IS NULL AND occurred > '2020-01-01' ORDER BY id LIMIT 1`,
  );
  const cardId = idOf('stock_cards', String(card?.id));
  const onHand = () =>
    v3<{ day: string; quantity: number }>(
      `SELECT occurreddate::text AS day, stockonhand AS quantity FROM stockmanagement.calculated_stocks_on_hand
       WHERE stockcardid = $1 ORDER BY occurreddate`,
      [cardId],
    );
  const before = await onHand();
  expect(before.length).toBeGreaterThan(0);
  await v2(
    `INSERT INTO stock_card_entries (stockcardid, type, quantity, occurred) VALUES ($1, 'CREDIT', 1000, '2019-12-31')`,
    [card?.id],
  );
  await eventually(async () => {
    expect(await onHand()).toEqual([
      { day: '2019-12-31', quantity: 1000 },
      ...before.map(({ day, quantity }) => ({ day, quantity: quantity + 1000 })),
    ]);
  });
});

test('follows facilities that swap their codes in one transaction', async () => {
  const [a, b] = await v2<{ id: number; code: string }>('SELECT id, code FROM facilities ORDER BY id LIMIT 2');
  await v2Transaction([
    `UPDATE facilities SET code = 'E2E-SWAP' WHERE id = ${a?.id}`,
    `UPDATE facilities SET code = '${a?.code}' WHERE id = ${b?.id}`,
    `UPDATE facilities SET code = '${b?.code}' WHERE id = ${a?.id}`,
  ]);
  await eventually(async () => {
    expect(await facilityCode(a?.id)).toBe(b?.code);
    expect(await facilityCode(b?.id)).toBe(a?.code);
  });
});

test('keeps a large text that Debezium does not send again when another column changes', async () => {
  const comment = randomBytes(24_000).toString('base64'); // stored out of line: it does not compress
  const [facility] = await v2<{ id: number }>('SELECT max(id) AS id FROM facilities');
  const read = async (): Promise<{ name: string; comment: string } | undefined> =>
    (
      await v3<{ name: string; comment: string }>('SELECT name, comment FROM referencedata.facilities WHERE id = $1', [
        idOf('facilities', String(facility?.id)),
      ])
    )[0];
  await v2('UPDATE facilities SET comment = $2 WHERE id = $1', [facility?.id, comment]);
  await eventually(async () => expect((await read())?.comment).toBe(comment));
  await v2(`UPDATE facilities SET name = 'Renamed beside a large text' WHERE id = $1`, [facility?.id]);
  await eventually(async () => expect(await read()).toEqual({ name: 'Renamed beside a large text', comment }));
});

test('follows a row whose primary key changes', async () => {
  await v2(
    `INSERT INTO product_categories (id, code, name, displayorder) VALUES (880001, 'E2E-PK', 'Moves its key', 1)`,
  );
  await eventually(async () => expect(await categoryIds()).toEqual([idOf('product_categories', '880001')]));
  await v2('UPDATE product_categories SET id = 880002 WHERE id = 880001');
  await eventually(async () => expect(await categoryIds()).toEqual([idOf('product_categories', '880002')]));
  await v2('DELETE FROM product_categories WHERE id = 880002');
  await eventually(async () => expect(await categoryIds()).toEqual([]));
});

test('empties what followed from a truncated table, and fills it again', async () => {
  const count = async (): Promise<number> =>
    Number((await v3<{ count: string }>('SELECT count(*) FROM requisition.stock_adjustments'))[0]?.count);
  await eventually(async () => expect(await count()).toBeGreaterThan(0));
  const [line] = await v2<{ id: number; type: string }>(
    'SELECT requisitionlineitemid AS id, type FROM requisition_line_item_losses_adjustments LIMIT 1',
  );
  await v2('TRUNCATE requisition_line_item_losses_adjustments');
  await eventually(async () => expect(await count()).toBe(0));
  await v2(
    'INSERT INTO requisition_line_item_losses_adjustments (requisitionlineitemid, type, quantity) VALUES ($1, $2, 5)',
    [line?.id, line?.type],
  );
  await eventually(async () => expect(await count()).toBe(1));
});

test('is what v2 says after all of that', async () => {
  expect(await differences()).toBe('');
});

async function facilityCode(id: number | undefined): Promise<string | undefined> {
  return (
    await v3<{ code: string }>('SELECT code FROM referencedata.facilities WHERE id = $1', [
      idOf('facilities', String(id)),
    ])
  )[0]?.code;
}

async function categoryIds(): Promise<readonly string[]> {
  return (
    await v3<{ id: string }>(`SELECT id FROM referencedata.orderable_display_categories WHERE code = 'E2E-PK'`)
  ).map(({ id }) => id);
}

/** Line id -> the transaction that wrote the row as it stands. */
async function lineVersions(requisitionId: string): Promise<ReadonlyMap<string, string>> {
  const rows = await v3<{ id: string; version: string }>(
    'SELECT id, xmin::text AS version FROM requisition.requisition_line_items WHERE requisitionid = $1',
    [requisitionId],
  );
  return new Map(rows.map(({ id, version }) => [id, version]));
}

/** What the worker's own metric says that it has written to the table of lines. */
async function linesWritten(): Promise<number> {
  const text = await (await fetch(address.workerMetrics)).text();
  const line = text
    .split('\n')
    .find(
      (each) => each.startsWith('mkondo_rows_written_total') && each.includes('requisition.requisition_line_items'),
    );
  return Number(line?.split(' ').at(-1) ?? 0);
}

/** Copies of one of its lines, for products that it does not list yet. */
async function fillTo200Lines(requisition: number): Promise<void> {
  const columns = await v2<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'requisition_line_items' AND column_name NOT IN ('id', 'productcode')`,
  );
  const list = columns.map(({ name }) => `"${name}"`).join(', ');
  await v2(
    `INSERT INTO requisition_line_items (productcode, ${list})
     SELECT p.code, ${columns.map(({ name }) => `l."${name}"`).join(', ')}
     FROM (SELECT * FROM requisition_line_items WHERE rnrid = $1 ORDER BY id LIMIT 1) l
     CROSS JOIN (SELECT code FROM products WHERE code NOT IN (SELECT productcode FROM requisition_line_items WHERE rnrid = $1) ORDER BY id LIMIT 1000) p
     LIMIT 200 - (SELECT count(*) FROM requisition_line_items WHERE rnrid = $1)`,
    [requisition],
  );
}
