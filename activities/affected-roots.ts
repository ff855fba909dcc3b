// From changed rows back to the roots that were derived from them: every join, followed the other way.
import type { ClientBase } from 'pg';
import { textOf } from '../model/change-event.ts';
import type { EventValue, Image } from '../model/change-event.ts';
import { landingTable, quote } from './identifiers.ts';
import type { RowChange } from './landing.ts';
import { resolvePath } from './plan.ts';
import type { Plan, PlannedNode } from './plan.ts';

/** The keys of all roots that one of the changes concerns, as they are joined after the batch has landed. */
export async function affectedRoots(
  client: ClientBase,
  plan: Plan,
  changes: readonly RowChange[],
): Promise<Set<string>> {
  const roots = new Set<string>();
  for (const table of plan.tables.values()) {
    const own = changes.filter((change) => change.source === table.source);
    if (own.length === 0) continue;
    for (const node of table.nodes) {
      const relevant = own.filter((change) => concerns(node, change));
      if (relevant.length > 0) await rootsOf(client, { plan, node, changes: relevant, into: roots });
    }
  }
  return roots;
}

/** Whether a change matters to this node: another node may read other columns of the same table. */
function concerns(node: PlannedNode, change: RowChange): boolean {
  const { before, after } = change;
  if (before === null || after === null) return true;
  const links = Object.keys(node.join?.on ?? {});
  const onward = node.children.flatMap((child) =>
    Object.values(child.join?.on ?? {}).filter((path) => !path.includes('.')),
  );
  return [...node.node.columns, ...links, ...onward].some((column) => textOf(before[column]) !== textOf(after[column]));
}

async function rootsOf(
  client: ClientBase,
  input: {
    readonly plan: Plan;
    readonly node: PlannedNode;
    readonly changes: readonly RowChange[];
    readonly into: Set<string>;
  },
): Promise<void> {
  const { plan, node, changes, into } = input;
  if (node.join === null) {
    for (const change of changes) into.add(change.key);
    return;
  }
  const images = changes.flatMap((change) => [change.before, change.after]).filter((image) => image !== null);
  const direct = directRootColumn(plan, node);
  if (direct !== undefined) {
    // The child holds its root's key: no question to ask, and the root need not be there yet.
    for (const image of images) {
      const key = textOf(image[direct]);
      if (key !== null) into.add(key);
    }
    return;
  }
  const columns = Object.keys(node.join.on);
  const { rows } = await client.query<{ key: string }>(backwardQuery(plan, node), [
    JSON.stringify(distinctLinks(images, columns)),
  ]);
  for (const row of rows) into.add(row.key);
}

/** The column of a root's child that holds the root's whole key, if its join says so. */
function directRootColumn(plan: Plan, node: PlannedNode): string | undefined {
  if (node.parent?.join !== null || plan.root.node.key.length !== 1) return undefined;
  const links = Object.entries(node.join?.on ?? {});
  const [link] = links;
  return link !== undefined && links.length === 1 && link[1] === plan.root.node.key[0] ? link[0] : undefined;
}

function distinctLinks(images: readonly Image[], columns: readonly string[]): readonly Record<string, EventValue>[] {
  const distinct = new Map<string, Record<string, EventValue>>();
  for (const image of images) {
    const link = Object.fromEntries(columns.map((column) => [column, textOf(image[column])]));
    distinct.set(JSON.stringify(link), link);
  }
  return [...distinct.values()];
}

/**
 * The roots above changed rows of `node`. $1: JSON array of the rows' join columns. Deleted parents are followed too:
 * a parent that ended in the same batch still names its root.
 */
function backwardQuery(plan: Plan, node: PlannedNode): string {
  const name = plan.pipeline.name;
  const chain: PlannedNode[] = [];
  for (let at = node.parent; at !== null; at = at.parent) chain.unshift(at);
  const aliases = new Map<PlannedNode, string>(chain.map((planned, index) => [planned, `a${index}`]));
  const joins: string[] = [];
  const conditions: string[] = [];
  const aliasOf = (planned: PlannedNode): string => {
    const known = aliases.get(planned);
    if (known !== undefined) return known;
    // A node that a path from the root passes through: joined from the root downwards.
    const alias = `p${aliases.size}`;
    const parent = aliasOf(planned.parent as PlannedNode);
    aliases.set(planned, alias);
    joins.push(
      `JOIN ${landingTable(name, planned.node.table)} ${alias} ON ${linkConditions(plan, planned, alias, () => parent).join(' AND ')}`,
    );
    return alias;
  };
  conditions.push(...linkConditions(plan, node, 'n', aliasOf, true));
  for (const planned of chain.slice(1))
    conditions.push(...linkConditions(plan, planned, aliases.get(planned) as string, aliasOf));
  const types = Object.keys(node.join?.on ?? {}).map((column) => `${quote(column)} text`);
  const from = [
    types.length === 0 ? '(SELECT $1::json) n' : `json_to_recordset($1::json) AS n (${types.join(', ')})`,
    ...chain.map((planned) => `${landingTable(name, planned.node.table)} ${aliases.get(planned)}`),
  ];
  return `SELECT DISTINCT a0._key AS key FROM ${from.join(' CROSS JOIN ')} ${joins.join(' ')} WHERE ${conditions.length === 0 ? 'true' : conditions.join(' AND ')}`;
}

function linkConditions(
  plan: Plan,
  node: PlannedNode,
  alias: string,
  aliasOf: (planned: PlannedNode) => string,
  plainColumns = false,
): readonly string[] {
  return Object.entries(node.join?.on ?? {}).map(([column, path]) => {
    const own = plainColumns ? `${alias}.${quote(column)}` : columnAt(node, alias, column);
    if (!path.includes('.'))
      return `${own} = ${columnAt(node.parent as PlannedNode, aliasOf(node.parent as PlannedNode), path)}`;
    const target = resolvePath(plan, path);
    return `${own} = ${columnAt(target.node, aliasOf(target.node), target.column)}`;
  });
}

/** A column in SQL; the sole key column is read as _key, which has the index. */
export function columnAt(node: PlannedNode, alias: string, column: string): string {
  const isKey = node.node.key.length === 1 && node.node.key[0] === column;
  return `${alias}.${isKey ? '_key' : quote(column)}`;
}
