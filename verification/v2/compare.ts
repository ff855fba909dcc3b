// Expected rows against the rows that v3 holds: what is missing, what is too much, which column differs.
import type { ClientBase } from 'pg';
import { adoptableTarget } from '../../activities/adoption.ts';
import { quote, quoteTable } from '../../activities/identifiers.ts';
import v3OwnedRows from '../../pipelines/catalog/v3-owned-rows.json' with { type: 'json' };
import { v3Tables } from '../../pipelines/catalog/v3.ts';
import type { Pipeline, Target } from '../../pipelines/definition.ts';
import type { ExpectedTarget } from './expected-rows.ts';

export interface ColumnDifference {
  readonly column: string;
  readonly expected: string | null;
  readonly actual: string | null;
}

export interface Difference {
  readonly table: string;
  /** `unlike`: v3's own row, to which a v2 row was tied, no longer carries the value that ties them. */
  readonly kind: 'missing' | 'extra' | 'different' | 'unlike';
  /** Column -> value of the v3 row's key. */
  readonly key: Readonly<Record<string, string | null>>;
  /** The v2 row that it follows from; null for a row that follows from none. */
  readonly root: string | null;
  readonly columns: readonly ColumnDifference[];
}

export interface TableComparison {
  readonly table: string;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  readonly samples: readonly Difference[];
}

interface Counted {
  readonly total: string;
  readonly key: Readonly<Record<string, string | null>>;
  readonly root: string | null;
  readonly columns: readonly (ColumnDifference | null)[] | null;
}

export interface CompareTask {
  readonly pipeline: Pipeline;
  readonly expected: ExpectedTarget;
  /** Keys of rows that stand rightly although nothing says so today: a quarantined root keeps what it had. */
  readonly excusedKeys: readonly Readonly<Record<string, string | null>>[];
  readonly samples: number;
}

export async function compareTarget(v3: ClientBase, task: CompareTask): Promise<TableComparison> {
  const { target } = task.expected;
  if (target.bag) return compareBags(v3, task);
  const [missing, different, extra] = [
    await findMissing(v3, task),
    await findDifferent(v3, task),
    await findExtra(v3, task),
  ];
  return {
    table: target.table,
    missing: missing.count,
    different: different.count,
    extra: extra.count,
    samples: [...missing.samples, ...different.samples, ...extra.samples],
  };
}

interface Found {
  readonly count: number;
  readonly samples: readonly Difference[];
}

function findMissing(v3: ClientBase, { expected, samples }: CompareTask): Promise<Found> {
  const { target, table } = expected;
  return find(v3, {
    kind: 'missing',
    table: target.table,
    text: `SELECT count(*) OVER () AS total, ${keyObject(target.key, 'e')} AS key, e._root AS root, NULL::json AS columns
           FROM ${table} e LEFT JOIN ${quoteTable(target.table)} a ON ${sameKey(target.key)}
           WHERE a.${quote(target.key[0] as string)} IS NULL LIMIT $1`,
    values: [samples],
  });
}

async function findDifferent(v3: ClientBase, { expected, samples }: CompareTask): Promise<Found> {
  const { target, table, columns } = expected;
  const values = columns.filter((column) => !target.key.includes(column));
  if (values.length === 0) return { count: 0, samples: [] };
  const differs = values.map((column) => ({ column, sql: distinct(target.table, column) }));
  return find(v3, {
    kind: 'different',
    table: target.table,
    text: `SELECT count(*) OVER () AS total, ${keyObject(target.key, 'e')} AS key, e._root AS root,
             json_build_array(${differs
               .map(
                 ({ column, sql }) =>
                   `CASE WHEN ${sql} THEN json_build_object('column', '${column}', 'expected', e.${quote(column)}::text, 'actual', a.${quote(column)}::text) END`,
               )
               .join(', ')}) AS columns
           FROM ${table} e JOIN ${quoteTable(target.table)} a ON ${sameKey(target.key)}
           WHERE ${differs.map(({ sql }) => sql).join(' OR ')} LIMIT $1`,
    values: [samples],
  });
}

/** Rows that nothing in v2 explains, that v3 did not bring itself, and that no v2 row was tied to. */
function findExtra(v3: ClientBase, { pipeline, expected, excusedKeys, samples }: CompareTask): Promise<Found> {
  const { target, table } = expected;
  const tie = tieOf(pipeline, target);
  const own = (v3OwnedRows as Readonly<Record<string, readonly object[]>>)[target.table] ?? [];
  const rows = quoteTable(target.table);
  return find(v3, {
    kind: 'extra',
    table: target.table,
    text: `SELECT count(*) OVER () AS total, ${keyObject(target.key, 'a')} AS key, NULL AS root, NULL::json AS columns
           FROM ${rows} a
           WHERE NOT EXISTS (SELECT FROM ${table} e WHERE ${sameKey(target.key)})
             AND NOT EXISTS (SELECT FROM json_populate_recordset(NULL::${rows}, $2) e WHERE ${sameKey(target.key)})
             AND NOT EXISTS (SELECT FROM cdc.crosswalk c WHERE c.v3_table = $3 AND c.v3_id::text = a.${quote(tie.column)}::text) LIMIT $1`,
    values: [samples, JSON.stringify([...own, ...excusedKeys]), tie.table],
  });
}

/** By which column a row is, or hangs below, one that was adopted: all of it is left to v3. */
function tieOf(pipeline: Pipeline, target: Target): { readonly table: string; readonly column: string } {
  const [, adopted] = adoptableTarget(pipeline) ?? [];
  const below = v3Tables[target.table].foreignKeys.find(({ table }) => (table as string) === adopted?.table);
  const column = target === adopted ? undefined : below?.columns[0];
  return column === undefined || adopted === undefined
    ? { table: target.table, column: target.key[0] as string }
    : { table: adopted.table, column };
}

/** Several rows share a key and have none of their own: the whole bag of each key is compared. */
async function compareBags(v3: ClientBase, { expected, excusedKeys, samples }: CompareTask): Promise<TableComparison> {
  const { target, table } = expected;
  const catalog = v3Tables[target.table].columns as Readonly<Record<string, string>>;
  const columns = expected.columns.length > 0 ? expected.columns : Object.keys(catalog);
  const key = target.key.map(quote).join(', ');
  const bag = (root: string, from: string): string =>
    `SELECT ${key}, ${root} AS root, string_agg(row_text, ' ' ORDER BY row_text) AS bag
     FROM (SELECT t.*, ROW(${columns.map((column) => `t.${quote(column)}`).join(', ')})::text AS row_text FROM ${from} t) r GROUP BY ${key}`;
  const found = await v3.query<{
    kind: Difference['kind'];
    total: string;
    key: Difference['key'];
    root: string | null;
    expected: string | null;
    actual: string | null;
  }>(
    `SELECT kind, count(*) OVER (PARTITION BY kind) AS total, key, root, expected, actual FROM (
       SELECT CASE WHEN e.bag IS NULL THEN 'extra' WHEN a.bag IS NULL THEN 'missing' ELSE 'different' END AS kind,
              CASE WHEN e.bag IS NULL THEN ${keyObject(target.key, 'a')} ELSE ${keyObject(target.key, 'e')} END AS key, e.root, e.bag AS expected, a.bag AS actual
       FROM (${bag('min(r._root)', table)}) e
       FULL JOIN (${bag('NULL', quoteTable(target.table))}) a ON ${sameKey(target.key)}
       WHERE e.bag IS DISTINCT FROM a.bag
         AND NOT (e.bag IS NULL AND EXISTS (SELECT FROM json_populate_recordset(NULL::${quoteTable(target.table)}, $1) x WHERE ${sameKey(target.key, 'x')}))) d`,
    [JSON.stringify(excusedKeys)],
  );
  const count = (kind: Difference['kind']): number => Number(found.rows.find((row) => row.kind === kind)?.total ?? 0);
  return {
    table: target.table,
    missing: count('missing'),
    different: count('different'),
    extra: count('extra'),
    samples: found.rows.slice(0, samples).map((row) => ({
      table: target.table,
      kind: row.kind,
      key: row.key,
      root: row.root,
      columns: row.kind === 'different' ? [{ column: '(all rows)', expected: row.expected, actual: row.actual }] : [],
    })),
  };
}

/**
 * Ties to v3's own rows: the row must be there, and one that was found by its key must carry the value by which it was
 * found. `values`: the roots that live, with that value.
 */
export async function compareAdopted(
  v3: ClientBase,
  { pipeline, values }: { readonly pipeline: Pipeline; readonly values: ReadonlyMap<string, string> },
): Promise<readonly Difference[]> {
  const found = adoptableTarget(pipeline);
  if (found === undefined) return [];
  const [, { table, adopt, key }] = found;
  const column = adopt ?? (key[0] as string);
  const { rows } = await v3.query<{ root: string; id: string; source: string; value: string | null }>(
    `SELECT c.root, c.v3_id::text AS id, c.source, a.${quote(column)}::text AS value FROM cdc.crosswalk c
     LEFT JOIN ${quoteTable(table)} a ON a.id = c.v3_id WHERE c.pipeline = $1 AND c.v3_table = $2`,
    [pipeline.name, table],
  );
  const differences: Difference[] = [];
  for (const { root, id, source, value } of rows) {
    // An operator may say something of a root that is not there yet, or not any more, and of rows of different keys.
    if (source !== 'key' && (value !== null || !values.has(root))) continue;
    const expected = source === 'key' ? (values.get(root) ?? null) : id;
    if (value !== null && expected !== null && value.toLowerCase() === expected.toLowerCase()) continue;
    differences.push({
      table,
      kind: 'unlike',
      key: { id },
      root,
      columns: [{ column: source === 'key' ? column : 'id', expected, actual: value }],
    });
  }
  return differences;
}

async function find(
  v3: ClientBase,
  {
    kind,
    table,
    text,
    values,
  }: {
    readonly kind: Difference['kind'];
    readonly table: string;
    readonly text: string;
    readonly values: readonly unknown[];
  },
): Promise<Found> {
  const { rows } = await v3.query<Counted>(text, [...values]);
  return {
    count: Number(rows[0]?.total ?? 0),
    samples: rows.map(({ key, root, columns }) => ({
      table,
      kind,
      key,
      root,
      columns: (columns ?? []).filter((column) => column !== null),
    })),
  };
}

function keyObject(key: readonly string[], alias: string): string {
  return `json_build_object(${key.map((column) => `'${column}', ${alias}.${quote(column)}::text`).join(', ')})`;
}

function sameKey(key: readonly string[], expected = 'e'): string {
  return key.map((column) => `a.${quote(column)} = ${expected}.${quote(column)}`).join(' AND ');
}

/** json has no equality, and that of geometry looks at the corners only. */
function distinct(table: keyof typeof v3Tables, column: string): string {
  const type = (v3Tables[table].columns as Readonly<Record<string, string>>)[column] ?? '';
  const cast = type === 'json' || type.includes('geometry') ? '::text' : '';
  return `e.${quote(column)}${cast} IS DISTINCT FROM a.${quote(column)}${cast}`;
}
