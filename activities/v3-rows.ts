// Writing v3: set-based statements over the rows of one target. Rows travel as one JSON parameter, and
// json_populate_recordset gives each value to the input function of its column's own type.
import type { ClientBase } from 'pg';
import { v3Tables } from '../pipelines/catalog/v3.ts';
import type { Target } from '../pipelines/definition.ts';
import { keyValues } from '../model/change-event.ts';
import { copyLines, copyText } from './copy-rows.ts';
import { quote, quoteTable } from './identifiers.ts';
import { hasColumns } from './owned-rows.ts';
import type { OwnedRow, V3Row } from './owned-rows.ts';
import { query } from './statement.ts';

/** From here on COPY beats a JSON parameter, whose cost per row is higher and per statement lower. */
const COPY_FROM_ROWS = 64;

/** Inserts rows whose text has been made. @throws pg's DatabaseError: a value that does not fit, a constraint, a row that is there already */
export async function insertOwned(client: ClientBase, target: Target, owned: readonly OwnedRow[]): Promise<void> {
  const layout = owned[0]?.layout ?? null;
  const lines = layout === null ? [] : owned.flatMap((each) => (each.layout === layout ? each.lines : []));
  if (layout === null || lines.length < COPY_FROM_ROWS)
    return insertRows(
      client,
      target,
      owned.flatMap((each) => each.rows),
    );
  await copyLines(client, { table: quoteTable(target.table), columns: layout.columns, lines });
  const others = owned.filter((each) => each.layout !== layout);
  if (others.length > 0) await insertOwned(client, target, others);
}

/** @throws as insertOwned */
export async function insertRows(client: ClientBase, target: Target, rows: readonly V3Row[]): Promise<void> {
  for (const { columns, group } of byColumns(rows)) {
    if (group.length >= COPY_FROM_ROWS) {
      await copyLines(client, { table: quoteTable(target.table), columns, lines: group.map(copyText) });
      continue;
    }
    const list = columns.map(quote).join(', ');
    await client.query(
      `INSERT INTO ${quoteTable(target.table)} (${list}) SELECT ${list} FROM json_populate_recordset(NULL::${quoteTable(target.table)}, $1)`,
      [JSON.stringify(group)],
    );
  }
}

/**
 * Updates rows that we own. A row that somebody removed from v3 is put back, since it follows from landing.
 * Returns how many rows were put back.
 */
export async function updateRows(client: ClientBase, target: Target, rows: readonly V3Row[]): Promise<number> {
  let restored = 0;
  for (const { columns, group } of byColumns(rows)) {
    const values = columns.filter((column) => !target.key.includes(column));
    if (values.length === 0) continue;
    const table = quoteTable(target.table);
    const same = target.key.map((column) => `t.${quote(column)} = x.${quote(column)}`).join(' AND ');
    const result = await client.query<V3Row>(
      `UPDATE ${table} t SET ${values.map((column) => `${quote(column)} = x.${quote(column)}`).join(', ')}
       FROM json_populate_recordset(NULL::${table}, $1) x WHERE ${same}`,
      [JSON.stringify(group)],
    );
    if (result.rowCount === group.length) continue;
    const list = columns.map((column) => `x.${quote(column)}`).join(', ');
    const missing = await client.query(
      `INSERT INTO ${table} (${columns.map(quote).join(', ')})
       SELECT ${list} FROM json_populate_recordset(NULL::${table}, $1) x WHERE NOT EXISTS (SELECT FROM ${table} t WHERE ${same})`,
      [JSON.stringify(group)],
    );
    restored += missing.rowCount ?? 0;
  }
  return restored;
}

/**
 * Takes rows that are about to be updated out of the way of each other: a unique text becomes one that nobody has, and a
 * flag on which a partial unique index depends is turned round. Readers never see it: the update follows in the same
 * transaction.
 */
export async function vacate(
  client: ClientBase,
  input: {
    readonly target: Target;
    readonly texts: readonly string[];
    readonly flags: readonly { readonly column: string; readonly outside: boolean }[];
    readonly rows: readonly V3Row[];
  },
): Promise<void> {
  const { target, texts, flags, rows } = input;
  const set = [
    ...texts.map((column) => `${quote(column)} = gen_random_uuid()::text`),
    ...flags.map(({ column, outside }) => `${quote(column)} = ${outside}`),
  ];
  if (set.length === 0) return;
  const table = quoteTable(target.table);
  const same = target.key.map((column) => `t.${quote(column)} = x.${quote(column)}`).join(' AND ');
  await client.query(
    `UPDATE ${table} t SET ${set.join(', ')} FROM json_populate_recordset(NULL::${table}, $1) x WHERE ${same}`,
    [JSON.stringify(rows)],
  );
}

/** Deletes rows by their ledger keys. A row that is gone already is no fault. */
export async function deleteRows(client: ClientBase, target: Target, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const table = quoteTable(target.table);
  const rows = keys.map((key) => {
    const values = keyValues(key, target.key.length);
    return Object.fromEntries(target.key.map((column, index) => [column, values[index] ?? null]));
  });
  const same = target.key.map((column) => `t.${quote(column)} = x.${quote(column)}`).join(' AND ');
  await client.query(`DELETE FROM ${table} t USING json_populate_recordset(NULL::${table}, $1) x WHERE ${same}`, [
    JSON.stringify(rows),
  ]);
}

/** Replaces whole bags: all rows of a key go, the new ones come. */
export async function replaceBags(client: ClientBase, target: Target, bags: readonly OwnedRow[]): Promise<void> {
  await deleteRows(
    client,
    target,
    bags.map((bag) => bag.key),
  );
  await insertOwned(client, target, bags);
}

/** Which of the keys stand in a v3 table. */
export async function existingKeys(
  client: ClientBase,
  input: { readonly table: string; readonly columns: readonly string[]; readonly keys: readonly string[] },
): Promise<ReadonlySet<string>> {
  if (input.keys.length === 0) return new Set();
  const { table, columns } = input;
  const keys = input.keys.map((key) => keyValues(key, columns.length));
  const types: Readonly<Record<string, string>> = v3Tables[table as keyof typeof v3Tables].columns;
  // The key's own index serves: the asked-for text is cast to the column's type, not the column to text. Without a length: a cast
  // would cut to it what is longer.
  const lists = columns.map((column, at) => `$${at + 1}::${(types[column] ?? 'text').replace(/\(.*\)/, '')}[]`);
  const same = columns.map((column, at) => `t.${quote(column)} = k.c${at}`).join(' AND ');
  const { rows } = await query<{ at: string }>(
    client,
    `SELECT k.at FROM unnest(${lists.join(', ')}) WITH ORDINALITY AS k (${columns.map((_, at) => `c${at}`).join(', ')}, at)
     WHERE EXISTS (SELECT FROM ${quoteTable(table)} t WHERE ${same})`,
    columns.map((_, at) => keys.map((values) => values[at] ?? null)),
  );
  return new Set(rows.map(({ at }) => input.keys[Number(at) - 1] as string));
}

/** Rows in groups of equal columns: one statement each. A target's rows carry the same columns, so as a rule it is one. */
function byColumns(
  rows: readonly V3Row[],
): readonly { readonly columns: readonly string[]; readonly group: readonly V3Row[] }[] {
  const groups: { readonly columns: readonly string[]; readonly group: V3Row[] }[] = [];
  let last: (typeof groups)[number] | undefined;
  for (const row of rows) {
    if (last === undefined || !hasColumns(row, last.columns)) {
      last = groups.find(({ columns }) => hasColumns(row, columns));
      if (last === undefined) {
        last = { columns: Object.keys(row), group: [] };
        groups.push(last);
      }
    }
    last.group.push(row);
  }
  return groups;
}
