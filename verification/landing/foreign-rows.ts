// Rows in our tables of v3 that the ledger does not own: v3's own, which are right, or extra ones, which nobody can have made
// rightly. They are told apart one by one only when the sums over the keys of ledger and v3 have drifted apart.
import type { ClientBase } from 'pg';
import { quoteTable } from '../../activities/identifiers.ts';
import type { Plan } from '../../activities/plan.ts';
import v3OwnedRows from '../../pipelines/catalog/v3-owned-rows.json' with { type: 'json' };
import type { Pipeline, Target } from '../../pipelines/definition.ts';
import type { RowDifference } from './compare-roots.ts';
import { ledgerKeyOf, readMarks, readOwned } from './range-figures.ts';
import type { RecordedRange } from './ranges.ts';

/** How many rows of a table are not ours, and the sum of the hashes of their keys. */
interface Foreign {
  readonly rows: bigint;
  readonly keys: bigint;
}

export interface ForeignReport {
  readonly differences: readonly RowDifference[];
  /** Tables of which rows were looked at one by one. */
  readonly searched: number;
  /** Rows that v3 has of its own. */
  readonly ownRows: number;
}

/** In one snapshot, after the ranges were looked at. */
export async function findExtraRows(client: ClientBase, { plan }: { readonly plan: Plan }): Promise<ForeignReport> {
  const { pipeline } = plan;
  const owned = await sumOwned(client, pipeline);
  if (owned === null) return { differences: [], searched: 0, ownRows: 0 };
  const known = await readKnown(client, pipeline.name);
  const differences: RowDifference[] = [];
  let searched = 0;
  let ownRows = 0n;
  for (const [name, target] of Object.entries(pipeline.owns)) {
    const inV3 = await sumV3(client, target);
    const ours = owned.get(name) ?? { rows: 0n, keys: 0n };
    const foreign = { rows: inV3.rows - ours.rows, keys: inV3.keys - ours.keys };
    const before = known.get(name) ?? { rows: 0n, keys: 0n };
    if (foreign.rows === before.rows && foreign.keys === before.keys) {
      ownRows += foreign.rows;
      continue;
    }
    searched += 1;
    const { extra, own } = await search(client, { pipeline, name, target });
    differences.push(...extra);
    ownRows += BigInt(own);
    // While a row is missing or too much the sums mean nothing: they are made again next time.
    if (extra.length === 0 && BigInt(own) === foreign.rows) await keep(client, { pipeline, name, foreign });
  }
  return { differences, searched, ownRows: Number(ownRows) };
}

/** Over all ranges; of those that were written since they were looked at, anew. Null while some were never looked at. */
async function sumOwned(client: ClientBase, pipeline: Pipeline): Promise<ReadonlyMap<string, Foreign> | null> {
  const { rows: ranges } = await client.query<Pick<RecordedRange, 'above' | 'upto' | 'mark' | 'figures'>>(
    'SELECT above, upto, mark, figures FROM cdc.verified_ranges WHERE pipeline = $1',
    [pipeline.name],
  );
  if (ranges.some(({ mark }) => mark === '')) return null;
  const marks = await readMarks(client, pipeline.name);
  const sums = new Map<string, Foreign>();
  for (const range of ranges) {
    const isMoved = marks.get(range.above) !== range.mark;
    const figures = isMoved
      ? await readOwned(client, { pipeline, range })
      : Object.entries(range.figures).map(([target, each]) => ({ target, ...each }));
    for (const { target, owned, keys } of figures) {
      const sum = sums.get(target) ?? { rows: 0n, keys: 0n };
      sums.set(target, { rows: sum.rows + BigInt(owned), keys: sum.keys + BigInt(keys) });
    }
  }
  return sums;
}

async function sumV3(client: ClientBase, target: Target): Promise<Foreign> {
  const key = `${ledgerKeyOf(target)} AS key`;
  const { rows } = await client.query<{ rows: string; keys: string }>(
    `SELECT count(*) AS rows, coalesce(sum(hashtextextended(key, 0)), 0)::text AS keys
     FROM (SELECT ${target.bag ? 'DISTINCT ' : ''}${key} FROM ${quoteTable(target.table)} t) keys`,
  );
  return { rows: BigInt(rows[0]?.rows ?? 0), keys: BigInt(rows[0]?.keys ?? 0) };
}

async function readKnown(client: ClientBase, pipeline: string): Promise<ReadonlyMap<string, Foreign>> {
  const { rows } = await client.query<{ target: string; rows: string; keys: string }>(
    'SELECT target, rows, keys::text FROM cdc.foreign_rows WHERE pipeline = $1',
    [pipeline],
  );
  return new Map(rows.map((row) => [row.target, { rows: BigInt(row.rows), keys: BigInt(row.keys) }]));
}

async function keep(
  client: ClientBase,
  { pipeline, name, foreign }: { readonly pipeline: Pipeline; readonly name: string; readonly foreign: Foreign },
): Promise<void> {
  await client.query(
    `INSERT INTO cdc.foreign_rows (pipeline, target, rows, keys) VALUES ($1, $2, $3, $4)
     ON CONFLICT (pipeline, target) DO UPDATE SET rows = excluded.rows, keys = excluded.keys`,
    [pipeline.name, name, foreign.rows.toString(), foreign.keys.toString()],
  );
}

interface Unowned {
  readonly key: string;
  /** As the table's own names have it. */
  readonly row: Readonly<Record<string, unknown>>;
}

/** Unowned rows that are looked at in one go; a table that holds more of them is mostly v3's own. */
const MOST_SEARCHED = 200_000;

async function search(
  client: ClientBase,
  { pipeline, name, target }: { readonly pipeline: Pipeline; readonly name: string; readonly target: Target },
): Promise<{ readonly extra: readonly RowDifference[]; readonly own: number }> {
  const key = ledgerKeyOf(target);
  const { rows } = await client.query<Unowned>(
    `WITH owned AS MATERIALIZED (
       SELECT DISTINCT k.key FROM cdc.ledger l, jsonb_each(l.owned) piece, jsonb_object_keys(piece.value -> $2) AS k (key)
       WHERE l.pipeline = $1)
     SELECT ${target.bag ? `DISTINCT ON (${key}) ` : ''}${key} AS key, to_jsonb(t) AS row FROM ${quoteTable(target.table)} t
     WHERE NOT EXISTS (SELECT FROM owned o WHERE o.key = ${key}) LIMIT ${MOST_SEARCHED}`,
    [pipeline.name, name],
  );
  const brought = new Set(
    ((v3OwnedRows as Readonly<Record<string, readonly object[]>>)[target.table] ?? []).map((row) =>
      identity(target, row as Readonly<Record<string, unknown>>),
    ),
  );
  const { rows: tied } = await client.query<{ id: string }>(
    'SELECT v3_id::text AS id FROM cdc.crosswalk WHERE v3_table = $1',
    [target.table],
  );
  const adopted = new Set(tied.map(({ id }) => id));
  const unowned = rows.filter(({ key, row }) => !adopted.has(key) && !brought.has(identity(target, row)));
  const owners = await findOwners(client, { pipeline, target, rows: unowned });
  const extra = unowned.flatMap(({ key, row }): RowDifference[] => {
    const root = valuesOf(row).flatMap((value) => owners.get(value) ?? [])[0];
    if (root === undefined && !isOurId(target, row)) return [];
    return [
      {
        kind: 'extra',
        target: name,
        table: target.table,
        key,
        root: root ?? `extra ${key}`,
        columns: [],
        cause: 'unowned',
      },
    ];
  });
  return { extra, own: rows.length - extra.length };
}

function identity(target: Target, row: Readonly<Record<string, unknown>>): string {
  return target.key.map((column) => String(row[column])).join(' ');
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function valuesOf(row: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.values(row).filter((value) => typeof value === 'string' && UUID.test(value)) as string[];
}

/** Our ids are of version 5, by which nobody else makes any: v3 takes random ones. */
function isOurId(target: Target, row: Readonly<Record<string, unknown>>): boolean {
  const { id } = row;
  return target.key.includes('id') && typeof id === 'string' && UUID.test(id) && id.charAt(14) === '5';
}

/**
 * The root of which a row is a child: it refers, by whatever column, to a row that this pipeline owns in another of its
 * tables. Not in its own: v3 may hang a zone of its own below one of ours.
 */
async function findOwners(
  client: ClientBase,
  {
    pipeline,
    target,
    rows,
  }: { readonly pipeline: Pipeline; readonly target: Target; readonly rows: readonly Unowned[] },
): Promise<ReadonlyMap<string, string>> {
  const values = [...new Set(rows.flatMap(({ row }) => valuesOf(row)))];
  const owners = new Map<string, string>();
  const others = Object.entries(pipeline.owns).filter(([, { table }]) => table !== target.table);
  if (values.length === 0 || others.length === 0) return owners;
  const { rows: found } = await client.query<{ root: string; id: string }>(
    `SELECT root, id FROM (
       SELECT l.root, CASE WHEN k.key LIKE '[%' THEN k.key::jsonb ->> 0 ELSE k.key END AS id
       FROM cdc.ledger l, jsonb_each(l.owned) piece, jsonb_each(piece.value) rows, jsonb_object_keys(rows.value) AS k (key)
       WHERE l.pipeline = $1 AND rows.key = ANY($2)) keys
     WHERE id = ANY($3)`,
    [pipeline.name, others.map(([name]) => name), values],
  );
  for (const { root, id } of found) owners.set(id, root);
  return owners;
}
