// A v2 small enough to be known by heart: one row of each kind, with the numbers that its tests name.
import { createV2Source } from './v2-source.ts';
import type { Transaction, V2Source } from './v2-source.ts';
import { plainRow } from './v2-tables.ts';
import type { Row } from './v2-tables.ts';

export interface SmallV2 extends V2Source {
  /** Inserts a plain row in a transaction of its own. */
  readonly add: (table: string, values: Row) => void;
  /** Changes the row with this id, in a transaction of its own. */
  readonly change: (table: string, id: number, values: Row) => void;
  readonly drop: (table: string, id: number) => void;
}

/** v2 without a row; or, `withPlaces`, with level, zone, type, operator, program and facility 1; or with all else, too. */
export function createSmallV2(contents: 'empty' | 'places' | 'all' = 'empty'): SmallV2 {
  const source = createV2Source();
  if (contents !== 'empty') source.transaction(addPlaces);
  if (contents === 'all') source.transaction(addProducts);
  return {
    ...source,
    add: (table, values) => source.transaction((transaction) => insertInto(transaction, table, values)),
    change: (table, id, values) => source.transaction((transaction) => changeIn(transaction, table, { id, values })),
    drop: (table, id) =>
      source.transaction((transaction) =>
        expectDone(transaction.remove(`public.${table}`, find(transaction, table, id)), table),
      ),
  };
}

/** @throws Error when v2's constraints refuse it */
export function insertInto(transaction: Transaction, table: string, values: Row): void {
  expectDone(transaction.insert(`public.${table}`, plainRow(`public.${table}`, values)), table);
}

/** @throws Error when v2's constraints refuse it */
export function changeIn(
  transaction: Transaction,
  table: string,
  { id, values }: { readonly id: number; readonly values: Row },
): void {
  expectDone(transaction.update(`public.${table}`, find(transaction, table, id), values), table);
}

function find(transaction: Transaction, table: string, id: number): Row {
  const row = transaction.rows(`public.${table}`).find((each) => each['id'] === id);
  if (row === undefined) throw new Error(`${table} has no row ${id}`);
  return row;
}

function expectDone(isDone: boolean, table: string): void {
  if (!isDone) throw new Error(`v2 refuses the row of ${table}`);
}

function addPlaces(transaction: Transaction): void {
  insertInto(transaction, 'geographic_levels', { id: 1 });
  insertInto(transaction, 'geographic_zones', { id: 1, levelid: 1 });
  insertInto(transaction, 'facility_types', { id: 1, code: 'hosp', name: 'Hospital' });
  insertInto(transaction, 'facility_operators', { id: 1, text: 'Government' });
  insertInto(transaction, 'programs', { id: 1, name: 'Program 1', active: true });
  insertInto(transaction, 'facilities', { id: 1, geographiczoneid: 1, typeid: 1, enabled: true });
}

function addProducts(transaction: Transaction): void {
  insertInto(transaction, 'product_categories', { id: 1 });
  insertInto(transaction, 'product_forms', { id: 1, code: 'tablet' });
  insertInto(transaction, 'products', { id: 1, formid: 1 });
  insertInto(transaction, 'program_products', { id: 1, programid: 1, productid: 1, productcategoryid: 1 });
  insertInto(transaction, 'facility_approved_products', { id: 1, facilitytypeid: 1, programproductid: 1 });
  insertInto(transaction, 'processing_schedules', { id: 1, code: 'monthly' });
  insertInto(transaction, 'processing_periods', { id: 1, scheduleid: 1 });
  insertInto(transaction, 'users', { id: 1, username: 'asha' });
  insertInto(transaction, 'losses_adjustments_types', { name: 'LOST', description: 'Lost' });
}
