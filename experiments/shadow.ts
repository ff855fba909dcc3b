// The shadow of an experiment: a schema with a table like each v3 table in which the pipeline owns rows, and their rows as
// the change would have them. Without keys, foreign keys and triggers of v3: a row is refused for its values alone.
import type { ClientBase } from 'pg';
import { quote, quoteTable } from '../activities/identifiers.ts';
import type { Derived, V3Row } from '../activities/owned-rows.ts';
import { rowsOf } from '../activities/owned-rows.ts';
import { insertRows } from '../activities/v3-rows.ts';
import type { Pipeline, Target, V3Table } from '../pipelines/definition.ts';

function shadowSchema(id: string): string {
  return `experiment_${id.replaceAll('-', '_')}`;
}

/** 'referencedata.orderables' -> 'orderables of the shadow'. Two schemas of v3 may have a table of the same name. */
export function shadowTable(id: string, table: string): string {
  return `${shadowSchema(id)}.${table.replace('.', '_')}`;
}

/** The table of roots that would change, each with the digest of what v3 had of it. */
export function differingRoots(id: string): string {
  return quoteTable(`${shadowSchema(id)}._differing`);
}

/** Notes roots of a chunk, in its snapshot. */
export async function noteDiffering(
  client: ClientBase,
  id: string,
  { pipeline, roots }: { readonly pipeline: string; readonly roots: readonly string[] },
): Promise<void> {
  if (roots.length === 0) return;
  await client.query(
    `INSERT INTO ${differingRoots(id)} (root, digest)
     SELECT x.root, l.digest FROM unnest($2::text[]) AS x (root) LEFT JOIN cdc.ledger l ON l.pipeline = $1 AND l.root = x.root
     ON CONFLICT (root) DO UPDATE SET digest = EXCLUDED.digest`,
    [pipeline, roots],
  );
}

/** An empty shadow, whatever was there. */
export async function createShadow(client: ClientBase, id: string, pipeline: Pipeline): Promise<void> {
  await dropShadow(client, id);
  await client.query(`CREATE SCHEMA ${quote(shadowSchema(id))}`);
  await client.query(`CREATE TABLE ${differingRoots(id)} (root text PRIMARY KEY, digest text)`);
  for (const { table } of Object.values(pipeline.owns)) {
    const shadow = quoteTable(shadowTable(id, table));
    await client.query(
      `CREATE TABLE ${shadow} (LIKE ${quoteTable(table)} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED, _root text NOT NULL)`,
    );
    await client.query(`CREATE INDEX ON ${shadow} (_root)`);
  }
}

export async function dropShadow(client: Pick<ClientBase, 'query'>, id: string): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${quote(shadowSchema(id))} CASCADE`);
}

/** Puts the rows of roots in place of those that the shadow has of them. @throws pg's DatabaseError */
export async function fillShadow(
  client: ClientBase,
  id: string,
  { pipeline, derived }: { readonly pipeline: Pipeline; readonly derived: readonly Derived[] },
): Promise<void> {
  const roots = derived.map(({ root }) => root);
  for (const [name, target] of Object.entries(pipeline.owns)) {
    const table = shadowTable(id, target.table);
    await client.query(`DELETE FROM ${quoteTable(table)} WHERE _root = ANY($1)`, [roots]);
    const rows = derived.flatMap((each): readonly V3Row[] =>
      rowsOf(each, name).flatMap((owned) => owned.rows.map((row) => ({ ...row, _root: each.root }))),
    );
    if (rows.length > 0) await insertRows(client, { ...target, table: table as V3Table } satisfies Target, rows);
  }
}
