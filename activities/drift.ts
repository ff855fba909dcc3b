// Drift: where the schemas of v2 and v3 are not as the pipelines expect them. v2's is seen in the events, v3's in its catalog;
// what differs stands in cdc.drift, since when, until it differs no more. What hinders nobody is noted as well: a new column may
// be the first sign of a release.
import type { ClientBase, Pool } from 'pg';
import type { EventValue, Image } from '../model/change-event.ts';
import type { TableCatalog } from '../pipelines/catalog/types.ts';
import { v2Tables } from '../pipelines/catalog/v2.ts';
import { v3Tables } from '../pipelines/catalog/v3.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { Decoded } from './decode-chunk.ts';
import type { Plan, PlannedTable } from './plan.ts';
import { inTransaction } from './transaction.ts';

/**
 * `new`: a column that the mapping does not know: it lands (v2), or is left to its default (v3). `missing`: a column or table that
 * the mapping needs is not there. `type`: it holds values of another type. `required`: a new column of v3 that must be filled, and
 * that the mapping does not fill.
 */
export const driftKinds = ['new', 'missing', 'type', 'required'] as const;

export type DriftSide = 'v2' | 'v3';

export interface Drift {
  readonly relation: string;
  /** Empty: the whole table. */
  readonly column: string;
  readonly kind: (typeof driftKinds)[number];
  readonly expected: string;
  readonly seen: string;
}

/** For people: "v3 referencedata.programs.code: missing (text expected)". */
export function driftText({ relation, column, kind, expected, seen }: Drift, side: DriftSide): string {
  const what = {
    new: `new (${seen})`,
    missing: `missing${expected === '' ? '' : ` (${expected} expected)`}`,
    type: `${seen} where ${expected} is expected`,
    required: `new (${seen}), and must be filled`,
  }[kind];
  return `${side} ${relation}${column === '' ? '' : `.${column}`}: ${what}`;
}

/** How the newest row of a v2 table differs from what the pipeline expects of it. `before`: what was known; NULL says nothing of types. */
export function driftOfRow(
  { source, watched }: Pick<PlannedTable, 'source' | 'watched'>,
  { image, holes }: { readonly image: Image; readonly holes: readonly string[] },
  before: readonly Drift[],
): readonly Drift[] {
  const catalog: TableCatalog | undefined = v2Tables[source as keyof typeof v2Tables];
  if (catalog === undefined) return [];
  const { columns } = catalog;
  const found: Drift[] = [];
  for (const column of Object.keys(image))
    if (!(column in columns))
      found.push({ relation: source, column, kind: 'new', expected: '', seen: kindOf(image[column]) });
  for (const column of watched) {
    const expected = columns[column] ?? '';
    const value = image[column];
    if (!(column in image) && !holes.includes(column))
      found.push({ relation: source, column, kind: 'missing', expected, seen: '' });
    else if (value === null || value === undefined || holes.includes(column))
      found.push(...before.filter((each) => each.kind === 'type' && each.column === column));
    else if (!fits(expected, value))
      found.push({ relation: source, column, kind: 'type', expected, seen: kindOf(value) });
  }
  // The kind of a new column's value is told once.
  return found.map((each) => before.find((known) => known.kind === 'new' && isSame(known, each)) ?? each);
}

function isSame(a: Drift, b: Drift): boolean {
  return a.relation === b.relation && a.column === b.column && a.kind === b.kind;
}

function kindOf(value: EventValue | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'object' ? 'structure' : typeof value;
}

/** Whether a value may stand in a v2 column of that type, as Debezium writes it with our settings. */
function fits(type: string, value: EventValue): boolean {
  if (/^(integer|smallint|bigint|date)$/.test(type) || type.startsWith('timestamp without'))
    return typeof value === 'number' || /^-?\d+$/.test(asText(value));
  if (/^(double precision|real|numeric)/.test(type))
    return (
      typeof value === 'number' ||
      /^(-?[\d.]+(e[+-]?\d+)?|nan|-?infinity|(positive|negative)_infinity)$/i.test(asText(value))
    );
  if (type === 'boolean') return typeof value === 'boolean';
  if (/^(character|text|timestamp with time)/.test(type)) return typeof value === 'string';
  return true;
}

function asText(value: EventValue): string {
  return typeof value === 'string' ? value : '';
}

export interface DriftWatch {
  /** Looks at the newest row of each table that a chunk brought; writes only where something is otherwise than before. */
  readonly see: (decoded: Pick<Decoded, 'tables'>) => Promise<void>;
}

export function createDriftWatch(pool: Pool, plan: Plan): DriftWatch {
  const pipeline = plan.pipeline.name;
  let known: Map<string, readonly Drift[]> | null = null;
  return {
    async see({ tables }) {
      known ??= await readKnown(pool, pipeline);
      for (const [source, events] of tables) {
        const table = plan.tables.get(source);
        const last = events.findLast((event) => event.kind === 'row' && event.image !== null);
        if (table === undefined || last?.kind !== 'row' || last.image === null) continue;
        const before = known.get(source) ?? [];
        const found = driftOfRow(table, { image: last.image, holes: last.holes }, before);
        if (equal(found, before)) continue;
        await inTransaction(pool, (client) =>
          keep(client, { side: 'v2', relations: [source], found: new Map([[pipeline, found]]) }),
        );
        known.set(source, found);
      }
    },
  };
}

function equal(a: readonly Drift[], b: readonly Drift[]): boolean {
  return a.length === b.length && a.every((each) => b.some((other) => isSame(each, other) && each.seen === other.seen));
}

async function readKnown(pool: Pool, pipeline: string): Promise<Map<string, readonly Drift[]>> {
  const { rows } = await pool.query<Drift>(
    `SELECT relation, column_name AS "column", kind, expected, seen FROM cdc.drift WHERE pipeline = $1 AND side = 'v2'`,
    [pipeline],
  );
  const known = new Map<string, readonly Drift[]>();
  for (const row of rows) known.set(row.relation, [...(known.get(row.relation) ?? []), row]);
  return known;
}

/** One column of v3's catalog. */
interface FoundColumn {
  readonly relation: string;
  readonly column: string;
  readonly type: string;
  /** NOT NULL, without a default. */
  readonly required: boolean;
}

/** How v3's tables differ from what a pipeline expects of those that it writes. */
export function driftOfV3(pipeline: Pick<Pipeline, 'owns'>, columns: readonly FoundColumn[]): readonly Drift[] {
  const found: Drift[] = [];
  for (const { table: relation } of Object.values(pipeline.owns)) {
    const expected = v3Tables[relation].columns;
    const there = new Map(columns.filter((each) => each.relation === relation).map((each) => [each.column, each]));
    if (there.size === 0) {
      found.push({ relation, column: '', kind: 'missing', expected: 'table', seen: '' });
      continue;
    }
    for (const [column, type] of Object.entries(expected)) {
      const seen = there.get(column)?.type;
      if (seen === undefined) found.push({ relation, column, kind: 'missing', expected: type, seen: '' });
      else if (seen !== type) found.push({ relation, column, kind: 'type', expected: type, seen });
    }
    for (const { column, type, required } of there.values())
      if (!(column in expected))
        found.push({ relation, column, kind: required ? 'required' : 'new', expected: '', seen: type });
  }
  return found;
}

/** Looks at v3's catalog, and notes for each pipeline what differs. Safe to repeat, and by several workers. */
export async function lookAtV3(pool: Pool, pipelines: readonly Pipeline[]): Promise<void> {
  const relations = [...new Set(pipelines.flatMap(({ owns }) => Object.values(owns).map(({ table }) => table)))];
  await inTransaction(pool, async (client) => {
    const { rows } = await client.query<FoundColumn>(
      `SELECT wanted.name AS relation, a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type,
              a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required
       FROM unnest($1::text[]) AS wanted (name)
       JOIN pg_attribute a ON a.attrelid = to_regclass(format('%I.%I', split_part(wanted.name, '.', 1), split_part(wanted.name, '.', 2)))
       WHERE a.attnum > 0 AND NOT a.attisdropped`,
      [relations],
    );
    const found = new Map(pipelines.map((pipeline) => [pipeline.name, driftOfV3(pipeline, rows)]));
    await keep(client, { side: 'v3', relations: null, found });
  });
}

/** What stands there afterwards is what was found; what stood there before keeps its time. */
async function keep(
  client: ClientBase,
  input: {
    readonly side: DriftSide;
    /** Null: all of the pipelines'. */
    readonly relations: readonly string[] | null;
    /** By pipeline. */
    readonly found: ReadonlyMap<string, readonly Drift[]>;
  },
): Promise<void> {
  const { side, relations, found } = input;
  const rows = JSON.stringify(
    [...found].flatMap(([pipeline, drifts]) => drifts.map((each) => ({ pipeline, ...each }))),
  );
  await client.query(
    `DELETE FROM cdc.drift d WHERE pipeline = ANY($1) AND side = $2 AND ($3::text[] IS NULL OR relation = ANY($3))
       AND NOT EXISTS (SELECT FROM json_to_recordset($4) AS x (pipeline text, relation text, "column" text, kind text)
                       WHERE x.pipeline = d.pipeline AND x.relation = d.relation AND x."column" = d.column_name AND x.kind = d.kind)`,
    [[...found.keys()], side, relations, rows],
  );
  // A pipeline that no worker has seen yet has no row.
  await client.query(
    `INSERT INTO cdc.drift AS d (pipeline, side, relation, column_name, kind, expected, seen)
     SELECT p.name, $1, x.relation, x."column", x.kind, x.expected, x.seen
     FROM json_to_recordset($2) AS x (pipeline text, relation text, "column" text, kind text, expected text, seen text)
     JOIN cdc.pipelines p ON p.name = x.pipeline
     ON CONFLICT (pipeline, side, relation, column_name, kind) DO UPDATE SET expected = excluded.expected, seen = excluded.seen
     WHERE (d.expected, d.seen) <> (excluded.expected, excluded.seen)`,
    [side, rows],
  );
}
