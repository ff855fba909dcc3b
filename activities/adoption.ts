// Rows that v3 had before us: found by their natural key, or named by an operator (operator-adoptions.ts); recorded in the
// crosswalk, pointed at, never written.
import type { ClientBase, QueryConfig, QueryResult } from 'pg';
import type { DeriveContext, Pipeline, Target } from '../pipelines/definition.ts';
import { v3Tables } from '../pipelines/catalog/v3.ts';
import { textOf } from '../model/change-event.ts';
import { MkondoError } from '../model/errors.ts';
import { idOf } from '../model/ids.ts';
import { quote, quoteTable } from './identifiers.ts';
import type { Ledger } from './ledger.ts';
import { rowsOf, withoutTarget } from './owned-rows.ts';
import type { Derived, OwnedPieces, V3Row } from './owned-rows.ts';
import type { Plan } from './plan.ts';
import { query } from './statement.ts';
import { rowConflict } from './v3-row-conflict.ts';
import { existingKeys } from './v3-rows.ts';

export interface Crosswalk {
  readonly id: DeriveContext['id'];
  /** Root of this pipeline -> the v3 row that stands for it by an operator's word. */
  readonly said: ReadonlyMap<string, string>;
}

/** Held alone by whoever changes the meaning of an id, shared by whoever derives. */
export const CROSSWALK_LOCK = `hashtextextended('cdc crosswalk', 0)`;

/**
 * The ids that `derive` uses. A pipeline that adopts by key sees its own roots under their own ids, so that such an adoption
 * is looked at afresh each time; its children see the adopted row. An operator's word holds for all. **Race:** an id may
 * change its meaning while children are derived with the old one, and neither transaction sees the other's rows. So whoever
 * adopts is alone until its commit. To be called within `together`: the lock is sent before the look.
 */
export async function readCrosswalk(client: ClientBase, plan: Plan): Promise<Crosswalk> {
  const { name: pipeline, owns } = plan.pipeline;
  const lock = Object.values(owns).some((target) => target.adopt !== null)
    ? 'pg_advisory_xact_lock'
    : 'pg_advisory_xact_lock_shared';
  const [, { rows }] = await Promise.all([
    query(client, `SELECT ${lock}(${CROSSWALK_LOCK})`, []),
    query<AdoptedId>(
      client,
      `SELECT v2_table AS "table", v2_key AS key, v3_id AS id, CASE WHEN pipeline = $1 THEN root END AS root
       FROM cdc.crosswalk WHERE pipeline <> $1 OR source <> 'key'`,
      [pipeline],
    ),
  ]);
  return crosswalkOf(rows);
}

interface AdoptedId {
  readonly table: string;
  readonly key: string;
  readonly id: string;
  readonly root: string | null;
}

function crosswalkOf(rows: readonly AdoptedId[]): Crosswalk {
  // By table first: of most tables, those of all lines among them, no row was ever adopted.
  const adopted = new Map<string, Map<string, string>>();
  for (const { table, key, id } of rows) {
    const known = adopted.get(table);
    if (known === undefined) adopted.set(table, new Map([[key, id]]));
    else known.set(key, id);
  }
  return {
    id(table, ...key) {
      const [only] = key;
      const text = key.length === 1 ? String(only) : key.join(':');
      return adopted.get(table)?.get(text) ?? idOf(table, text);
    },
    said: new Map(rows.flatMap(({ root, id }) => (root === null ? [] : [[root, id] as const]))),
  };
}

/** v2's table of a pipeline's roots, as ids and the crosswalk name it. */
export function rootTable(pipeline: Pipeline): string {
  return pipeline.root.table.split('.').at(-1) as string;
}

/** The target whose row a row of v3's own may stand for; undefined where there is none. */
export function adoptableTarget(pipeline: Pipeline): readonly [string, Target] | undefined {
  return Object.entries(pipeline.owns).find(([, target]) => target.adoptable);
}

/**
 * What is left to v3 when its row stands for a root: the row itself, and what of the root refers to it by a foreign key (an
 * adopted role keeps its rights).
 */
function leftToV3(pipeline: Pipeline, adopted: Target): readonly string[] {
  return Object.entries(pipeline.owns)
    .filter(
      ([, target]) =>
        target === adopted ||
        v3Tables[target.table].foreignKeys.some((foreignKey) => (foreignKey.table as string) === adopted.table),
    )
    .map(([name]) => name);
}

/** A root without the rows that are left to v3. */
export function withoutAdopted(pipeline: Pipeline, adopted: Target, derived: Derived): Derived {
  return leftToV3(pipeline, adopted).reduce((left, name) => withoutTarget(left, name), derived);
}

export interface Adopted {
  /** The derived roots without the rows that v3 owns. */
  readonly derived: readonly Derived[];
  /** Ids under which children may be waiting for rows that turned out to be v3's. */
  readonly parents: readonly { readonly table: string; readonly key: string }[];
  /** Adopted roots whose former row stays until what points at it was derived anew: they are to be derived again. */
  readonly yielding: ReadonlySet<string>;
  readonly failed: ReadonlyMap<string, MkondoError>;
}

interface Adopting {
  readonly plan: Plan;
  readonly derived: readonly Derived[];
  readonly ledger: Ledger;
  readonly crosswalk: Crosswalk;
}

export async function adoptRows(client: ClientBase, input: Adopting): Promise<Adopted> {
  const found = adoptableTarget(input.plan.pipeline);
  if (found === undefined) return { derived: input.derived, parents: [], yielding: new Set(), failed: new Map() };
  const [name, target] = found;
  const adopting = { ...input, name, target };
  const said = await adoptAsSaid(client, adopting);
  const byKey = await adoptByKey(client, { ...adopting, derived: said.others });
  const adopted = [...said.adopted, ...byKey.adopted];
  const yielding = await stillPointedAt(client, { ...adopting, derived: adopted });
  return {
    derived: [...adopted.filter(({ root }) => !yielding.has(root)), ...byKey.others],
    parents: byKey.parents,
    yielding,
    failed: new Map([...said.failed, ...byKey.failed]),
  };
}

interface AdoptingInto extends Adopting {
  readonly name: string;
  readonly target: Target;
}

interface Sorted {
  readonly adopted: readonly Derived[];
  readonly others: readonly Derived[];
  readonly failed: ReadonlyMap<string, MkondoError>;
}

/** Roots for which an operator named the row. */
async function adoptAsSaid(client: ClientBase, input: AdoptingInto): Promise<Sorted> {
  const { plan, derived, target, crosswalk } = input;
  const adopted: Derived[] = [];
  const failed = new Map<string, MkondoError>();
  const said = derived.filter(({ root }) => crosswalk.said.has(root));
  if (said.length === 0) return { adopted, others: derived, failed };
  const keys = said.map(({ root }) => crosswalk.said.get(root) as string);
  const standing = await existingKeys(client, { table: target.table, columns: target.key, keys });
  for (const each of said) {
    const v3Id = crosswalk.said.get(each.root) as string;
    if (standing.has(v3Id) || each.pieces.size === 0) adopted.push(withoutAdopted(plan.pipeline, target, each));
    else failed.set(each.root, rowGone(plan.pipeline, { root: each.root, table: target.table, v3Id }));
  }
  return { adopted, others: derived.filter(({ root }) => !crosswalk.said.has(root)), failed };
}

function rowGone(
  { name }: Pipeline,
  { root, table, v3Id }: { readonly root: string; readonly table: string; readonly v3Id: string },
): MkondoError {
  return new MkondoError(
    'ADOPTED_ROW_GONE',
    `${name} ${root}: the row ${v3Id} of ${table} that was adopted for it is not in v3 any more.`,
    {
      advice: `Bring the row back and retry the quarantined root, or adopt another (PUT /adoptions/${name}/${encodeURIComponent(root)}), or let it go (DELETE): ours is written then.`,
    },
  );
}

/** Roots whose natural key a row of v3's own bears. */
async function adoptByKey(
  client: ClientBase,
  input: AdoptingInto,
): Promise<Sorted & { readonly parents: Adopted['parents'] }> {
  const { plan, derived, ledger, name: targetName, target } = input;
  const { pipeline } = plan;
  const column = target.adopt;
  if (column === null) return { adopted: [], others: derived, failed: new Map(), parents: [] };
  const v2Table = rootTable(pipeline);
  const table = quoteTable(target.table);
  const wanted = derived.flatMap((each) => {
    const [own] = rowsOf(each, targetName);
    const [row] = own?.rows ?? [];
    const value = textOf(row?.[column])?.toLowerCase();
    return own === undefined || row === undefined || value === undefined ? [] : [{ root: each.root, own, row, value }];
  });
  const wantedBy = new Map(wanted.map((each) => [each.root, each]));
  // Rows of ours under other roots are no adoption: the unique constraint speaks about those. Nor is a row that stands for
  // another root by an operator's word. `held`: what of ours bears the same key in v3 already.
  const { rows: found } = await client.query<{ id: string; value: string; row: V3Row; held: string[] }>(
    `SELECT t.id::text AS id, lower(t.${quote(column)}) AS value, to_jsonb(t) AS row,
            ARRAY(SELECT o.id::text FROM ${table} o WHERE o.id = ANY($4) AND lower(o.${quote(column)}) = lower(t.${quote(column)})) AS held
     FROM ${table} t
     WHERE lower(t.${quote(column)}) = ANY($1)
       AND NOT EXISTS (SELECT FROM cdc.ledger l, jsonb_each(l.owned) piece WHERE l.pipeline = $2 AND (piece.value -> $3) ? t.id::text)
       AND NOT EXISTS (SELECT FROM cdc.crosswalk c WHERE c.v3_table = $5 AND c.v3_id = t.id AND c.source <> 'key')`,
    [wanted.map(({ value }) => value), pipeline.name, targetName, wanted.map(({ own }) => own.key), target.table],
  );
  const owners = new Map(found.map((row) => [row.value, row]));
  const [adopted, others, changed]: [Derived[], Derived[], string[]] = [[], [], []];
  const failed = new Map<string, MkondoError>();
  const parents: { table: string; key: string }[] = [];
  for (const each of derived) {
    const { root } = each;
    const mine = wantedBy.get(root);
    const owner = mine === undefined ? undefined : owners.get(mine.value);
    if (mine === undefined || owner === undefined) {
      const result = await client.query('DELETE FROM cdc.crosswalk WHERE v2_table = $1 AND v2_key = $2', [
        v2Table,
        root,
      ]);
      if (result.rowCount !== 0) changed.push(root);
      others.push(each);
      continue;
    }
    // Ours was there under this key first, and v3's came later: others may use either by now.
    if (owner.held.includes(mine.own.key) && owns(ledger.get(root), targetName, mine.own.key)) {
      failed.set(root, rowConflict({ pipeline, target, root, ours: mine.row, theirs: owner.row }));
      continue;
    }
    const result = await client.query(
      `INSERT INTO cdc.crosswalk AS c (v2_table, v2_key, v3_table, v3_id, pipeline, root) VALUES ($1, $2, $3, $4, $5, $2)
         ON CONFLICT (v2_table, v2_key) DO UPDATE SET v3_id = excluded.v3_id WHERE c.v3_id <> excluded.v3_id`,
      [v2Table, root, target.table, owner.id, pipeline.name],
    );
    if (result.rowCount !== 0) changed.push(root);
    parents.push({ table: target.table, key: mine.own.key });
    adopted.push(withoutAdopted(pipeline, target, each));
  }
  if (changed.length > 0) await markDependents(client, { pipeline: pipeline.name });
  return { adopted, others, failed, parents };
}

function owns(ledger: OwnedPieces | undefined, target: string, key: string): boolean {
  return Object.values(ledger ?? {}).some((piece) => piece[target]?.[key] !== undefined);
}

/** By which the roots are known that are derived again because an id of this pipeline's roots changed its meaning. */
export function adoptionMark(pipeline: string): string {
  return `adoption:${pipeline}`;
}

/**
 * Adopted roots that own a row still, while roots are to be derived that may point at it. Within a schema v3's foreign keys
 * would keep the row; across them, readers would find nothing under the id for as long.
 */
async function stillPointedAt(
  client: ClientBase,
  { plan, derived, ledger, name: target }: AdoptingInto,
): Promise<ReadonlySet<string>> {
  const former = derived.filter(({ root }) =>
    Object.values(ledger.get(root) ?? {}).some((piece) => piece[target] !== undefined),
  );
  if (former.length === 0) return new Set();
  const { rowCount } = await client.query(
    `SELECT FROM cdc.dirty WHERE operation = $1 AND not_before < 'infinity' LIMIT 1`,
    [adoptionMark(plan.pipeline.name)],
  );
  return new Set(rowCount === 0 ? [] : former.map(({ root }) => root));
}

/** Half a million roots take some seconds; the API's own limit is shorter. */
const MARK_MOST_MS = 120_000;

/**
 * An id changed its meaning: every root that was derived with it is derived again, and of those that wait, any that waited
 * for it. Rare, and so not narrowed down. `except`: the root itself, in whose pipeline the others are marked, too.
 * A dirty root that is locked is being derived: that transaction waits for the crosswalk's lock, which we hold, and then
 * sees the new id; to wait for it would be a deadlock.
 */
export async function markDependents(
  client: ClientBase,
  input: { readonly pipeline: string; readonly except?: string },
): Promise<void> {
  const values = [input.pipeline, adoptionMark(input.pipeline), input.except ?? null];
  const mark = (text: string): Promise<QueryResult<{ pipeline: string }>> => {
    const statement: QueryConfig & { readonly query_timeout: number } = { text, values, query_timeout: MARK_MOST_MS };
    return client.query(statement);
  };
  const { rows } = await mark(`WITH marked AS (
       INSERT INTO cdc.dirty (pipeline, root, operation) SELECT pipeline, root, $2 FROM cdc.ledger
       WHERE CASE WHEN $3::text IS NULL THEN pipeline <> $1 ELSE (pipeline, root) <> ($1, $3) END
       ON CONFLICT (pipeline, root) DO NOTHING RETURNING pipeline)
     SELECT DISTINCT pipeline FROM marked`);
  const { rows: others } = await mark(`WITH open AS (
       SELECT pipeline, root FROM cdc.dirty
       WHERE operation <> $2 AND CASE WHEN $3::text IS NULL THEN pipeline <> $1 ELSE (pipeline, root) <> ($1, $3) END
       FOR UPDATE SKIP LOCKED),
     due AS (
       UPDATE cdc.dirty d
       SET operation = coalesce(nullif(d.operation, ''), $2),
           not_before = CASE WHEN d.not_before = 'infinity' AND $3::text IS NOT NULL THEN '-infinity' ELSE d.not_before END
       FROM open o WHERE (d.pipeline, d.root) = (o.pipeline, o.root) RETURNING d.pipeline)
     SELECT DISTINCT pipeline FROM due`);
  for (const pipeline of new Set([...rows, ...others].map((row) => row.pipeline)))
    await client.query("SELECT pg_notify('cdc_wake', $1)", [pipeline]);
}
