// A pipeline's definition, worked out once for the engine: every node of its tree with its path, which columns landing
// must compare, which indexes it needs. Pure.
import { tablesOf } from '../pipelines/definition.ts';
import type { Join, Pipeline, SourceNode } from '../pipelines/definition.ts';

export interface PlannedNode {
  /** Names of the joins from the root; empty for the root. */
  readonly path: readonly string[];
  readonly node: SourceNode;
  /** Null for the root. */
  readonly join: Join | null;
  readonly parent: PlannedNode | null;
  readonly children: readonly PlannedNode[];
  /** Whether rows below depend on which root they hang under, so that they cannot be shared between roots. */
  readonly dependsOnRoot: boolean;
}

export interface PlannedTable {
  readonly source: string;
  readonly key: readonly string[];
  /** Declared and joined columns, of all nodes that read this table: a change in one of them concerns roots. */
  readonly watched: readonly string[];
  /** Columns to index, beside the key. */
  readonly indexes: readonly (readonly string[])[];
  readonly nodes: readonly PlannedNode[];
}

export interface Plan {
  readonly pipeline: Pipeline;
  readonly root: PlannedNode;
  readonly tables: ReadonlyMap<string, PlannedTable>;
}

export function planOf(pipeline: Pipeline): Plan {
  const nodes: PlannedNode[] = [];
  const build = (
    node: SourceNode,
    join: Join | null,
    parent: PlannedNode | null,
    path: readonly string[],
  ): PlannedNode => {
    const children: PlannedNode[] = [];
    const planned: PlannedNode = { path, node, join, parent, children, dependsOnRoot: dependsOnRoot(join, node) };
    nodes.push(planned);
    for (const [name, child] of Object.entries(node.joins))
      children.push(build(child, child, planned, [...path, name]));
    return planned;
  };
  const root = build(pipeline.root, null, null, []);
  const tables = new Map<string, PlannedTable>();
  for (const source of tablesOf(pipeline)) {
    const own = nodes.filter((planned) => planned.node.table === source);
    const first = own[0] as PlannedNode;
    const watched = new Set<string>();
    const indexes = new Map<string, readonly string[]>();
    const index = (columns: readonly string[]): void => {
      const isKey = columns.length === 1 && first.node.key.length === 1 && columns[0] === first.node.key[0];
      if (columns.length > 0 && !isKey) indexes.set(columns.join(','), columns);
    };
    for (const planned of own) {
      for (const column of planned.node.columns) watched.add(column);
      if (planned.join !== null) {
        const columns = Object.keys(planned.join.on);
        for (const column of columns) watched.add(column);
        // Forward: rows of a parent.
        index(columns);
      }
      // Backward: from a changed child to its parents.
      for (const child of planned.children) {
        const columns = Object.values(child.join?.on ?? {}).filter((path) => !path.includes('.'));
        for (const column of columns) watched.add(column);
        index(columns);
      }
    }
    for (const column of pathColumns(nodes, source)) watched.add(column);
    tables.set(source, {
      source,
      key: first.node.key,
      watched: [...watched],
      indexes: [...indexes.values()],
      nodes: own,
    });
  }
  return { pipeline, root, tables };
}

function dependsOnRoot(join: Join | null, node: SourceNode): boolean {
  if (join !== null && Object.values(join.on).some((path) => path.startsWith('root.'))) return true;
  return Object.values(node.joins).some((child) => dependsOnRoot(child, child));
}

/** Columns of `source` that some join reaches by a path from the root. */
function pathColumns(nodes: readonly PlannedNode[], source: string): readonly string[] {
  const root = nodes[0] as PlannedNode;
  return nodes.flatMap((planned) =>
    Object.values(planned.join?.on ?? {})
      .filter((path) => path.startsWith('root.'))
      .flatMap((path) => {
        const steps = path.split('.').slice(1);
        const column = steps.pop() as string;
        let at: PlannedNode | undefined = root;
        for (const step of steps) at = at?.children.find((child) => child.path.at(-1) === step);
        return at?.node.table === source ? [column] : [];
      }),
  );
}

/** The node that a path from the root ('root.facility.typeid') ends at, and the column there. */
export function resolvePath(plan: Plan, path: string): { readonly node: PlannedNode; readonly column: string } {
  const steps = path.split('.').slice(1);
  const column = steps.pop() as string;
  let node = plan.root;
  for (const step of steps) {
    const next = node.children.find((child) => child.path.at(-1) === step);
    if (next === undefined || next.join?.kind !== 'one')
      throw new Error(`${plan.pipeline.name}: '${path}' does not lead over joins of kind one`);
    node = next;
  }
  return { node, column };
}
