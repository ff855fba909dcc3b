// A plain writer of derived rows, which knows nothing of the engine: it judges what pipelines derive by what v3 accepts.
import type { Client } from 'pg';
import { idOf } from '../../model/ids.ts';
import type { Pipeline } from '../../pipelines/definition.ts';
import { derive } from './examples.ts';
import type { Row } from './examples.ts';

/** Runs the work in one transaction; v3's deferred triggers speak at its commit. */
export async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

export interface Writer {
  /** Derives one root and inserts its rows, parents first; a row that v3 has already is adopted instead. */
  readonly write: (pipeline: Pipeline, root: Row) => Promise<void>;
}

export function adoptingWriter(client: Client): Writer {
  /** '<v2 table>:<key>' -> the id of v3's own row. */
  const adopted = new Map<string, string>();
  const id = (table: string, ...key: readonly (string | number)[]): string =>
    adopted.get(`${table}:${key.join(':')}`) ?? idOf(table, key.join(':'));

  return {
    async write(pipeline, root) {
      const owned = derive(pipeline, root, { id, loss: () => {} });
      for (const [name, { table, adopt }] of Object.entries(pipeline.owns)) {
        const rows = owned[name] ?? [];
        const standing =
          adopt === null ? undefined : await find(client, { table, column: adopt, value: rows[0]?.[adopt] });
        if (standing === undefined) {
          await insertRows(client, table, rows);
        } else {
          const key = pipeline.root.key.map((column) => root[column]).join(':');
          adopted.set(`${pipeline.root.table.replace('public.', '')}:${key}`, standing);
        }
      }
    },
  };
}

/** Inserts rows that all have the columns of the first. */
export async function insertRows(client: Client, table: string, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(', ');
  if (columns === '') return;
  await client.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1)`,
    [JSON.stringify(rows)],
  );
}

async function find(
  client: Client,
  { table, column, value }: { readonly table: string; readonly column: string; readonly value: unknown },
): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(`SELECT id FROM ${table} WHERE lower(${column}) = lower($1)`, [
    value,
  ]);
  return rows[0]?.id;
}
