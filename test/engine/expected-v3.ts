// What v3 has to hold for a given v2, worked out in memory from the definitions alone: trees of rows, `derive`, adoption.
import { withoutAdopted as leaveToV3 } from '../../activities/adoption.ts';
import { derive, ledgerText, rowsOf } from '../../activities/owned-rows.ts';
import type { Derived, OwnedPieces, V3Row } from '../../activities/owned-rows.ts';
import { keyText, textOf } from '../../model/change-event.ts';
import type { EventValue } from '../../model/change-event.ts';
import { idOf } from '../../model/ids.ts';
import type { DeriveContext, Pipeline, Target } from '../../pipelines/definition.ts';
import { treesOf } from '../conformance/trees.ts';
import type { Tables } from '../conformance/trees.ts';

/** v3 table -> the rows that v3 brought itself. */
export type OwnRows = ReadonlyMap<string, readonly V3Row[]>;

export interface ExpectedPipeline {
  readonly pipeline: Pipeline;
  /** Target name -> rows, without those that are v3's. */
  readonly rows: ReadonlyMap<string, readonly V3Row[]>;
  /** Root -> what the ledger holds; roots that own nothing are absent. */
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
}

export interface LedgerEntry {
  readonly owned: OwnedPieces;
  readonly digest: string;
}

export function expectedV3(pipelines: readonly Pipeline[], tables: Tables, own: OwnRows): readonly ExpectedPipeline[] {
  const adopted = new Map<string, { readonly id: string; readonly pipeline: string }>();
  const derivedBy = new Map<Pipeline, readonly Derived[]>();
  // Pipelines that adopt go first: the ids of all others depend on them.
  const adopts = ({ owns }: Pipeline): boolean => Object.values(owns).some(({ adopt }) => adopt !== null);
  for (const pipeline of [...pipelines.filter(adopts), ...pipelines.filter((each) => !adopts(each))]) {
    const id: DeriveContext['id'] = (table, ...key) => {
      const found = adopted.get(`${table}:${key.join(':')}`);
      return found === undefined || found.pipeline === pipeline.name ? idOf(table, key.join(':')) : found.id;
    };
    derivedBy.set(
      pipeline,
      treesOf(pipeline, tables).map((tree) => {
        const root = keyText(pipeline.root.key.map((column) => tree[column] as EventValue)) ?? '';
        const derived = derive(pipeline, { root, tree, scope: 'whole', id });
        return withoutAdopted(derived, pipeline, own, (v3Id) =>
          adopted.set(`${pipeline.root.table.replace('public.', '')}:${root}`, { id: v3Id, pipeline: pipeline.name }),
        );
      }),
    );
  }
  return pipelines.map((pipeline) => {
    const all = derivedBy.get(pipeline) ?? [];
    return {
      pipeline,
      rows: new Map(
        Object.keys(pipeline.owns).map((name) => [
          name,
          all.flatMap((derived) => rowsOf(derived, name).flatMap(({ rows }) => rows)),
        ]),
      ),
      ledger: new Map(
        all.flatMap((derived) => {
          const owned = JSON.parse(ledgerText(derived)) as OwnedPieces;
          return Object.keys(owned).length === 0 ? [] : [[derived.root, { owned, digest: derived.digest }] as const];
        }),
      ),
    };
  });
}

function withoutAdopted(derived: Derived, pipeline: Pipeline, own: OwnRows, adopt: (v3Id: string) => void): Derived {
  let left = derived;
  for (const [name, target] of Object.entries(pipeline.owns)) {
    const row = rowsOf(derived, name)[0]?.rows[0];
    const found = row === undefined ? undefined : ownRowLike(target, row, own);
    if (found === undefined) continue;
    left = leaveToV3(pipeline, target, left);
    adopt(textOf(found['id']) ?? '');
  }
  return left;
}

function ownRowLike(target: Target, row: V3Row, own: OwnRows): V3Row | undefined {
  const { adopt, table } = target;
  if (adopt === null) return undefined;
  const value = textOf(row[adopt])?.toLowerCase();
  return own.get(table)?.find((each) => textOf(each[adopt])?.toLowerCase() === value);
}
