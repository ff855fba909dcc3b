// Some roots, derived anew and compared with v3 row by row, within one snapshot of v3. PostgreSQL compares, so that
// values are read by the input functions of v3's own types; only rows that differ come back.
import type { ClientBase } from 'pg';
import { adoptableTarget, withoutAdopted } from '../../activities/adoption.ts';
import { quote, quoteTable } from '../../activities/identifiers.ts';
import { databaseFault } from '../../activities/database-errors.ts';
import { derive, rowsOf } from '../../activities/owned-rows.ts';
import type { Derived, OwnedPieces, OwnedRow } from '../../activities/owned-rows.ts';
import type { Plan } from '../../activities/plan.ts';
import { existingKeys } from '../../activities/v3-rows.ts';
import { MkondoError } from '../../model/errors.ts';
import { v3Tables } from '../../pipelines/catalog/v3.ts';
import type { Target } from '../../pipelines/definition.ts';
import type { Ids } from '../ids.ts';
import { aroundDifference } from './ranges.ts';

export interface RowDifference {
  /** `refused`: the transformation fails on the root, which is not in quarantine for it. */
  readonly kind: 'missing' | 'extra' | 'different' | 'refused';
  readonly target: string;
  readonly table: string;
  /** As in the ledger. */
  readonly key: string;
  readonly root: string;
  readonly columns: readonly {
    readonly column: string;
    readonly expected: string | null;
    readonly actual: string | null;
  }[];
  /**
   * `v3`: somebody changed the row after we wrote it. `landing`: the root was not derived again after landing changed.
   * `transformation`: an older transformation made the row. `unowned`: nobody has it in the ledger.
   */
  readonly cause: 'v3' | 'landing' | 'transformation' | 'unowned';
}

export interface Compared {
  readonly differences: readonly RowDifference[];
  /** Rows that were derived and compared. */
  readonly rows: number;
}

/** What the books say of a root that was written. */
interface Entry {
  readonly owned: OwnedPieces;
  readonly version: string;
}

/** Root -> its tree of v2 rows; a root that does not live is absent. */
export type ReadTrees = (roots: readonly string[]) => Promise<ReadonlyMap<string, object>>;

interface Task {
  readonly plan: Plan;
  readonly version: string;
  readonly ids: Ids;
  readonly readTrees: ReadTrees;
}

interface Chunk extends Task {
  readonly roots: readonly string[];
}

interface Expected {
  readonly root: string;
  readonly owned: OwnedRow;
}

/** So many roots at a time are in memory: a requisition has some hundreds of rows. */
const ROOTS = 250;

export async function compareRoots(client: ClientBase, input: Chunk): Promise<Compared> {
  const differences: RowDifference[] = [];
  let rows = 0;
  for (let from = 0; from < input.roots.length; from += ROOTS) {
    const compared = await compareInHalves(client, { ...input, roots: input.roots.slice(from, from + ROOTS) });
    differences.push(...compared.differences);
    rows += compared.rows;
  }
  return { differences, rows };
}

/** Where v3's types cannot hold a value, in halves, until the root that makes it stands alone. */
async function compareInHalves(client: ClientBase, input: Chunk): Promise<Compared> {
  await client.query('SAVEPOINT chunk');
  try {
    return await compareChunk(client, input);
  } catch (error) {
    if (databaseFault(error) !== 'value') throw error;
    await client.query('ROLLBACK TO SAVEPOINT chunk');
    const [only] = input.roots;
    if (only !== undefined && input.roots.length === 1)
      return { differences: [refusal(input.plan, only, 'V3_VALUE_REJECTED', (error as Error).message)], rows: 0 };
    const middle = Math.ceil(input.roots.length / 2);
    const first = await compareInHalves(client, { ...input, roots: input.roots.slice(0, middle) });
    const second = await compareInHalves(client, { ...input, roots: input.roots.slice(middle) });
    return { differences: [...first.differences, ...second.differences], rows: first.rows + second.rows };
  }
}

function refusal(plan: Plan, root: string, code: string, message: string): RowDifference {
  return {
    kind: 'refused',
    target: '',
    table: plan.pipeline.root.table,
    key: root,
    root,
    columns: [{ column: code, expected: message, actual: 'not in quarantine for it' }],
    cause: 'transformation',
  };
}

async function compareChunk(client: ClientBase, input: Chunk): Promise<Compared> {
  const { plan, roots, version } = input;
  const { pipeline } = plan;
  const ledger = await readEntries(client, pipeline.name, roots);
  const { derived, refused } = await deriveAnew(input);
  // What a root stood for before it failed says nothing.
  for (const { root } of refused) ledger.delete(root);
  const differences: RowDifference[] = [...refused];
  let rows = 0;
  for (const [name, target] of Object.entries(pipeline.owns)) {
    const expected = derived.flatMap((each) => rowsOf(each, name).map((owned) => ({ root: each.root, owned })));
    rows += expected.reduce((sum, { owned }) => sum + owned.rows.length, 0);
    const found = target.bag
      ? await compareBags(client, { target, expected })
      : await compareRows(client, { target, expected });
    for (const { index, kind, columns } of found) {
      const { root, owned } = expected[index] as Expected;
      const entry = ledger.get(root);
      const known = Object.values(entry?.owned ?? {}).find((piece) => owned.key in (piece[name] ?? {}));
      differences.push({
        kind,
        target: name,
        table: target.table,
        key: owned.key,
        root,
        columns,
        cause:
          known === undefined
            ? 'landing'
            : known[name]?.[owned.key] === owned.hash
              ? 'v3'
              : entry?.version === version
                ? 'landing'
                : 'transformation',
      });
    }
    differences.push(...(await findLeft(client, { name, target, expected, ledger, ...input })));
  }
  return { differences, rows };
}

async function readEntries(
  client: ClientBase,
  pipeline: string,
  roots: readonly string[],
): Promise<Map<string, Entry>> {
  const { rows } = await client.query<Entry & { root: string }>(
    'SELECT root, owned, version FROM cdc.ledger WHERE pipeline = $1 AND root = ANY($2)',
    [pipeline, roots],
  );
  return new Map(rows.map(({ root, owned, version }) => [root, { owned, version }]));
}

async function deriveAnew({
  plan,
  ids,
  roots,
  readTrees,
}: Chunk): Promise<{ readonly derived: readonly Derived[]; readonly refused: readonly RowDifference[] }> {
  const { pipeline } = plan;
  const [, adoptable] = adoptableTarget(pipeline) ?? [];
  const trees = await readTrees(roots);
  const derived: Derived[] = [];
  const refused: RowDifference[] = [];
  for (const [root, tree] of trees) {
    try {
      const each = derive(pipeline, { root, tree, scope: 'whole', id: ids.id });
      // A row that v3 brought itself is pointed at, never written.
      derived.push(adoptable !== undefined && ids.adopted.has(root) ? withoutAdopted(pipeline, adoptable, each) : each);
    } catch (error) {
      if (!(error instanceof MkondoError)) throw error;
      refused.push(refusal(plan, root, error.code, error.message));
    }
  }
  return { derived, refused };
}

interface Found {
  /** Among the expected rows. */
  readonly index: number;
  readonly kind: 'missing' | 'different';
  readonly columns: RowDifference['columns'];
}

interface Comparing {
  readonly target: Target;
  readonly expected: readonly Expected[];
}

async function compareRows(client: ClientBase, { target, expected }: Comparing): Promise<readonly Found[]> {
  const columns = Object.keys(expected[0]?.owned.rows[0] ?? {});
  if (expected.length === 0) return [];
  const table = quoteTable(target.table);
  const values = columns.filter((column) => !target.key.includes(column));
  const differs = values.map((column) => ({ column, sql: isDistinct(target, column) }));
  const isMissing = `a.${quote(target.key[0] as string)} IS NULL`;
  const pairs = differs.map(
    ({ column, sql }) =>
      `CASE WHEN ${sql} THEN json_build_object('column', '${column}', 'expected', e.${quote(column)}::text, 'actual', a.${quote(column)}::text) END`,
  );
  const { rows } = await client.query<{
    index: number;
    missing: boolean;
    columns: (RowDifference['columns'][number] | null)[];
  }>(
    `SELECT e.ordinality::int - 1 AS index, ${isMissing} AS missing, json_build_array(${pairs.join(', ')}) AS columns
     FROM json_populate_recordset(NULL::${table}, $1) WITH ORDINALITY AS e
     LEFT JOIN ${table} a ON ${target.key.map((column) => `a.${quote(column)} = e.${quote(column)}`).join(' AND ')}
     WHERE ${[isMissing, ...differs.map(({ sql }) => sql)].join(' OR ')}`,
    [JSON.stringify(expected.map(({ owned }) => owned.rows[0]))],
  );
  return rows.map((row) => ({
    index: row.index,
    kind: row.missing ? 'missing' : 'different',
    columns: row.missing
      ? []
      : row.columns
          .filter((column) => column !== null)
          .map(({ column, expected, actual }) => ({ column, ...aroundDifference(expected, actual) })),
  }));
}

/** json has no equality, and that of geometry looks at the corners only. */
function isDistinct(target: Target, column: string): string {
  const type = (v3Tables[target.table].columns as Readonly<Record<string, string>>)[column] ?? '';
  const cast = type === 'json' || type.includes('geometry') ? '::text' : '';
  return `e.${quote(column)}${cast} IS DISTINCT FROM a.${quote(column)}${cast}`;
}

/** Rows without a key of their own: all that share one are compared as a whole. */
async function compareBags(client: ClientBase, { target, expected }: Comparing): Promise<readonly Found[]> {
  const columns = Object.keys(expected[0]?.owned.rows[0] ?? {});
  if (expected.length === 0) return [];
  const table = quoteTable(target.table);
  const keys = target.key.map(quote);
  const text = (alias: string): string =>
    `string_agg(ROW(${columns.map((column) => `${alias}.${quote(column)}`).join(', ')})::text, ' ' ORDER BY ROW(${columns.map((column) => `${alias}.${quote(column)}`).join(', ')})::text COLLATE "C")`;
  const { rows } = await client.query<{ place: number; expected: string; actual: string | null }>(
    `SELECT min(e.ordinality)::int - 1 AS place, ${text('e')} AS expected,
            (SELECT ${text('t')} FROM ${table} t WHERE ${keys.map((key) => `t.${key} = e.${key}`).join(' AND ')}) AS actual
     FROM json_populate_recordset(NULL::${table}, $1) WITH ORDINALITY AS e GROUP BY ${keys.map((key) => `e.${key}`).join(', ')}`,
    [JSON.stringify(expected.flatMap(({ owned }) => owned.rows))],
  );
  const places = expected.flatMap(({ owned }, index) => owned.rows.map(() => index));
  return rows
    .filter((row) => row.expected !== row.actual)
    .map((row) => ({
      index: places[row.place] as number,
      kind: row.actual === null ? 'missing' : 'different',
      columns: row.actual === null ? [] : [{ column: '(all rows)', ...aroundDifference(row.expected, row.actual) }],
    }));
}

/** Rows that the ledger has and derive no longer makes, and that stand in v3 still. */
async function findLeft(
  client: ClientBase,
  input: Comparing &
    Task & {
      readonly name: string;
      readonly ledger: ReadonlyMap<string, Entry>;
    },
): Promise<readonly RowDifference[]> {
  const { name, target, expected, ledger, version } = input;
  const made = new Map<string, Set<string>>();
  for (const { root, owned } of expected) made.set(root, (made.get(root) ?? new Set()).add(owned.key));
  const left = [...ledger].flatMap(([root, entry]) =>
    Object.values(entry.owned)
      .flatMap((piece) => Object.keys(piece[name] ?? {}))
      .filter((key) => made.get(root)?.has(key) !== true)
      .map((key) => ({ root, key, version: entry.version })),
  );
  if (left.length === 0) return [];
  const standing = await existingKeys(client, {
    table: target.table,
    columns: target.key,
    keys: left.map(({ key }) => key),
  });
  return left
    .filter(({ key }) => standing.has(key))
    .map(({ root, key, version: writtenBy }) => ({
      kind: 'extra',
      target: name,
      table: target.table,
      key,
      root,
      columns: [],
      cause: writtenBy === version ? 'landing' : 'transformation',
    }));
}
