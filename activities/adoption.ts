// Rows that v3 had before us: found by their natural key, recorded in the crosswalk, pointed at, never written.
import type { ClientBase } from 'pg';
import type { DeriveContext } from '../pipelines/definition.ts';
import { textOf } from '../model/change-event.ts';
import { idOf } from '../model/ids.ts';
import { quote, quoteTable } from './identifiers.ts';
import { rowsOf, withoutTarget } from './owned-rows.ts';
import type { Derived } from './owned-rows.ts';
import type { Plan } from './plan.ts';
import { query } from './statement.ts';

export interface Crosswalk {
  readonly id: DeriveContext['id'];
}

/**
 * The ids that `derive` uses. A pipeline that adopts rows sees its own roots under their own ids, so that an adoption is
 * looked at afresh each time; its children see the adopted row. **Race:** an id may change its meaning while children are
 * derived with the old one, and neither transaction sees the other's rows. So whoever adopts is alone until its commit.
 * To be called within `together`: the lock is sent before the look.
 */
export async function readCrosswalk(client: ClientBase, plan: Plan): Promise<Crosswalk> {
  const lock = adopts(plan) ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
  const [, { rows }] = await Promise.all([
    query(client, `SELECT ${lock}(hashtextextended('cdc crosswalk', 0))`, []),
    query<{ name: string; id: string }>(
      client,
      `SELECT v2_table || ':' || v2_key AS name, v3_id AS id FROM cdc.crosswalk WHERE pipeline <> $1`,
      [plan.pipeline.name],
    ),
  ]);
  return crosswalkOf(rows);
}

function crosswalkOf(rows: readonly { readonly name: string; readonly id: string }[]): Crosswalk {
  const adopted = new Map(rows.map((row) => [row.name, row.id]));
  return {
    id(table, ...key) {
      const text = key.join(':');
      return (adopted.size === 0 ? undefined : adopted.get(`${table}:${text}`)) ?? idOf(table, text);
    },
  };
}

/** The same for a reader of a snapshot, who adopts nothing and waits for nobody; with which of its own roots are adopted. */
export async function readAdopted(
  client: ClientBase,
  plan: Plan,
): Promise<Crosswalk & { readonly isAdopted: (root: string) => boolean }> {
  const { rows } = await query<{ pipeline: string; key: string; name: string; id: string }>(
    client,
    `SELECT pipeline, v2_key AS key, v2_table || ':' || v2_key AS name, v3_id AS id FROM cdc.crosswalk`,
    [],
  );
  const own = new Set(rows.filter((row) => row.pipeline === plan.pipeline.name).map((row) => row.key));
  return {
    ...crosswalkOf(rows.filter((row) => row.pipeline !== plan.pipeline.name)),
    isAdopted: (root) => own.has(root),
  };
}

/** Whether rows of v3's own may stand for some of its roots. */
function adopts(plan: Plan): boolean {
  return Object.values(plan.pipeline.owns).some((target) => target.adopt !== null);
}

export interface Adopted {
  /** The derived roots without the rows that v3 owns. */
  readonly derived: readonly Derived[];
  /** Ids under which children may be waiting for rows that turned out to be v3's. */
  readonly parents: readonly { readonly table: string; readonly key: string }[];
}

export async function adoptRows(
  client: ClientBase,
  input: {
    readonly plan: Plan;
    readonly derived: readonly Derived[];
  },
): Promise<Adopted> {
  const { plan } = input;
  const name = plan.pipeline.name;
  const v2Table = plan.root.node.table.split('.').at(-1) as string;
  let { derived } = input;
  const parents: { table: string; key: string }[] = [];
  for (const [targetName, target] of Object.entries(plan.pipeline.owns)) {
    const column = target.adopt;
    if (column === null) continue;
    const values = derived.flatMap((each) =>
      rowsOf(each, targetName).map((owned) => textOf(owned.rows[0]?.[column])?.toLowerCase()),
    );
    // Rows of ours under other roots are no adoption: the unique constraint speaks about those.
    const { rows } = await client.query<{ id: string; value: string }>(
      `SELECT t.id::text AS id, lower(t.${quote(column)}) AS value FROM ${quoteTable(target.table)} t
       WHERE lower(t.${quote(column)}) = ANY($1)
         AND NOT EXISTS (SELECT FROM cdc.ledger l, jsonb_each(l.owned) piece WHERE l.pipeline = $2 AND (piece.value -> $3) ? t.id::text)`,
      [values, name, targetName],
    );
    const owners = new Map(rows.map((row) => [row.value, row.id]));
    const changed: string[] = [];
    const kept: Derived[] = [];
    for (const each of derived) {
      const [own] = rowsOf(each, targetName);
      const value = own === undefined ? undefined : textOf(own.rows[0]?.[column])?.toLowerCase();
      const id = value === undefined ? undefined : owners.get(value);
      if (own === undefined || id === undefined) {
        const result = await client.query('DELETE FROM cdc.crosswalk WHERE v2_table = $1 AND v2_key = $2', [
          v2Table,
          each.root,
        ]);
        if (result.rowCount !== 0) changed.push(each.root);
        kept.push(each);
        continue;
      }
      const result = await client.query(
        `INSERT INTO cdc.crosswalk AS c (v2_table, v2_key, v3_table, v3_id, pipeline, root) VALUES ($1, $2, $3, $4, $5, $2)
           ON CONFLICT (v2_table, v2_key) DO UPDATE SET v3_id = excluded.v3_id WHERE c.v3_id <> excluded.v3_id`,
        [v2Table, each.root, target.table, id, name],
      );
      if (result.rowCount !== 0) changed.push(each.root);
      parents.push({ table: target.table, key: own.key });
      kept.push(withoutTarget(each, targetName));
    }
    derived = kept;
    if (changed.length > 0) await markDependents(client, { pipeline: name, table: target.table });
  }
  return { derived, parents };
}

/** An id changed its meaning: every root that was derived with it is derived again. Rare, and so not narrowed down. */
async function markDependents(
  client: ClientBase,
  input: { readonly pipeline: string; readonly table: string },
): Promise<void> {
  const { rows } = await client.query<{ pipeline: string }>(
    `WITH marked AS (
       INSERT INTO cdc.dirty (pipeline, root) SELECT pipeline, root FROM cdc.ledger WHERE pipeline <> $1
       ON CONFLICT (pipeline, root) DO NOTHING RETURNING pipeline)
     SELECT DISTINCT pipeline FROM marked`,
    [input.pipeline],
  );
  for (const row of rows) await client.query("SELECT pg_notify('cdc_wake', $1)", [row.pipeline]);
}
