// The ids that a derive uses, for a comparison: as the engine gives them, and without its lock, since a comparison looks at one
// snapshot. Whoever ties a row to one of v3's own marks every root that was derived with the former id, in the same transaction.
import type { ClientBase } from 'pg';
import { idOf } from '../model/ids.ts';
import type { DeriveContext, Pipeline } from '../pipelines/definition.ts';

export interface Ids {
  readonly id: DeriveContext['id'];
  /** Roots of this pipeline whose row v3 brought itself. */
  readonly adopted: ReadonlySet<string>;
}

/** A pipeline sees others' roots under the adopted ids; its own under their own, unless an operator named the row. */
export async function readIds(v3: ClientBase, pipeline: Pipeline): Promise<Ids> {
  const { rows } = await v3.query<{ pipeline: string; root: string; name: string; id: string; source: string }>(
    `SELECT pipeline, root, v2_table || ':' || v2_key AS name, v3_id::text AS id, source FROM cdc.crosswalk`,
  );
  const others = new Map(
    rows.filter((row) => row.pipeline !== pipeline.name || row.source !== 'key').map((row) => [row.name, row.id]),
  );
  return {
    id: (table, ...key) => others.get(`${table}:${key.join(':')}`) ?? idOf(table, key.join(':')),
    adopted: new Set(rows.filter((row) => row.pipeline === pipeline.name).map((row) => row.root)),
  };
}
