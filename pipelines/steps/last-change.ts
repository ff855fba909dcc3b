// When a v2 row last changed, for v3 columns that must hold it.
import { instantOf } from './timestamp.ts';

/**
 * The instant of the last change; that of the creation where v2 knows no other. v2 allows NULL in both: then the epoch,
 * which reads as "long ago" and, unlike the present, is the same at every run.
 */
export function lastChange(row: { readonly modifieddate: string | null; readonly createddate: string | null }): string {
  return instantOf(row.modifieddate ?? row.createddate ?? '1970-01-01 00:00:00');
}
