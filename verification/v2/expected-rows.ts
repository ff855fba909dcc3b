// What v3 should hold: every root of v2, derived, into temporary tables beside the real ones.
import type { ClientBase } from 'pg';
import { adoptableTarget, withoutAdopted } from '../../activities/adoption.ts';
import { copyRows } from '../../activities/copy-rows.ts';
import { quote, quoteTable } from '../../activities/identifiers.ts';
import { derive, rowsOf as ownedRowsOf } from '../../activities/owned-rows.ts';
import type { V3Row } from '../../activities/owned-rows.ts';
import { textOf } from '../../model/change-event.ts';
import { MkondoError } from '../../model/errors.ts';
import type { Pipeline, Target } from '../../pipelines/definition.ts';
import { readIds } from '../ids.ts';
import type { Ids } from '../ids.ts';
import { readRoots } from './v2-trees.ts';
import type { Root } from './v2-trees.ts';

export interface ExpectedTarget {
  readonly name: string;
  readonly target: Target;
  /** The temporary table: v3's columns, and `_root`. */
  readonly table: string;
  /** The columns that the mapping fills. Empty when nothing was derived. */
  readonly columns: readonly string[];
}

export interface Expected {
  readonly roots: number;
  readonly rows: number;
  readonly targets: readonly ExpectedTarget[];
  /** Root -> why it has no expected rows: its derive fails, or v3 cannot hold a value. */
  readonly refused: ReadonlyMap<string, MkondoError>;
  /** Root that is tied to a row of v3's own -> the value that ties them. */
  readonly adopted: ReadonlyMap<string, string>;
}

/** Fills the temporary tables of one pipeline; they end with the transaction. */
export async function expectRows(
  clients: { readonly v2: ClientBase; readonly v3: ClientBase },
  pipeline: Pipeline,
): Promise<Expected> {
  const { v2, v3 } = clients;
  const ids = await readIds(v3, pipeline);
  const tables = new Map<string, string>();
  for (const [name, target] of Object.entries(pipeline.owns)) {
    const table = `expected_${pipeline.name}_${name}`.replaceAll('-', '_').toLowerCase();
    // Not LIKE, which would bring the NOT NULL constraints of columns that the mapping leaves to their defaults.
    await v3.query(
      `CREATE TEMP TABLE ${table} ON COMMIT DROP AS SELECT *, NULL::text AS _root FROM ${quoteTable(target.table)} LIMIT 0`,
    );
    tables.set(name, table);
  }
  const columns = new Map<string, readonly string[]>();
  const refused = new Map<string, MkondoError>();
  const adopted = new Map<string, string>();
  let roots = 0;
  let rows = 0;
  for await (const chunk of readRoots(v2, pipeline)) {
    roots += chunk.length;
    rows += await copyChunk(v3, { pipeline, chunk, ids, tables, columns, refused, adopted });
  }
  const targets = Object.entries(pipeline.owns).map(([name, target]) => ({
    name,
    target,
    table: tables.get(name) as string,
    columns: columns.get(name) ?? [],
  }));
  for (const { table, target } of targets) {
    await v3.query(`CREATE INDEX ON ${table} (${target.key.map(quote).join(', ')}); ANALYZE ${table}`);
  }
  return { roots, rows, targets, refused, adopted };
}

interface ChunkTask {
  readonly pipeline: Pipeline;
  readonly chunk: readonly Root[];
  readonly ids: Ids;
  readonly tables: ReadonlyMap<string, string>;
  readonly columns: Map<string, readonly string[]>;
  readonly refused: Map<string, MkondoError>;
  readonly adopted: Map<string, string>;
}

/** Copies a chunk's rows; when v3 cannot hold one of its values, root by root. Returns the rows copied. */
async function copyChunk(v3: ClientBase, task: ChunkTask): Promise<number> {
  const { pipeline, chunk, tables, columns, refused } = task;
  const rows = new Map<string, { readonly root: string; readonly row: V3Row }[]>(
    [...tables.keys()].map((name) => [name, []]),
  );
  for (const root of chunk) {
    for (const { name, row } of rowsOf(root, task)) {
      const known = columns.get(name);
      if (known === undefined) columns.set(name, Object.keys(row));
      else if (known.join() !== Object.keys(row).join())
        throw new Error(`${pipeline.name}: rows of ${name} do not all have the same columns (root ${root.key})`);
      rows.get(name)?.push({ root: root.key, row });
    }
  }
  await v3.query('SAVEPOINT chunk');
  try {
    let count = 0;
    for (const [name, list] of rows) {
      const filled = columns.get(name) ?? [];
      if (list.length === 0) continue;
      await copyRows(v3, {
        table: tables.get(name) as string,
        columns: [...filled, '_root'],
        rows: list.map(({ root, row }) => [...filled.map((column) => row[column]), root]),
      });
      count += list.length;
    }
    await v3.query('RELEASE SAVEPOINT chunk');
    return count;
  } catch (error) {
    await v3.query('ROLLBACK TO SAVEPOINT chunk');
    const [only] = chunk;
    if (chunk.length > 1) {
      const middle = Math.ceil(chunk.length / 2);
      return (
        (await copyChunk(v3, { ...task, chunk: chunk.slice(0, middle) })) +
        (await copyChunk(v3, { ...task, chunk: chunk.slice(middle) }))
      );
    }
    if (only !== undefined)
      refused.set(
        only.key,
        new MkondoError('V3_VALUE_REJECTED', (error as Error).message, { advice: '', cause: error }),
      );
    return 0;
  }
}

function* rowsOf(
  root: Root,
  { pipeline, ids, refused, adopted }: ChunkTask,
): Generator<{ readonly name: string; readonly row: V3Row }> {
  try {
    let derived = derive(pipeline, { root: root.key, tree: root.tree, scope: 'whole', id: ids.id });
    const [name = '', target] = adoptableTarget(pipeline) ?? [];
    if (target !== undefined && ids.adopted.has(root.key)) {
      const [row] = ownedRowsOf(derived, name)[0]?.rows ?? [];
      adopted.set(root.key, target.adopt === null ? '' : (textOf(row?.[target.adopt]) ?? ''));
      // A row that v3 brought itself is pointed at, never written.
      derived = withoutAdopted(pipeline, target, derived);
    }
    for (const each of Object.keys(pipeline.owns))
      for (const { rows } of ownedRowsOf(derived, each)) for (const row of rows) yield { name: each, row };
  } catch (error) {
    if (!(error instanceof MkondoError)) throw error;
    refused.set(root.key, error);
  }
}
