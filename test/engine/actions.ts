// What the users of the generated v2 do: single changes, saves that change nothing, rows that exchange their codes, rows
// that go with all that hangs on them, rows that come back under another number.
import { createRandom } from '../../infra/demo/random.ts';
import type { Random } from '../../infra/demo/random.ts';
import { LEVELS } from '../../pipelines/right-assignments/supervised.ts';
import type { Transaction } from './v2-source.ts';
import { anyValue, rulesOf } from './v2-tables.ts';
import type { Column, Row, V2TableRules, Value } from './v2-tables.ts';

export const actionNames = ['insert', 'update', 'save', 'remove', 'reinsert', 'swap', 'truncate'] as const;

export interface Action {
  readonly what: (typeof actionNames)[number];
  readonly table: string;
  /** Which row, and which values. */
  readonly seed: number;
}

/** Does it as far as v2's constraints allow. */
export function act(transaction: Transaction, { what, table, seed }: Action): void {
  const random = createRandom(seed);
  const rules = rulesOf(table);
  if (what === 'insert') {
    insert(transaction, rules, random);
    return;
  }
  if (what === 'truncate') {
    transaction.truncate(table);
    return;
  }
  const rows = transaction.rows(table);
  if (rows.length === 0) return;
  const row = random.pick(rows);
  if (what === 'update') update(transaction, { rules, row, random });
  if (what === 'save') save(transaction, { table, row });
  if (what === 'remove') removeWithChildren(transaction, { table, row, mayTake: 12 });
  if (what === 'reinsert') reinsert(transaction, { rules, row });
  if (what === 'swap') swap(transaction, { rules, row, other: random.pick(rows), random });
}

export function insert(transaction: Transaction, rules: V2TableRules, random: Random): void {
  // A code may be taken: a few tries.
  for (let tries = 0; tries < 4; tries += 1) {
    const own = { id: transaction.nextId(rules.table) };
    const values = rules.columns.map((column) => [
      column.name,
      anyFor(transaction, { rules, column, row: own, random }),
    ]);
    if (values.some(([, value]) => value === undefined)) return;
    if (transaction.insert(rules.table, Object.fromEntries(values) as Row)) return;
  }
}

/** Undefined where a parent is wanted and there is none. */
function anyFor(
  transaction: Transaction,
  { rules, column, row, random }: { rules: V2TableRules; column: Column; row: Row; random: Random },
): Value | undefined {
  const foreignKey = rules.foreignKeys.find((each) => each.column === column.name);
  // An order bears the number of its requisition.
  if (column.name === 'id' && foreignKey === undefined) return row['id'] ?? null;
  if (foreignKey === undefined) return anyValue(rules.table, column, random);
  // A tree of rows has no circles, and no more levels than the pipelines follow.
  const mayBeParent = ({ id }: Row): boolean => Number(id) < Math.min(Number(row['id']), LEVELS);
  const parents = transaction
    .rows(foreignKey.table)
    .filter((parent) => foreignKey.table !== rules.table || mayBeParent(parent));
  if (column.isNullable && (parents.length === 0 || random.chance(0.3))) return null;
  return parents.length === 0 ? undefined : random.pick(parents)[foreignKey.to];
}

function update(
  transaction: Transaction,
  { rules, row, random }: { rules: V2TableRules; row: Row; random: Random },
): void {
  const columns = random.shuffle(rules.columns.filter(({ name }) => name !== 'id')).slice(0, random.integer(1, 3));
  const values = columns.map((column) => [column.name, anyFor(transaction, { rules, column, row, random })]);
  transaction.update(rules.table, row, Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Row);
}

/** As eLMIS saves a requisition: the row and its children are written again as they are. */
function save(transaction: Transaction, { table, row }: { table: string; row: Row }): void {
  transaction.update(table, row, {});
  for (const child of transaction.referring(table, row)) transaction.update(child.table, child.row, {});
}

function removeWithChildren(
  transaction: Transaction,
  { table, row, mayTake }: { table: string; row: Row; mayTake: number },
): number {
  let left = mayTake;
  for (const child of transaction.referring(table, row)) {
    if (left <= 0) return 0;
    // A child may have gone with another one already.
    if (transaction.rows(child.table).includes(child.row))
      left = removeWithChildren(transaction, { ...child, mayTake: left });
  }
  return left > 0 && transaction.remove(table, row) ? left - 1 : 0;
}

/** As eLMIS keeps supported programs and roles: deleted and inserted again, under a new number where there is one. */
function reinsert(transaction: Transaction, { rules, row }: { rules: V2TableRules; row: Row }): void {
  if (!transaction.remove(rules.table, row)) return;
  transaction.insert(rules.table, 'id' in row ? { ...row, id: transaction.nextId(rules.table) } : row);
}

/** Two rows exchange what v2 wants to be unique, over a third value, since v2 checks at each statement. */
function swap(
  transaction: Transaction,
  { rules, row, other, random }: { rules: V2TableRules; row: Row; other: Row; random: Random },
): void {
  const column = rules.columns.find(({ name }) => name === rules.uniques[0]?.[0]);
  if (column === undefined || row === other || row[column.name] === other[column.name]) return;
  const { name } = column;
  const isLink = rules.foreignKeys.some((each) => each.column === name);
  const between = isLink ? anyFor(transaction, { rules, column, row, random }) : `between ${String(row['id'])}`;
  if (between === undefined || rules.key.includes(name)) return;
  const current = (id: Value | undefined): Row | undefined =>
    transaction.rows(rules.table).find((each) => each['id'] === id);
  if (!transaction.update(rules.table, row, { [name]: between })) return;
  transaction.update(rules.table, other, { [name]: row[name] ?? null });
  const moved = current(row['id']);
  if (moved === undefined) return;
  // When the other row could not take the value, the first takes it back.
  if (!transaction.update(rules.table, moved, { [name]: other[name] ?? null }))
    transaction.update(rules.table, moved, { [name]: row[name] ?? null });
}
