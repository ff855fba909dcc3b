// v3's own row and ours are one thing by a value that v3 holds unique, or by the natural key: v3's release brought its row
// after ours, or v2 gave ours the value later. Neither yields by itself: an operator says which.
import type { ClientBase } from 'pg';
import { v3Tables } from '../pipelines/catalog/v3.ts';
import type { Unique } from '../pipelines/catalog/types.ts';
import type { Pipeline, Target, V3Table } from '../pipelines/definition.ts';
import { textOf } from '../model/change-event.ts';
import { MkondoError } from '../model/errors.ts';
import { quote, quoteTable } from './identifiers.ts';
import { rowsOf } from './owned-rows.ts';
import type { Derived, V3Row } from './owned-rows.ts';

/** A unique constraint that refused a row. */
export interface Refusal {
  readonly table?: string;
  readonly constraint?: string;
}

/**
 * The conflict behind a refusal; undefined when another row of ours holds the value: that one may let go, a row of v3's
 * does not. Only a table of rows with one id is looked at.
 */
export async function conflictBehind(
  client: ClientBase,
  { pipeline, derived, refusal }: { readonly pipeline: Pipeline; readonly derived: Derived; readonly refusal: Refusal },
): Promise<MkondoError | undefined> {
  for (const [name, target] of Object.entries(pipeline.owns)) {
    if (target.table.split('.')[1] !== refusal.table || target.key.join() !== 'id') continue;
    const uniques: readonly Unique[] = v3Tables[target.table].uniques;
    const unique = uniques.find((each) => each.name === refusal.constraint);
    if (unique === undefined) continue;
    const ours = rowsOf(derived, name).flatMap((owned) => owned.rows);
    const { rows } = await client.query<{ ours: V3Row; theirs: V3Row }>(holdersOf(target, unique), [
      JSON.stringify(ours),
      pipeline.name,
      name,
    ]);
    const [found] = rows;
    if (found !== undefined) return rowConflict({ pipeline, target, root: derived.root, ...found });
  }
  return undefined;
}

/** Rows of v3's own that hold a unique value of the given rows, each beside the row that wants it. */
function holdersOf(target: Target, unique: Unique): string {
  const table = quoteTable(target.table);
  // Columns apart, so that the constraint's own index serves; an expression, which may be several, as one value.
  const values = 'columns' in unique ? unique.columns.map(quote) : [`ROW(${unique.expression})::text`];
  const rows = (from: string): string =>
    `SELECT id, to_jsonb(t) AS row, ${values.map((value, index) => `${value} AS value${index}`).join(', ')}
     FROM ${from} t WHERE ${unique.where ?? 'true'}`;
  return `SELECT ours.row AS ours, theirs.row AS theirs
    FROM (${rows(`json_populate_recordset(NULL::${table}, $1)`)}) ours
    JOIN (${rows(table)}) theirs ON theirs.id <> ours.id AND ${values.map((_, index) => `theirs.value${index} = ours.value${index}`).join(' AND ')}
    WHERE NOT EXISTS (
      SELECT FROM cdc.ledger l, jsonb_each(l.owned) piece WHERE l.pipeline = $2 AND (piece.value -> $3) ? theirs.id::text)
    LIMIT 1`;
}

export function rowConflict(input: {
  readonly pipeline: Pipeline;
  readonly target: Pick<Target, 'table' | 'adoptable'>;
  readonly root: string;
  readonly ours: V3Row;
  readonly theirs: V3Row;
}): MkondoError {
  const { pipeline, target, root, ours, theirs } = input;
  const adopt = target.adoptable
    ? `If they mean the same, have v3's row adopted: PUT /adoptions/${pipeline.name}/${encodeURIComponent(root)} with {"v3Id": "${textOf(theirs['id']) ?? ''}", "reason": "..."}; what points at ours then points at v3's, and ours goes. If they do not, `
    : 'If v3 does not need its row, remove it there; else ';
  return new MkondoError(
    'V3_ROW_CONFLICT',
    `${pipeline.name} ${root} was not written: ${target.table} holds a row of v3's own for the same thing. v3's: ${shown(target.table, theirs)}; ours: ${shown(target.table, ours)}.`,
    {
      advice: `${adopt}correct the value in v2 (the root follows by itself), or in v3, and then retry the quarantined root.`,
    },
  );
}

const MOST_VALUES = 8;
const MOST_CHARACTERS = 60;

/** The id, what is unique, and a few values more: enough to know the row again. */
function shown(table: V3Table, row: V3Row): string {
  const uniques: readonly Unique[] = v3Tables[table].uniques;
  const isUnique = (column: string): boolean =>
    uniques.some((unique) =>
      'columns' in unique ? unique.columns.includes(column) : new RegExp(`\\b${column}\\b`).test(unique.expression),
    );
  const rank = (column: string): number => (column === 'id' ? 0 : isUnique(column) ? 1 : 2);
  const values = Object.entries(row)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([column, value]) => [column, typeof value === 'string' ? value.slice(0, MOST_CHARACTERS) : value] as const)
    .toSorted(([left], [right]) => rank(left) - rank(right))
    .slice(0, MOST_VALUES);
  return JSON.stringify(Object.fromEntries(values));
}
