// Decides whether the changes of a published table name their row. Without that, v2's own updates and deletes fail.
import type { TableFacts } from './inspect.ts';

/** Key columns by table, as a pipeline declares them where v2 has no primary key. */
export type DeclaredKeys = ReadonlyMap<string, readonly string[]>;

export type IdentityVerdict =
  | { readonly usable: true }
  /** `index`: the one to choose; `null`: none will do, the whole row (FULL) has to serve. */
  | { readonly usable: false; readonly why: string; readonly index: string | null };

/** With a declared key, a delete has to name just those columns: an identity over others does not serve. */
export function judgeIdentity(table: TableFacts, declaredKey: readonly string[] | undefined): IdentityVerdict {
  if (table.identity === 'full') return { usable: true };
  const named = table.identityColumns ?? [];
  if (table.identity !== 'none' && (declaredKey ?? []).every((column) => named.includes(column)))
    return { usable: true };
  return { usable: false, why: fault(table, declaredKey), index: bestIndex(table, declaredKey) };
}

function fault(table: TableFacts, declaredKey: readonly string[] | undefined): string {
  if (table.identity !== 'none')
    return `its changes name ${table.identityColumns?.join(', ')}, not the key ${declaredKey?.join(', ')}`;
  return table.primaryKeyIsDeferrable ? 'a deferrable primary key is none' : 'it has no primary key';
}

function bestIndex({ candidates }: TableFacts, declaredKey: readonly string[] | undefined): string | null {
  const serves = candidates.filter(({ columns }) => (declaredKey ?? []).every((column) => columns.includes(column)));
  return serves.toSorted((one, other) => one.columns.length - other.columns.length)[0]?.index ?? null;
}
