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
  /** The node of the pipeline's parts, or one below it. */
  readonly isInPart: boolean;
}

/** The parts of a pipeline's roots: see Part in pipelines/definition.ts. */
export interface PlannedPart {
  readonly node: PlannedNode;
  /** Column of the part that holds its root's key. */
  readonly link: string;
  readonly owns: ReadonlySet<string>;
  /** Node of the head -> its columns that joins of the parts start from: where one changes, all parts do. */
  readonly startsFrom: ReadonlyMap<PlannedNode, ReadonlySet<string>>;
  /** Nodes of the head that must be loaded before parts can be. */
  readonly needs: ReadonlySet<PlannedNode>;
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
  readonly part: PlannedPart | null;
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
    const isPart = path.length === 1 && path[0] === pipeline.part?.join;
    const planned: PlannedNode = {
      path,
      node,
      join,
      parent,
      children,
      dependsOnRoot: dependsOnRoot(join, node),
      isInPart: isPart || (parent?.isInPart ?? false),
    };
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
  const plan: Plan = { pipeline, root, tables, part: null };
  return { ...plan, part: planPart(plan, nodes) };
}

function planPart(plan: Plan, nodes: readonly PlannedNode[]): PlannedPart | null {
  const { part, name } = plan.pipeline;
  if (part === undefined) return null;
  const node = plan.root.children.find((child) => child.path[0] === part.join);
  const [[link, path] = ['', ''], ...more] = Object.entries(node?.join?.on ?? {});
  const key = plan.root.node.key;
  if (node?.join?.kind !== 'many' || more.length > 0 || key.length !== 1 || path !== key[0])
    throw new Error(`${name}: parts must be a join of kind many, linked by the root's whole key`);
  if (!node.node.key.every((column) => node.node.columns.includes(column)))
    throw new Error(`${name}: parts must declare their key (${node.node.key.join(', ')}) among their columns`);
  const startsFrom = new Map<PlannedNode, Set<string>>();
  const needs = new Set<PlannedNode>([plan.root]);
  for (const below of nodes.filter((each) => each.isInPart)) {
    for (const start of Object.values(below.join?.on ?? {}).filter((each) => each.startsWith('root.'))) {
      const end = resolvePath(plan, start);
      const columns = startsFrom.get(end.node) ?? new Set();
      startsFrom.set(end.node, columns.add(end.column));
      // The way to it, too: which row a step leads to decides on the value at its end.
      for (let at: PlannedNode | null = end.node; at !== null && at.join !== null; at = at.parent) {
        needs.add(at);
        for (const [own, from] of Object.entries(at.join.on)) {
          startsFrom.set(at, (startsFrom.get(at) ?? new Set()).add(own));
          if (from.includes('.'))
            throw new Error(`${name}: '${start}' passes a join that starts from a path of its own`);
          const parent = at.parent as PlannedNode;
          startsFrom.set(parent, (startsFrom.get(parent) ?? new Set()).add(from));
        }
      }
    }
  }
  return { node, link, owns: new Set(part.owns), startsFrom, needs };
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
