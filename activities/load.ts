// Landing -> the trees of rows that `derive` sees. One query per node of the tree for any number of roots.
import type { ClientBase } from 'pg';
import { v2Tables } from '../pipelines/catalog/v2.ts';
import { typedValue } from './column-types.ts';
import type { TypedValue } from './column-types.ts';
import { landingTable, quote } from './identifiers.ts';
import { columnAt } from './affected-roots.ts';
import type { Plan, PlannedNode } from './plan.ts';

type LoadedRow = { [column: string]: TypedValue | LoadedRow | LoadedRow[] | null };

export interface LoadedRoots {
  /** Root key -> its tree. Roots that do not live are absent. */
  readonly trees: ReadonlyMap<string, LoadedRow>;
  /** Rows that were read, of all tables. */
  readonly rows: number;
}

interface Instance {
  readonly row: LoadedRow;
  readonly root: LoadedRow;
}

export async function loadRoots(client: ClientBase, plan: Plan, keys: readonly string[]): Promise<LoadedRoots> {
  const { root } = plan;
  const { rows } = await client.query<(string | null)[]>({
    rowMode: 'array',
    text: `SELECT t._key, ${selectList(root, 't')} FROM ${landingTable(plan.pipeline.name, root.node.table)} t WHERE t._key = ANY($1) AND t._live > 0`,
    values: [keys],
  });
  const read = reader(root);
  const trees = new Map<string, LoadedRow>();
  for (const row of rows) trees.set(row[0] as string, read(row, 1));
  const instances = [...trees.values()].map((row) => ({ row, root: row }));
  let count = rows.length;
  for (const child of root.children) count += await loadChild(client, plan, child, instances);
  return { trees, rows: count };
}

async function loadChild(
  client: ClientBase,
  plan: Plan,
  planned: PlannedNode,
  parents: readonly Instance[],
): Promise<number> {
  const { join } = planned;
  if (join === null) return 0;
  const name = planned.path.at(-1) as string;
  const links = Object.entries(join.on).map(([column, path]) => ({ column, get: getter(path) }));
  const linkOf = (instance: Instance): string | undefined => {
    const values = links.map((link) => link.get(instance));
    return values.includes(null) ? undefined : JSON.stringify(values);
  };
  const wanted = new Map<string, readonly (string | null)[]>();
  const linkOfParent = parents.map((instance) => {
    const link = linkOf(instance);
    if (link !== undefined && !wanted.has(link))
      wanted.set(
        link,
        links.map((each) => each.get(instance)),
      );
    return link;
  });

  const found = new Map<string, LoadedRow[]>();
  let count = 0;
  if (wanted.size > 0) {
    const rows = await queryChild(client, plan, planned, {
      links: links.map((link) => link.column),
      tuples: [...wanted.values()],
    });
    const read = reader(planned);
    for (const row of rows) {
      const link = JSON.stringify(row.slice(0, links.length));
      const list = found.get(link);
      const loaded = read(row, links.length);
      if (list === undefined) found.set(link, [loaded]);
      else list.push(loaded);
    }
    count = rows.length;
  }

  const children: Instance[] = [];
  const isShared = !planned.children.some((child) => child.dependsOnRoot);
  const taken = new Set<string>();
  for (const [index, parent] of parents.entries()) {
    const link = linkOfParent[index];
    let list = link === undefined ? [] : (found.get(link) ?? []);
    if (isShared) {
      if (link !== undefined && !taken.has(link)) {
        taken.add(link);
        for (const row of list) children.push({ row, root: parent.root });
      }
    } else {
      // What hangs below depends on the root, so each root has a copy of its own.
      list = list.map((row) => ({ ...row }));
      for (const row of list) children.push({ row, root: parent.root });
    }
    parent.row[name] = join.kind === 'many' ? list : (list[0] ?? null);
  }
  for (const child of planned.children) count += await loadChild(client, plan, child, children);
  return count;
}

async function queryChild(
  client: ClientBase,
  plan: Plan,
  planned: PlannedNode,
  wanted: { readonly links: readonly string[]; readonly tuples: readonly (readonly (string | null)[])[] },
): Promise<(string | null)[][]> {
  const at = landingTable(plan.pipeline.name, planned.node.table);
  const list = [...wanted.links.map((column) => `t.${quote(column)}`), selectList(planned, 't')].join(', ');
  const [only, ...more] = wanted.links;
  if (only === undefined) {
    const { rows } = await client.query<(string | null)[]>({
      rowMode: 'array',
      text: `SELECT ${list} FROM ${at} t WHERE t._live > 0 ORDER BY length(t._key), t._key`,
    });
    return rows;
  }
  // Keys are text: by length and then by text, numbers come in their own order.
  if (more.length === 0) {
    const { rows } = await client.query<(string | null)[]>({
      rowMode: 'array',
      text: `SELECT ${list} FROM ${at} t WHERE ${columnAt(planned, 't', only)} = ANY($1) AND t._live > 0 ORDER BY length(t._key), t._key`,
      values: [wanted.tuples.map((tuple) => tuple[0])],
    });
    return rows;
  }
  const names = wanted.links.map((_, index) => `l${index}`);
  const { rows } = await client.query<(string | null)[]>({
    rowMode: 'array',
    text: `SELECT ${list} FROM unnest(${wanted.links.map((_, index) => `$${index + 1}::text[]`).join(', ')}) AS w (${names.join(', ')})
           JOIN ${at} t ON ${wanted.links.map((column, index) => `${columnAt(planned, 't', column)} = w.l${index}`).join(' AND ')}
           WHERE t._live > 0 ORDER BY length(t._key), t._key`,
    values: wanted.links.map((_, index) => wanted.tuples.map((tuple) => tuple[index])),
  });
  return rows;
}

function selectList(planned: PlannedNode, alias: string): string {
  return [...columnsToRead(planned)].map((column) => `${alias}.${quote(column)}`).join(', ');
}

/** Declared columns, and those that joins below start from. */
function columnsToRead(planned: PlannedNode): ReadonlySet<string> {
  const columns = new Set(planned.node.columns);
  for (const child of planned.children) {
    for (const path of Object.values(child.join?.on ?? {})) if (!path.includes('.')) columns.add(path);
  }
  for (const column of pathColumnsAt(planned)) columns.add(column);
  return columns;
}

/** Columns of this node at which a path from the root ends, in any join of the tree. */
function pathColumnsAt(planned: PlannedNode): readonly string[] {
  let root = planned;
  while (root.parent !== null) root = root.parent;
  const prefix = `root${planned.path.map((step) => `.${step}`).join('')}.`;
  const columns: string[] = [];
  const visit = (node: PlannedNode): void => {
    for (const path of Object.values(node.join?.on ?? {})) {
      if (path.startsWith(prefix) && !path.slice(prefix.length).includes('.')) columns.push(path.slice(prefix.length));
    }
    for (const child of node.children) visit(child);
  };
  visit(root);
  return columns;
}

function reader(planned: PlannedNode): (row: readonly (string | null)[], from: number) => LoadedRow {
  const types = v2Tables[planned.node.table].columns as Readonly<Record<string, string>>;
  const columns = [...columnsToRead(planned)].map((column) => ({ column, parse: typedValue(types[column] ?? 'text') }));
  return (row, from) => {
    const loaded: LoadedRow = {};
    for (let index = 0; index < columns.length; index += 1) {
      const { column, parse } = columns[index] as (typeof columns)[number];
      const text = row[from + index];
      loaded[column] = text === null || text === undefined ? null : parse(text);
    }
    return loaded;
  };
}

/** The text of the value that a join starts from. */
function getter(path: string): (instance: Instance) => string | null {
  const text = (value: LoadedRow[string] | undefined): string | null =>
    value === null || value === undefined || typeof value === 'object' ? null : String(value);
  if (!path.includes('.')) return ({ row }) => text(row[path]);
  const steps = path.split('.').slice(1);
  const column = steps.pop() as string;
  return ({ root }) => {
    let at: LoadedRow | null = root;
    for (const step of steps) at = (at?.[step] as LoadedRow | null | undefined) ?? null;
    return text(at?.[column]);
  };
}
