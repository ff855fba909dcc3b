// A pipeline's trees, built in memory straight from the definition: the plain meaning of root, `one`, `many` and `on`, with
// which whatever does it in SQL can be compared.
import type { Join, Pipeline, SourceNode } from '../../pipelines/definition.ts';
import type { Row } from './examples.ts';

/** v2 table -> all its rows, whole. */
export type Tables = ReadonlyMap<string, readonly Row[]>;

/** The tree of every root, as `derive` sees it; rows of `many` in the order of their keys. */
export function treesOf(pipeline: Pipeline, tables: Tables): readonly Row[] {
  const find = finder(tables);
  return (tables.get(pipeline.root.table) ?? []).map((row) => treeOf(pipeline.root, row, find));
}

type Find = (join: Join, values: readonly unknown[]) => readonly Row[];

function treeOf(node: SourceNode, row: Row, find: Find, root?: Row): Row {
  const tree: Record<string, unknown> = Object.fromEntries(node.columns.map((column) => [column, row[column]]));
  const top = root ?? tree;
  for (const [name, join] of Object.entries(node.joins)) {
    const values = Object.values(join.on).map((path) => (path.includes('.') ? at(top, path) : row[path]));
    const rows = find(join, values).map((child) => treeOf(join, child, find, top));
    tree[name] = join.kind === 'many' ? rows : (rows[0] ?? null);
  }
  return tree;
}

/** The value at 'root.facility.typeid'; NULL when a join on the way found nothing. */
function at(root: Row, path: string): unknown {
  return path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, step) => (value as Row | null)?.[step] ?? null, root);
}

/** Finds rows by the columns of a join, with an index for each set of columns. */
function finder(tables: Tables): Find {
  const indexes = new Map<string, ReadonlyMap<string, readonly Row[]>>();
  return (join, values) => {
    if (values.some((value) => value === null || value === undefined)) return [];
    const columns = Object.keys(join.on);
    const name = [join.table, ...columns].join(' ');
    const known = indexes.get(name);
    const index = known ?? indexBy(tables.get(join.table) ?? [], columns, join.key);
    if (known === undefined) indexes.set(name, index);
    return index.get(JSON.stringify(values)) ?? [];
  };
}

function indexBy(rows: readonly Row[], columns: readonly string[], key: readonly string[]) {
  const ordered = rows.toSorted((left, right) => {
    const differing = key.find((column) => left[column] !== right[column]);
    if (differing === undefined) return 0;
    return (left[differing] as number | string) < (right[differing] as number | string) ? -1 : 1;
  });
  return Map.groupBy(ordered, (row) => JSON.stringify(columns.map((column) => row[column])));
}
