// Writing derived roots to v3: all at once, and when v3 refuses, in halves, until the root that it refuses stands alone.
import type { ClientBase } from 'pg';
import { MkondoError } from '../model/errors.ts';
import { v3Tables } from '../pipelines/catalog/v3.ts';
import type { Unique } from '../pipelines/catalog/types.ts';
import type { Target } from '../pipelines/definition.ts';
import { databaseFault, unavailable } from './database-errors.ts';
import type { Ledger } from './ledger.ts';
import { compareWithLedger } from './owned-rows.ts';
import type { Derived, TargetChanges } from './owned-rows.ts';
import type { Plan } from './plan.ts';
import { conflictBehind } from './v3-row-conflict.ts';
import { deleteRows, insertOwned, replaceBags, updateRows, vacate } from './v3-rows.ts';

export interface WriteOutcome {
  /** v3 table -> rows inserted, updated or deleted. */
  readonly written: Record<string, number>;
  /** v3 table -> rows that are new there. */
  readonly inserted: Map<string, object[]>;
  readonly failed: Map<string, MkondoError>;
  /**
   * Roots whose way another row bars, with the fault: a foreign key, or a unique value that its former holder may let go.
   * They are worth another try later.
   */
  readonly blocked: Map<string, MkondoError>;
}

interface WriteInput {
  readonly plan: Plan;
  readonly derived: readonly Derived[];
  readonly ledger: Ledger;
}

/** Nothing of a refused root is written; all of the others is. @throws pg's DatabaseError when v3 is not as we think */
export async function writeRoots(client: ClientBase, { plan, derived, ledger }: WriteInput): Promise<WriteOutcome> {
  const outcome: WriteOutcome = { written: {}, inserted: new Map(), failed: new Map(), blocked: new Map() };
  const again: Derived[] = [];

  const attempt = async (group: readonly Derived[], isLast: boolean): Promise<void> => {
    const changes = changesOf(plan, group, ledger);
    if (changes === null) return;
    let error = await tryChanges(client, { plan, changes, way: 'deletes first' });
    // Rows that exchange a unique value bar each other's way: first all of them let go, then all take.
    if (isUniqueViolation(error)) error = await tryChanges(client, { plan, changes, way: 'vacates first' });
    // A row that moves to another parent must have left before the old one can go.
    else if (isForeignKeyViolation(error)) error = await tryChanges(client, { plan, changes, way: 'deletes last' });
    if (error === undefined) {
      count(plan, changes, outcome);
      return;
    }
    const [only] = group;
    if (only !== undefined && group.length === 1) {
      const fault = databaseFault(error);
      // Another root of the batch may let the value or the row go: once more at the end.
      if (!isLast && (fault === 'constraint' || fault === 'foreignKey')) again.push(only);
      else if (fault === 'foreignKey' || isUniqueViolation(error)) {
        // A row of v3's own does not let its value go, however often we try.
        const conflict = isUniqueViolation(error)
          ? await conflictBehind(client, { pipeline: plan.pipeline, derived: only, refusal: error })
          : undefined;
        if (conflict === undefined) outcome.blocked.set(only.root, refusal(plan, only.root, error));
        else outcome.failed.set(only.root, conflict);
      } else outcome.failed.set(only.root, refusal(plan, only.root, error));
      return;
    }
    const middle = Math.ceil(group.length / 2);
    await attempt(group.slice(0, middle), isLast);
    await attempt(group.slice(middle), isLast);
  };
  await attempt(derived, false);
  for (const root of again) await attempt([root], true);
  return outcome;
}

function changesOf(plan: Plan, group: readonly Derived[], ledger: Ledger): ReadonlyMap<string, TargetChanges> | null {
  const changes = new Map<string, TargetChanges>();
  for (const name of Object.keys(plan.pipeline.owns)) changes.set(name, { inserts: [], updates: [], deletes: [] });
  let differences = 0;
  for (const derived of group) differences += compareWithLedger(derived, ledger.get(derived.root), changes);
  return differences === 0 ? null : changes;
}

/** In what order changes are written. As a rule deletes come first: a row may make room for another of the same unique value. */
type Way = 'deletes first' | 'vacates first' | 'deletes last';

interface Writing {
  readonly plan: Plan;
  readonly changes: ReadonlyMap<string, TargetChanges>;
  readonly way: Way;
}

function tryChanges(client: ClientBase, input: Writing): Promise<RefusedRow | undefined> {
  return tryWriting(client, () => writeChanges(client, input));
}

/** Writes under a savepoint. Returns the fault when v3 refused a row, after which nothing is written. @throws any other fault */
export async function tryWriting(client: ClientBase, write: () => Promise<void>): Promise<RefusedRow | undefined> {
  await client.query('SAVEPOINT roots');
  try {
    await write();
    // v3's deferred triggers speak now, while the savepoint can still take the rows back, and not at commit.
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    await client.query('SET CONSTRAINTS ALL DEFERRED');
    await client.query('RELEASE SAVEPOINT roots');
    return undefined;
  } catch (error) {
    if (unavailable(error) !== undefined) throw error;
    const fault = databaseFault(error);
    if (fault === 'schema' || fault === 'unknown') throw error;
    await client.query('ROLLBACK TO SAVEPOINT roots');
    return error as RefusedRow;
  }
}

async function writeChanges(client: ClientBase, { plan, changes, way }: Writing): Promise<void> {
  const targets = Object.entries(plan.pipeline.owns);
  if (way !== 'deletes last') await deleteGone(client, { plan, changes });
  for (const [name, target] of targets) {
    const change = changes.get(name);
    if (change === undefined) continue;
    if (target.bag) {
      if (change.updates.length > 0)
        await replaceBags(
          client,
          target,
          change.updates.map((each) => each.owned),
        );
      if (change.inserts.length > 0)
        await insertOwned(
          client,
          target,
          change.inserts.map((each) => each.owned),
        );
      continue;
    }
    const updates = change.updates.flatMap((each) => each.owned.rows);
    if (updates.length > 0) {
      if (way === 'vacates first')
        await vacate(client, { target, texts: uniqueTexts(target), flags: indexFlags(target), rows: updates });
      await updateRows(client, target, updates);
    }
    if (change.inserts.length > 0)
      await insertOwned(
        client,
        target,
        change.inserts.map((each) => each.owned),
      );
  }
  if (way === 'deletes last') await deleteGone(client, { plan, changes });
}

/** Children before parents. */
async function deleteGone(client: ClientBase, { plan, changes }: Omit<Writing, 'way'>): Promise<void> {
  for (const [name, target] of Object.entries(plan.pipeline.owns).toReversed()) {
    await deleteRows(
      client,
      target,
      (changes.get(name)?.deletes ?? []).map((each) => each.key),
    );
  }
}

/** Text columns of a target that stand in a unique constraint or index, and not in its key. */
function uniqueTexts(target: Target): readonly string[] {
  const table = v3Tables[target.table];
  const uniques: readonly Unique[] = table.uniques;
  return Object.entries(table.columns)
    .filter(([column, type]) => /^(text|character varying)/.test(type) && !target.key.includes(column))
    .map(([column]) => column)
    .filter((column) =>
      uniques.some((unique) =>
        'columns' in unique ? unique.columns.includes(column) : new RegExp(`\\b${column}\\b`).test(unique.expression),
      ),
    );
}

/** Booleans that decide whether a row stands in a partial unique index, with the value that keeps it out. */
function indexFlags(target: Target): readonly { readonly column: string; readonly outside: boolean }[] {
  const uniques: readonly Unique[] = v3Tables[target.table].uniques;
  return uniques.flatMap(({ where = '' }) => {
    const [, column, value] = /(\w+) (?:=|IS) (true|false)/i.exec(where) ?? [];
    return column === undefined ? [] : [{ column, outside: value?.toLowerCase() === 'false' }];
  });
}

function count(plan: Plan, changes: ReadonlyMap<string, TargetChanges>, outcome: WriteOutcome): void {
  for (const [name, change] of changes) {
    const target = plan.pipeline.owns[name];
    if (target === undefined) continue;
    const rows = change.inserts.length + change.updates.length + change.deletes.length;
    if (rows > 0) outcome.written[target.table] = (outcome.written[target.table] ?? 0) + rows;
    const inserted = change.inserts.flatMap((insert) => insert.owned.rows);
    if (inserted.length > 0)
      outcome.inserted.set(target.table, [...(outcome.inserted.get(target.table) ?? []), ...inserted]);
  }
}

/** The fields of pg's DatabaseError that say what was refused. */
export interface RefusedRow extends Error {
  readonly code?: string;
  readonly table?: string;
  readonly constraint?: string;
  readonly detail?: string;
  readonly column?: string;
}

const UNIQUE_VIOLATION = '23505';

function isUniqueViolation(error: RefusedRow | undefined): boolean {
  return error?.code === UNIQUE_VIOLATION;
}

function isForeignKeyViolation(error: RefusedRow | undefined): boolean {
  return error !== undefined && databaseFault(error) === 'foreignKey';
}

/** What v3 said against a root's rows; undefined where the error says nothing of them. */
export function refusalOf(plan: Plan, root: string, error: unknown): MkondoError | undefined {
  const fault = databaseFault(error);
  return fault === 'value' || fault === 'constraint' ? refusal(plan, root, error as RefusedRow) : undefined;
}

function refusal(plan: Plan, root: string, error: RefusedRow): MkondoError {
  const where = `${plan.pipeline.name} ${root} was not written`;
  const table = error.table ?? 'v3';
  const detail = error.detail === undefined ? '' : ` (${error.detail})`;
  if (databaseFault(error) === 'value') {
    const column = error.column === undefined ? '' : `.${error.column}`;
    return new MkondoError(
      'V3_VALUE_REJECTED',
      `${where}: a value does not fit ${table}${column}: ${error.message}${detail}`,
      {
        advice: 'Correct the value in v2, or cut or convert it in the mapping; then retry the quarantined root.',
        cause: error,
      },
    );
  }
  if (isUniqueViolation(error) && isPrimaryKey(plan, error)) {
    return new MkondoError(
      'V3_ROW_NOT_OURS',
      `${where}: ${table} already holds a row with its key, and that row is not in our ledger${detail}.`,
      {
        advice:
          'See who made the row. If v3 owns it, adopt it (PUT /adoptions); if it is a leftover, remove it; then retry the quarantined root.',
        cause: error,
      },
    );
  }
  return new MkondoError(
    'V3_CONSTRAINT',
    `${where}: ${error.message} (constraint ${error.constraint ?? 'unnamed'} of ${table})${detail}`,
    {
      advice:
        'Find the other row that holds the value; correct one of them in v2. The root is tried again for some minutes by itself, later by retryQuarantined.',
      cause: error,
    },
  );
}

/** v3 names its primary keys in many ways; what is no unique constraint of the catalog is one, or a trigger's word. */
function isPrimaryKey(plan: Plan, error: RefusedRow): boolean {
  const target = Object.values(plan.pipeline.owns).find((each) => each.table.split('.')[1] === error.table);
  const uniques: readonly Unique[] = target === undefined ? [] : v3Tables[target.table].uniques;
  return (
    error.constraint !== undefined &&
    target !== undefined &&
    !uniques.some((unique) => unique.name === error.constraint)
  );
}

/** For any statement of a derive that v3 does not understand: a table, a column or a right is missing. */
export function schemaDrift(plan: Plan, error: unknown): MkondoError {
  return new MkondoError(
    'SCHEMA_DRIFT',
    `${plan.pipeline.name}: v3 is not as the mapping expects it: ${(error as Error).message}`,
    {
      advice:
        "See what v3's release changed (a table, a column, a right); correct the mapping or the rights, then resume the pipeline. Landing goes on meanwhile.",
      cause: error,
    },
  );
}
