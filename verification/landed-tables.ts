// v2's tables as landing holds them, under v2's own names and types, so that SQL that was written for v2 runs in v3's database.
// How a value stands in landing is known here and nowhere else in the verification.
import type { ClientBase } from 'pg';
import { INFINITE_DAYS, INFINITE_MICROS } from '../activities/column-types.ts';
import { landingTable, quote } from '../activities/identifiers.ts';
import type { TableCatalog } from '../pipelines/catalog/types.ts';
import { v2Tables } from '../pipelines/catalog/v2.ts';
import { tablesOf } from '../pipelines/definition.ts';
import type { Pipeline, V2Table } from '../pipelines/definition.ts';

/**
 * Makes a temporary view of each v2 table that some pipeline lands, to be given up with the transaction. A table that several
 * pipelines land is taken from the one of which it is the root: no other is as new.
 */
export async function createLandedTables(client: ClientBase, pipelines: readonly Pipeline[]): Promise<void> {
  const views = [...holders(pipelines)].map(([table, pipeline]) => {
    const name = table.startsWith('public.') ? table.slice('public.'.length) : table.replaceAll('.', '_');
    return `CREATE TEMP VIEW ${quote(name)} AS ${landedRows(pipeline, table)}`;
  });
  await client.query(views.join(';\n'));
}

function holders(pipelines: readonly Pipeline[]): ReadonlyMap<V2Table, string> {
  const found = new Map<V2Table, string>();
  for (const pipeline of pipelines) {
    for (const table of tablesOf(pipeline)) {
      if (!found.has(table) || pipeline.root.table === table) found.set(table, pipeline.name);
    }
  }
  return found;
}

/** The living rows of a landed table, with the columns that the catalog knows, in v2's types. */
function landedRows(pipeline: string, table: V2Table): string {
  const { columns }: TableCatalog = v2Tables[table];
  const list = Object.entries(columns).map(
    ([column, type]) => `${valueOf(`t.${quote(column)}`, type)} AS ${quote(column)}`,
  );
  return `SELECT ${list.join(', ')} FROM ${landingTable(pipeline, table)} t WHERE t._live > 0`;
}

/** What typedValue of activities/column-types.ts is for a mapping, in SQL: what Debezium wrote -> v2's value. */
function valueOf(text: string, type: string): string {
  if (type === 'date')
    return counted(text, 'date', { infinite: INFINITE_DAYS, counted: `date '1970-01-01' + ${text}::int` });
  if (type.startsWith('timestamp without time zone'))
    return counted(text, 'timestamp', {
      infinite: INFINITE_MICROS,
      counted: `timestamp '1970-01-01' + ${text}::bigint * interval '1 microsecond'`,
    });
  if (type.startsWith('numeric'))
    return `(CASE ${text} WHEN 'NAN' THEN 'NaN' WHEN 'POSITIVE_INFINITY' THEN 'Infinity' WHEN 'NEGATIVE_INFINITY' THEN '-Infinity' ELSE ${text} END)::numeric`;
  if (type === 'bytea') return `(CASE WHEN ${text} LIKE '\\\\x%' THEN ${text} ELSE '\\x' || ${text} END)::bytea`;
  // A cast to a type with a length would cut the value.
  return type.startsWith('character') ? text : `${text}::${type.replace(/\(.*?\)/, '')}`;
}

/** A number counts from 1970, some numbers stand for the infinite, and what is no number is PostgreSQL's own text. */
function counted(
  text: string,
  type: 'date' | 'timestamp',
  ways: { readonly infinite: Readonly<Record<string, string>>; readonly counted: string },
): string {
  const infinite = Object.entries(ways.infinite).map(
    ([number, word]) => `WHEN ${text} = '${number}' THEN '${word}'::${type}`,
  );
  return `CASE ${infinite.join(' ')} WHEN ${text} ~ '^-?[0-9]+$' THEN ${ways.counted} ELSE ${text}::${type} END`;
}
