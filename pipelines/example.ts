// Examples: for each pipeline, named v2 trees and the v3 rows that come of them. They are its documentation, its test
// data, and, taken together in the order of the pipelines, a small v3 that refers to nothing outside itself.
import { idOf } from '../model/ids.ts';
import { deriveWhole } from './definition.ts';
import type { DeriveContext, LossCode, Pipeline } from './definition.ts';

type RootOf<P> = P extends { readonly derive: (root: infer R, context: DeriveContext) => unknown } ? R : never;
type RowsOf<P> = P extends { readonly rows?: infer R } ? NonNullable<R> : never;

export interface Loss {
  readonly code: LossCode;
  readonly column: string;
}

export interface Example<P extends Pipeline> {
  readonly title: string;
  readonly root: RootOf<P>;
  readonly rows: RowsOf<P>;
  readonly losses?: readonly Loss[];
}

/** The v3 id of a v2 row, as `derive` gets it. */
export function id(table: string, ...key: readonly (string | number)[]): string {
  return idOf(table, key.join(':'));
}

/**
 * Runs a derive as the engine does, and keeps the losses that it records.
 * `adopted`: v3's own rows, by '<v2 table>:<key>'.
 */
export function deriveExample<P extends Pipeline>(
  pipeline: P,
  root: RootOf<P>,
  adopted: ReadonlyMap<string, string> = new Map(),
): { readonly rows: RowsOf<P>; readonly losses: readonly Loss[] } {
  const losses: Loss[] = [];
  const rows = deriveWhole(pipeline, root as object, {
    id: (table, ...key) => adopted.get(`${table}:${key.join(':')}`) ?? id(table, ...key),
    loss: (code, column) => losses.push({ code, column }),
  });
  return { rows: rows as RowsOf<P>, losses };
}
