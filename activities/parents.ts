// Rows that come before their parents wait, and follow by themselves. A root waits as a whole; what it waits for is kept
// by v3 table and key, and whoever writes that row, of whatever pipeline, lets it go.
import type { ClientBase } from 'pg';
import { keyText, textOf } from '../model/change-event.ts';
import type { EventValue } from '../model/change-event.ts';
import type { Pipeline, Reference, Target } from '../pipelines/definition.ts';
import type { Ledger } from './ledger.ts';
import { rowsOf } from './owned-rows.ts';
import type { Derived, OwnedPieces, V3Row } from './owned-rows.ts';
import type { Plan } from './plan.ts';
import { existingKeys } from './v3-rows.ts';

/** v3 table -> the key columns by which some pipeline refers to it. */
export type ParentTables = ReadonlyMap<string, readonly (readonly string[])[]>;

/** All tables that any pipeline refers to. */
export function parentTables(pipelines: readonly Pipeline[]): ParentTables {
  const tables = new Map<string, (readonly string[])[]>();
  for (const pipeline of pipelines) {
    for (const target of Object.values(pipeline.owns)) {
      for (const { table, key } of target.references) {
        const known = tables.get(table) ?? [];
        if (!known.some((columns) => columns.join() === key.join())) known.push(key);
        tables.set(table, known);
      }
    }
  }
  return tables;
}

export interface MissingParent {
  readonly table: string;
  readonly columns: readonly string[];
  readonly key: string;
}

/** Root -> what it waits for. */
export type MissingParents = ReadonlyMap<string, readonly MissingParent[]>;

/** By what the mapping declares: the keys that are referred to, and the roots that do. */
export type Needs = Map<Reference, Need>;

interface Need {
  readonly parent: Omit<MissingParent, 'key'>;
  readonly keys: Map<string, Set<string>>;
  /** Keys of several columns, as they were made before: values -> keyText. Most rows refer to what others refer to. */
  readonly made: Map<string, string>;
}

/** Looks up the parents of all rows that are to be written; rows that are unchanged had theirs. */
export async function findMissingParents(
  client: ClientBase,
  input: {
    readonly plan: Plan;
    readonly derived: readonly Derived[];
    readonly ledger: Ledger;
  },
): Promise<MissingParents> {
  const needs: Needs = new Map();
  for (const derived of input.derived) collectNeeds(input.plan, derived, input.ledger.get(derived.root), needs);
  return findMissing(client, { ...input, needs });
}

/** The same for needs that were collected. `derived`: what may bring a parent itself. */
export async function findMissing(
  client: ClientBase,
  input: { readonly plan: Plan; readonly derived: readonly Derived[]; readonly needs: Needs },
): Promise<MissingParents> {
  const { needs } = input;
  const missing = new Map<string, MissingParent[]>();
  const within: { readonly parent: MissingParent; readonly root: string; readonly provider: string }[] = [];
  for (const { parent, keys } of needs.values()) {
    const providers = providersOf(input.plan, input.derived, parent);
    const outside = [...keys.keys()].filter((key) => !providers.has(key));
    const standing = await existingKeys(client, { ...parent, keys: outside });
    for (const [key, roots] of keys) {
      const provider = providers.get(key);
      for (const root of roots) {
        if (provider !== undefined) within.push({ parent: { ...parent, key }, root, provider });
        else if (!standing.has(key)) missing.set(root, [...(missing.get(root) ?? []), { ...parent, key }]);
      }
    }
  }
  // Who counts on a root of this batch waits when that root waits, and so on down (zones below zones).
  for (let before = -1; before !== missing.size;) {
    before = missing.size;
    for (const { parent, root, provider } of within) {
      if (provider !== root && missing.has(provider) && !missing.has(root)) missing.set(root, [parent]);
    }
  }
  return missing;
}

/** Adds what the rows of a root refer to that are not in v3 already (`ledger`: what the root owns there). */
export function collectNeeds(plan: Plan, derived: Derived, ledger: OwnedPieces | undefined, needs: Needs): void {
  for (const [name, target] of Object.entries(plan.pipeline.owns)) {
    if (target.references.length === 0) continue;
    for (const [piece, rows] of derived.pieces) {
      const before = ledger?.[piece]?.[name];
      for (const owned of rows.get(name) ?? []) {
        if (before?.[owned.key] === owned.hash) continue;
        for (const row of owned.rows) addNeeds(target, { root: derived.root, row }, needs);
      }
    }
  }
}

function addNeeds(target: Target, { root, row }: { readonly root: string; readonly row: V3Row }, needs: Needs): void {
  for (const reference of target.references) {
    let need = needs.get(reference);
    if (need === undefined) {
      need = { parent: { table: reference.table, columns: reference.key }, keys: new Map(), made: new Map() };
      needs.set(reference, need);
    }
    const key = referredKey(row, reference.columns, need.made);
    if (key === undefined) continue;
    const roots = need.keys.get(key);
    if (roots === undefined) need.keys.set(key, new Set([root]));
    else roots.add(root);
  }
}

/** The key that a row refers to; undefined when any part of it is null, as in a foreign key. */
function referredKey(
  row: Readonly<Record<string, EventValue>>,
  columns: readonly string[],
  made: Map<string, string>,
): string | undefined {
  const [only] = columns;
  if (only !== undefined && columns.length === 1) return textOf(row[only]) ?? undefined;
  let values = '';
  for (const column of columns) {
    const text = textOf(row[column]);
    if (text === null) return undefined;
    values += `${text}\0`;
  }
  let key = made.get(values);
  if (key === undefined) {
    key = keyText(columns.map((column) => row[column]));
    if (key !== undefined) made.set(values, key);
  }
  return key;
}

/** Key -> root of this batch that brings it. */
function providersOf(
  plan: Plan,
  derived: readonly Derived[],
  parent: Omit<MissingParent, 'key'>,
): ReadonlyMap<string, string> {
  const providers = new Map<string, string>();
  for (const [name, target] of Object.entries(plan.pipeline.owns)) {
    if (target.table !== parent.table) continue;
    for (const each of derived) {
      for (const owned of rowsOf(each, name)) {
        for (const row of owned.rows) {
          const key = keyText(parent.columns.map((column) => row[column]));
          if (key !== undefined) providers.set(key, each.root);
        }
      }
    }
  }
  return providers;
}

/**
 * **Race:** the parent may be written by another transaction between our look and our note, and that transaction would
 * not see the note. So who is to note takes the table's lock exclusively, and looks again (waitFor); whoever inserts
 * parents takes it shared, after the insert and until its commit (releaseWaiting).
 */
export async function lockParents(
  client: ClientBase,
  input: {
    readonly missing: MissingParents;
    readonly inserted: ReadonlyMap<string, readonly object[]>;
    readonly parents: ParentTables;
  },
): Promise<void> {
  const exclusive = missingTables(input.missing);
  const shared = [...input.inserted.keys()].filter((table) => input.parents.has(table));
  // One order for all transactions, or two of them would wait for each other.
  for (const table of [...new Set([...exclusive, ...shared])].sort()) {
    const lock = exclusive.has(table) ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
    await client.query(`SELECT ${lock}(hashtextextended($1, 0))`, [`cdc parents ${table}`]);
  }
}

function missingTables(missing: MissingParents): ReadonlySet<string> {
  return new Set([...missing.values()].flat().map((parent) => parent.table));
}

/** Records what roots wait for. lockParents has taken the locks. Returns how many wait. */
export async function waitFor(
  client: ClientBase,
  input: { readonly pipeline: string; readonly missing: MissingParents; readonly parents: ParentTables },
): Promise<number> {
  if (input.missing.size === 0) return 0;
  const stillMissing = new Map<string, MissingParent[]>();
  for (const table of missingTables(input.missing)) {
    for (const columns of input.parents.get(table) ?? []) {
      const entries = [...input.missing].flatMap(([root, parents]) =>
        parents
          .filter((parent) => parent.table === table && parent.columns.join() === columns.join())
          .map((parent) => ({ root, parent })),
      );
      const standing = await existingKeys(client, {
        table,
        columns,
        keys: [...new Set(entries.map((entry) => entry.parent.key))],
      });
      for (const { root, parent } of entries) {
        if (!standing.has(parent.key)) stillMissing.set(root, [...(stillMissing.get(root) ?? []), parent]);
      }
    }
  }
  const waiting = [...stillMissing].flatMap(([root, parents]) =>
    parents.map((parent) => ({ root, table: parent.table, key: parent.key })),
  );
  await client.query(
    `INSERT INTO cdc.waiting (pipeline, root, parent_table, parent_key)
     SELECT $1, x.root, x."table", x.key FROM json_to_recordset($2) AS x (root text, "table" text, key text) ON CONFLICT DO NOTHING`,
    [input.pipeline, JSON.stringify(waiting)],
  );
  // A root whose parent came in between is simply due again.
  await client.query(
    `INSERT INTO cdc.dirty (pipeline, root, not_before)
     SELECT $1, x.root, CASE WHEN x.waits THEN 'infinity'::timestamptz ELSE '-infinity' END FROM json_to_recordset($2) AS x (root text, waits boolean)
     ON CONFLICT (pipeline, root) DO UPDATE SET not_before = excluded.not_before`,
    [
      input.pipeline,
      JSON.stringify([...input.missing.keys()].map((root) => ({ root, waits: stillMissing.has(root) }))),
    ],
  );
  return stillMissing.size;
}

/**
 * Lets go the roots, of any pipeline, that waited for rows written in this transaction. lockParents has taken the locks.
 * A root that another transaction derives just now is passed over: it looks again when it gets the lock that we hold.
 */
export async function releaseWaiting(
  client: ClientBase,
  input: {
    readonly inserted: ReadonlyMap<string, readonly object[]>;
    readonly adopted: readonly { readonly table: string; readonly key: string }[];
    readonly parents: ParentTables;
  },
): Promise<readonly string[]> {
  const keys: { table: string; key: string }[] = [...input.adopted];
  for (const [table, rows] of input.inserted) {
    for (const columns of input.parents.get(table) ?? []) {
      for (const row of rows) {
        const key = keyText(columns.map((column) => (row as Readonly<Record<string, EventValue>>)[column]));
        if (key !== undefined) keys.push({ table, key });
      }
    }
  }
  if (keys.length === 0) return [];
  // A row that is locked belongs to a root that its pipeline derives just now: that transaction looks again under the
  // table's lock, after our commit. Waiting for it here would be a deadlock, since it waits for our lock.
  const { rows } = await client.query<{ pipeline: string }>(
    `WITH freed AS (
       SELECT w.pipeline, w.root, w.parent_table, w.parent_key
       FROM json_to_recordset($1) AS x ("table" text, key text)
       JOIN cdc.waiting w ON w.parent_table = x."table" AND w.parent_key = x.key
       FOR UPDATE OF w SKIP LOCKED),
     gone AS (
       DELETE FROM cdc.waiting w USING freed f
       WHERE (w.pipeline, w.root, w.parent_table, w.parent_key) = (f.pipeline, f.root, f.parent_table, f.parent_key)),
     open AS (
       SELECT d.pipeline, d.root FROM cdc.dirty d
       WHERE (d.pipeline, d.root) IN (SELECT pipeline, root FROM freed) FOR UPDATE SKIP LOCKED),
     due AS (
       UPDATE cdc.dirty d SET not_before = '-infinity' FROM open o
       WHERE d.pipeline = o.pipeline AND d.root = o.root RETURNING d.pipeline)
     SELECT DISTINCT pipeline FROM due`,
    [JSON.stringify(keys)],
  );
  for (const row of rows) await client.query("SELECT pg_notify('cdc_wake', $1)", [row.pipeline]);
  return rows.map((row) => row.pipeline);
}
