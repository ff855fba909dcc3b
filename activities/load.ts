// Landing -> the trees of rows that `derive` sees. One query per node of the tree for any number of roots.
import type { ClientBase } from 'pg';
import type { Image } from '../model/change-event.ts';
import { v2Tables } from '../pipelines/catalog/v2.ts';
import { typedValue } from './column-types.ts';
import type { TypedValue } from './column-types.ts';
import { copyFields, valueText } from './copy-rows.ts';
import { landingTable, quote } from './identifiers.ts';
import { columnAt } from './affected-roots.ts';
import type { Join } from '../pipelines/definition.ts';
import { resolvePath } from './plan.ts';
import type { Plan, PlannedNode } from './plan.ts';
import { HEAD } from './scope.ts';
import type { LandedParts, LandedRow, Piece, Scopes } from './scope.ts';
import { queryEach, together } from './statement.ts';

export type LoadedRow = { [column: string]: TypedValue | LoadedRow | LoadedRow[] | null };

export interface LoadedRoots {
  /** Root key -> its tree. Roots that do not live are absent. */
  readonly trees: Map<string, LoadedRow>;
  /** Rows that were read, of all tables. */
  readonly rows: number;
}

interface Instance {
  readonly row: LoadedRow;
  readonly root: LoadedRow;
}

/** A root to load: its key, and what of it. */
interface Wanted {
  readonly tree: LoadedRow;
  /** The parts that are wanted; null for all, and for the head with them. */
  readonly parts: FewParts | null;
  readonly hasHead: boolean;
}

/**
 * Loads roots as far as they are wanted. Where only parts are, the tree holds nothing of the head but what the joins of
 * the parts start from; where only the head is, it holds no parts.
 */
export async function loadRoots(
  client: ClientBase,
  plan: Plan,
  { scopes, landed }: { readonly scopes: Scopes; readonly landed?: LandedParts },
): Promise<LoadedRoots> {
  const { root, part } = plan;
  return together(client, async () => {
    const read = reader(root);
    const trees = new Map<string, LoadedRow>();
    await queryEach(client, {
      text: `SELECT t._key, ${selectList(root, 't')} FROM ${landingTable(plan.pipeline.name, root.node.table)} t WHERE t._key = ANY($1) AND t._live > 0`,
      values: [[...scopes.keys()]],
      each: (row) => trees.set(row[0] as string, read(row, 1)),
    });
    const wanted = Array.from(trees, ([key, tree]): Wanted => {
      const scope = scopes.get(key) ?? 'whole';
      if (scope === 'whole') return { tree, parts: null, hasHead: true };
      const pieces = new Set([...scope].filter((piece) => piece !== HEAD));
      return { tree, parts: { wanted: pieces, landed: landed?.get(key) ?? NONE }, hasHead: scope.has(HEAD) };
    });
    const loading = new Map<PlannedNode, Promise<readonly Instance[]>>();
    const count = { rows: trees.size };
    const load = (node: PlannedNode): Promise<readonly Instance[]> => {
      let begun = loading.get(node);
      if (begun === undefined) {
        begun = loadNode(node);
        loading.set(node, begun);
      }
      return begun;
    };
    const instances = (which: (each: Wanted) => boolean): Instance[] =>
      wanted.filter(which).map(({ tree }) => ({ row: tree, root: tree }));
    const loadNode = async (node: PlannedNode): Promise<readonly Instance[]> => {
      if (node.join === null) return instances(() => true);
      let parents = await load(node.parent as PlannedNode);
      // What its joins start from elsewhere in the tree must be there before.
      for (const path of Object.values(node.join.on)) if (path.includes('.')) await load(resolvePath(plan, path).node);
      if (node === part?.node) parents = instances(({ parts }) => parts === null || parts.wanted.size > 0);
      else if (node.parent === root && part !== null && !part.needs.has(node))
        parents = instances((each) => each.hasHead);
      const parts = node === part?.node ? new Map(wanted.map((each) => [each.tree, each.parts])) : null;
      const loaded = await loadChild(client, plan, { planned: node, parents, parts });
      count.rows += loaded.rows;
      return loaded.children;
    };
    await Promise.all(nodesBelow(root).map(load));
    return { trees, rows: count.rows };
  });
}

function nodesBelow(node: PlannedNode): readonly PlannedNode[] {
  return node.children.flatMap((child) => [child, ...nodesBelow(child)]);
}

/** Some parts of a root, and the rows of those that landed just now. */
interface FewParts {
  readonly wanted: ReadonlySet<Piece>;
  readonly landed: ReadonlyMap<Piece, LandedRow>;
}

const NONE: ReadonlyMap<Piece, LandedRow> = new Map();
const NOTHING: readonly never[] = [];

/** Which parts of which tree are wanted; null for all. */
type WantedParts = ReadonlyMap<LoadedRow, FewParts | null>;

async function loadChild(
  client: ClientBase,
  plan: Plan,
  input: {
    readonly planned: PlannedNode;
    readonly parents: readonly Instance[];
    readonly parts: WantedParts | null;
  },
): Promise<{ readonly children: readonly Instance[]; readonly rows: number }> {
  const { planned, parents, parts } = input;
  const join = planned.join as Join;
  const name = planned.path.at(-1) as string;
  const links = Object.entries(join.on).map(([column, path]) => ({ column, get: getter(path) }));
  const [only] = links;
  /** Undefined where one of the values is NULL, which matches nothing. */
  const linkOf = (instance: Instance): string | undefined => {
    if (only !== undefined && links.length === 1) return only.get(instance) ?? undefined;
    let link = '';
    for (const { get } of links) {
      const value = get(instance);
      if (value === null) return undefined;
      link += `${value.length}:${value}`;
    }
    return link;
  };
  const wanted = new Map<string, readonly (string | null)[]>();
  const keys: Piece[] = [];
  const found = new Map<string, { readonly key: string; readonly row: LoadedRow }[]>();
  const read = reader(planned);
  const from = links.length + 1;
  const find = (row: readonly (string | null)[]): void => {
    let link = row[1] as string;
    if (links.length !== 1) {
      link = '';
      for (let at = 1; at < from; at += 1) link += `${(row[at] as string).length}:${row[at]}`;
    }
    const list = found.get(link);
    const loaded = { key: row[0] as string, row: read(row, from) };
    if (list === undefined) found.set(link, [loaded]);
    else list.push(loaded);
  };
  const known = new Map<Piece, LandedRow>();
  let count = 0;
  const linkOfParent = parents.map((instance) => {
    const link = linkOf(instance);
    const few = parts?.get(instance.row) ?? null;
    if (few !== null) {
      for (const key of few.wanted) {
        const row = few.landed.get(key);
        if (row === undefined) keys.push(key);
        else known.set(key, row);
      }
    } else if (link !== undefined && !wanted.has(link))
      wanted.set(
        link,
        links.map((each) => each.get(instance)),
      );
    return link;
  });

  if (wanted.size > 0 || keys.length > 0) {
    await queryChild(client, plan, {
      planned,
      links: links.map((link) => link.column),
      tuples: [...wanted.values()],
      keys,
      each(row) {
        count += 1;
        if (!known.has(row[0] as string)) find(row);
      },
    });
  }

  for (const row of known.values()) find(copyFields(row));

  const isShared = !planned.children.some((child) => child.dependsOnRoot);
  const isLeaf = planned.children.length === 0;
  const isOne = join.kind === 'one';
  const children: Instance[] = [];
  const taken = new Set<string>();
  for (const [index, parent] of parents.entries()) {
    const link = linkOfParent[index];
    const few = parts?.get(parent.row) ?? null;
    const isNew = !isLeaf && (!isShared || (link !== undefined && !taken.has(link)));
    if (isNew && link !== undefined) taken.add(link);
    const list: LoadedRow[] | null = isOne ? null : [];
    let first: LoadedRow | null = null;
    for (const { key, row: loaded } of (link === undefined ? undefined : found.get(link)) ?? NOTHING) {
      // It may have been found for another root from which it has moved away.
      if (few !== null && !few.wanted.has(key)) continue;
      // What hangs below may depend on the root: then each root has a copy of its own.
      const row = isShared ? loaded : { ...loaded };
      first ??= row;
      list?.push(row);
      if (isNew) children.push({ row, root: parent.root });
    }
    parent.row[name] = list ?? first;
  }
  return { children, rows: count + known.size };
}

async function queryChild(
  client: ClientBase,
  plan: Plan,
  wanted: {
    readonly planned: PlannedNode;
    readonly links: readonly string[];
    /** Values of the links, each a row that is wanted with all its children. */
    readonly tuples: readonly (readonly (string | null)[])[];
    /** Children that are wanted beside those. */
    readonly keys: readonly string[];
    readonly each: (row: (string | null)[]) => void;
  },
): Promise<void> {
  const { planned, links, tuples, keys, each } = wanted;
  const at = landingTable(plan.pipeline.name, planned.node.table);
  const list = ['t._key', ...links.map((column) => `t.${quote(column)}`), selectList(planned, 't')].join(', ');
  const [only, ...more] = links;
  // Keys are text: by length and then by text, numbers come in their own order.
  const order = 'ORDER BY length(t._key), t._key COLLATE "C"';
  const run = (text: string, values: readonly unknown[]): Promise<void> => queryEach(client, { text, values, each });
  if (only === undefined) return run(`SELECT ${list} FROM ${at} t WHERE t._live > 0 ${order}`, []);
  if (more.length === 0) {
    const isLinked = `${columnAt(planned, 't', only)} = ANY($1)`;
    const values = tuples.map((tuple) => tuple[0]);
    if (keys.length === 0)
      return run(`SELECT ${list} FROM ${at} t WHERE ${isLinked} AND t._live > 0 ${order}`, [values]);
    if (values.length === 0)
      return run(`SELECT ${list} FROM ${at} t WHERE t._key = ANY($1) AND t._live > 0 ${order}`, [keys]);
    return run(`SELECT ${list} FROM ${at} t WHERE (${isLinked} OR t._key = ANY($2)) AND t._live > 0 ${order}`, [
      values,
      keys,
    ]);
  }
  const names = links.map((_, index) => `l${index}`);
  return run(
    `SELECT ${list} FROM unnest(${links.map((_, index) => `$${index + 1}::text[]`).join(', ')}) AS w (${names.join(', ')})
     JOIN ${at} t ON ${links.map((column, index) => `${columnAt(planned, 't', column)} = w.l${index}`).join(' AND ')}
     WHERE t._live > 0 ${order}`,
    links.map((_, index) => tuples.map((tuple) => tuple[index])),
  );
}

/** What queryChild would read of a row that has just landed. */
export function rowToLoad(planned: PlannedNode): (key: string, image: Image) => LandedRow {
  const columns = [...Object.keys(planned.join?.on ?? {}), ...columnsToRead(planned)];
  return (key, image) => {
    const texts = [valueText(key)];
    for (const column of columns) texts.push(valueText(image[column]));
    return texts.join('\t');
  };
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
  const columns = [...columnsToRead(planned)];
  const parsers = columns.map((column) => typedValue(types[column] ?? 'text'));
  // Copied and filled: an object that grows by a column at a time costs several times its size.
  const empty: LoadedRow = {};
  for (const name of [...columns, ...planned.children.map((child) => child.path.at(-1) as string)]) empty[name] = null;
  return (row, from) => {
    const loaded = { ...empty };
    for (let index = 0; index < columns.length; index += 1) {
      const text = row[from + index];
      if (text !== null && text !== undefined) loaded[columns[index] as string] = (parsers[index] as Parse)(text);
    }
    return loaded;
  };
}

type Parse = ReturnType<typeof typedValue>;

/** The text of the value that a join starts from. */
export function getter(path: string): (instance: Instance) => string | null {
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
