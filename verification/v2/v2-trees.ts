// v2 itself -> the trees that `derive` sees, chunk by chunk, so that memory holds one chunk only. Nothing of the engine's
// own loader is used: this is what the engine is compared with.
import type { ClientBase } from 'pg';
import { quote, quoteTable } from '../../activities/identifiers.ts';
import { keyText, keyValues } from '../../model/change-event.ts';
import { v2Tables } from '../../pipelines/catalog/v2.ts';
import type { Join, Pipeline, SourceNode } from '../../pipelines/definition.ts';

interface Tree {
  readonly [column: string]: Value | Tree | readonly Tree[];
}
type Value = string | number | boolean | null;

/** Column -> PostgreSQL's own text. */
type TextRow = Readonly<Record<string, string | null>>;

/** A row at one place of one tree. */
interface Instance {
  readonly row: TextRow;
  readonly tree: Record<string, Tree[string]>;
  readonly root: Instance;
  /** Rows below, by joins of kind `one`: what a path from the root walks through. */
  readonly ones: Map<string, Instance | null>;
}

export interface Root {
  readonly key: string;
  readonly tree: object;
}

/** So many roots at a time: a requisition has some hundreds of rows below it. */
const ROOTS = 250;

/** Every root of the pipeline, in the order of its key. */
export async function* readRoots(v2: ClientBase, pipeline: Pipeline): AsyncGenerator<readonly Root[]> {
  const { root } = pipeline;
  const columns = columnsOf(root);
  const order = root.key.map((column) => `t.${quote(column)}`).join(', ');
  let after: readonly string[] | null = null;
  for (;;) {
    const bound: string =
      after === null
        ? ''
        : `WHERE (${order}) > (${root.key.map((column, index) => `$${index + 2}::${castOf(root, column)}`).join(', ')})`;
    const rows: readonly TextRow[] = await select(v2, {
      text: `SELECT ${textList(columns)} FROM ${quoteTable(root.table)} t ${bound} ORDER BY ${order} LIMIT $1`,
      values: [ROOTS, ...(after ?? [])],
    });
    const last = rows.at(-1);
    if (last === undefined) return;
    after = root.key.map((column) => last[column] as string);
    const instances = rows.map((row) => rootInstance(root, row));
    await loadJoins(v2, root, instances);
    yield instances.map((instance) => ({ key: keyOf(root, instance.row), tree: instance.tree }));
    if (rows.length < ROOTS) return;
  }
}

/** Some roots by their keys. Those that v2 does not have are absent. */
export async function readRootsByKey(
  v2: ClientBase,
  pipeline: Pipeline,
  keys: readonly string[],
): Promise<readonly Root[]> {
  const { root } = pipeline;
  const values = keys.map((key) => keyValues(key, root.key.length));
  const arrays = root.key.map((column, index) => `$${index + 1}::${castOf(root, column)}[]`);
  const rows = await select(v2, {
    text: `SELECT ${textList(columnsOf(root))} FROM ${quoteTable(root.table)} t
           JOIN unnest(${arrays.join(', ')}) AS w (${root.key.map((_, index) => `l${index}`).join(', ')})
           ON ${root.key.map((column, index) => `t.${quote(column)} = w.l${index}`).join(' AND ')}`,
    values: root.key.map((_, index) => values.map((value) => value[index])),
  });
  const instances = rows.map((row) => rootInstance(root, row));
  await loadJoins(v2, root, instances);
  return instances.map((instance) => ({ key: keyOf(root, instance.row), tree: instance.tree }));
}

function rootInstance(node: SourceNode, row: TextRow): Instance {
  const instance: { -readonly [K in keyof Instance]?: Instance[K] } = {
    row,
    tree: typedRow(node, row),
    ones: new Map(),
  };
  instance.root = instance as Instance;
  return instance as Instance;
}

async function loadJoins(v2: ClientBase, node: SourceNode, parents: readonly Instance[]): Promise<void> {
  for (const [name, join] of Object.entries(node.joins)) {
    const children = await loadJoin(v2, { name, join, parents });
    if (children.length > 0) await loadJoins(v2, join, children);
  }
}

async function loadJoin(
  v2: ClientBase,
  { name, join, parents }: { readonly name: string; readonly join: Join; readonly parents: readonly Instance[] },
): Promise<readonly Instance[]> {
  const links = Object.entries(join.on);
  const linkOf = (parent: Instance): readonly (string | null)[] => links.map(([, path]) => valueAt(parent, path));
  const wanted = new Map<string, readonly string[]>();
  for (const parent of parents) {
    const link = linkOf(parent);
    if (!link.includes(null)) wanted.set(JSON.stringify(link), link as readonly string[]);
  }
  const found = Map.groupBy(wanted.size === 0 ? [] : await selectLinked(v2, join, [...wanted.values()]), (row) =>
    JSON.stringify(links.map(([column]) => row[column])),
  );
  for (const rows of found.values()) rows.sort((left, right) => byKey(keyOf(join, left), keyOf(join, right)));

  const children: Instance[] = [];
  for (const parent of parents) {
    const rows = found.get(JSON.stringify(linkOf(parent))) ?? [];
    const below = rows.map((row): Instance => ({ row, tree: typedRow(join, row), root: parent.root, ones: new Map() }));
    if (join.kind === 'many') {
      parent.tree[name] = below.map(({ tree }) => tree);
      children.push(...below);
    } else {
      const [only] = below;
      parent.tree[name] = only?.tree ?? null;
      parent.ones.set(name, only ?? null);
      if (only !== undefined) children.push(only);
    }
  }
  return children;
}

async function selectLinked(v2: ClientBase, join: Join, links: readonly (readonly string[])[]): Promise<TextRow[]> {
  const columns = Object.keys(join.on);
  const list = textList(columnsOf(join));
  const from = `SELECT ${list} FROM ${quoteTable(join.table)} t`;
  if (columns.length === 0) return select(v2, { text: from, values: [] });
  const arrays = columns.map((column, index) => `$${index + 1}::${castOf(join, column)}[]`);
  const [only] = columns;
  const text =
    only !== undefined && columns.length === 1
      ? `${from} WHERE t.${quote(only)} = ANY(${arrays[0]})`
      : `${from} JOIN unnest(${arrays.join(', ')}) AS w (${columns.map((_, index) => `l${index}`).join(', ')})
         ON ${columns.map((column, index) => `t.${quote(column)} = w.l${index}`).join(' AND ')}`;
  return select(v2, { text, values: columns.map((_, index) => links.map((link) => link[index])) });
}

async function select(
  v2: ClientBase,
  query: { readonly text: string; readonly values: readonly unknown[] },
): Promise<TextRow[]> {
  const { rows } = await v2.query<TextRow>(query.text, [...query.values]);
  return rows;
}

function textList(columns: ReadonlySet<string>): string {
  return [...columns].map((column) => `t.${quote(column)}::text AS ${quote(column)}`).join(', ');
}

/** Declared columns, key, and all that joins start from or end at. */
function columnsOf(node: SourceNode): ReadonlySet<string> {
  const columns = new Set([...node.key, ...node.columns, ...Object.keys((node as Partial<Join>).on ?? {})]);
  const known = v2Tables[node.table].columns as Readonly<Record<string, string>>;
  const visit = (at: SourceNode): void => {
    for (const join of Object.values(at.joins)) {
      for (const path of Object.values(join.on)) {
        // A path from the root ends at some node of the tree: whichever node has such a column reads it.
        const column = path.split('.').at(-1) as string;
        if (column in known) columns.add(column);
      }
      visit(join);
    }
  };
  visit(node);
  return columns;
}

/** The value that a join starts from: a column of the parent, or a path from the root over joins of kind `one`. */
function valueAt(parent: Instance, path: string): string | null {
  if (!path.includes('.')) return parent.row[path] ?? null;
  const steps = path.split('.').slice(1);
  const column = steps.pop() as string;
  let at: Instance | null = parent.root;
  for (const step of steps) at = at?.ones.get(step) ?? null;
  return at?.row[column] ?? null;
}

function typedRow(node: SourceNode, row: TextRow): Record<string, Tree[string]> {
  const types = v2Tables[node.table].columns as Readonly<Record<string, string>>;
  return Object.fromEntries(
    node.columns.map((column) => [column, typed(types[column] ?? 'text', row[column] ?? null)]),
  );
}

/** Numbers that a double holds and booleans as such; all else as PostgreSQL writes it. */
function typed(type: string, text: string | null): Value {
  if (text === null) return null;
  if (['integer', 'smallint', 'double precision', 'real'].includes(type)) return Number(text);
  return type === 'boolean' ? text === 'true' : text;
}

/** The column's type without its length, which a cast would cut a value to. */
function castOf(node: SourceNode, column: string): string {
  const types = v2Tables[node.table].columns as Readonly<Record<string, string>>;
  const type = (types[column] ?? 'text').replace(/\(.*?\)/, '');
  return type.startsWith('character') ? 'text' : type;
}

function keyOf(node: SourceNode, row: TextRow): string {
  return keyText(node.key.map((column) => row[column])) ?? '';
}

/** Keys are text; by length and then by text, numbers come in their own order. */
function byKey(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}
