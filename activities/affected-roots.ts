// From changed rows back to the roots that were derived from them: every join, followed the other way.
import type { ClientBase } from 'pg';
import { textOf } from '../model/change-event.ts';
import type { EventValue, Image } from '../model/change-event.ts';
import { landingTable, quote } from './identifiers.ts';
import type { RowChange } from './landing.ts';
import { resolvePath } from './plan.ts';
import type { Plan, PlannedNode } from './plan.ts';
import { createScopes, HEAD } from './scope.ts';
import type { AddScope, Piece, Scopes } from './scope.ts';
import { query } from './statement.ts';

/** All roots that one of the changes concerns, as they are joined after the batch has landed, and what of them. */
export async function affectedRoots(client: ClientBase, plan: Plan, changes: readonly RowChange[]): Promise<Scopes> {
  const { scopes, add } = createScopes();
  for (const [source, own] of Map.groupBy(changes, (change) => change.source)) {
    for (const node of plan.tables.get(source)?.nodes ?? []) {
      const columns = columnsOf(node);
      const relevant = own.filter((change) => isChanged(change, columns));
      if (relevant.length > 0) await follow(client, { plan, node, changes: relevant, add });
    }
  }
  return scopes;
}

/** The columns of a node's table that matter to it: another node may read others of the same table. */
function columnsOf(node: PlannedNode): readonly string[] {
  const links = Object.keys(node.join?.on ?? {});
  const onward = node.children.flatMap((child) =>
    Object.values(child.join?.on ?? {}).filter((path) => !path.includes('.')),
  );
  return [...node.node.columns, ...links, ...onward];
}

function isChanged({ before, after }: RowChange, columns: Iterable<string>): boolean {
  if (before === null || after === null) return true;
  for (const column of columns) if (textOf(before[column]) !== textOf(after[column])) return true;
  return false;
}

async function follow(
  client: ClientBase,
  input: {
    readonly plan: Plan;
    readonly node: PlannedNode;
    readonly changes: readonly RowChange[];
    readonly add: AddScope;
  },
): Promise<void> {
  const { plan, node, changes, add } = input;
  const { part } = plan;
  if (part === null || node.isInPart) return followAlike(client, { ...input, piece: null });
  // A row of the head: of the parts, only what joins them to the head can matter.
  const startsFrom = part.startsFrom.get(node) ?? [];
  const isWhole = (change: RowChange): boolean =>
    node.join === null || part.startsFrom.has(node) ? isChanged(change, startsFrom) : false;
  await followAlike(client, { plan, node, changes: changes.filter(isWhole), add, piece: null });
  await followAlike(client, { plan, node, changes: changes.filter((each) => !isWhole(each)), add, piece: HEAD });
}

/** Adds the roots above the changed rows with `piece`; rows of parts add their part. */
async function followAlike(
  client: ClientBase,
  input: {
    readonly plan: Plan;
    readonly node: PlannedNode;
    readonly changes: readonly RowChange[];
    readonly add: AddScope;
    readonly piece: Piece | null;
  },
): Promise<void> {
  const { plan, node, changes, add, piece } = input;
  if (changes.length === 0) return;
  if (node.join === null) {
    for (const change of changes) add(change.key, piece);
    return;
  }
  const direct = directRootColumn(plan, node);
  if (direct !== undefined) {
    // The child holds its root's key: no question to ask, and the root need not be there yet.
    const addAt = (key: string, image: Image | null): void => {
      const root = image === null ? null : textOf(image[direct]);
      if (root !== null) add(root, node === plan.part?.node ? key : piece);
    };
    for (const { key, before, after } of changes) {
      addAt(key, before);
      addAt(key, after);
    }
    return;
  }
  const images = changes.flatMap((change) => [change.before, change.after]).filter((image) => image !== null);
  const columns = Object.keys(node.join.on);
  const { rows } = await query<{ root: string; part: string | null }>(client, backwardQuery(plan, node), [
    JSON.stringify(distinctLinks(images, columns)),
  ]);
  for (const row of rows) add(row.root, row.part ?? piece);
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
 * The roots above changed rows of `node`, and the parts where it lies below them. $1: JSON array of the rows' join
 * columns. Deleted parents are followed too: a parent that ended in the same batch still names its root.
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
  const part = node.isInPart ? `${aliases.get(chain[1] as PlannedNode)}._key` : 'NULL';
  return `SELECT DISTINCT a0._key AS root, ${part} AS part FROM ${from.join(' CROSS JOIN ')} ${joins.join(' ')} WHERE ${conditions.length === 0 ? 'true' : conditions.join(' AND ')}`;
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
