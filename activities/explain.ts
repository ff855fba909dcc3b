// One row explained: from a v3 row to the v2 rows that it was derived from, or from a v2 row to what became of it. Of each root
// that is concerned: what landed, from where in Kafka, what it owns in v3, who wrote it, what was lost on the way, and what
// keeps it; of a root with parts its head and the parts that the row is about. Reads only, in one look at the database.
import type { ClientBase, Pool } from 'pg';
import { keyText, keyValues, textOf } from '../model/change-event.ts';
import type { EventValue, Image } from '../model/change-event.ts';
import { v2Tables } from '../pipelines/catalog/v2.ts';
import { v3Tables } from '../pipelines/catalog/v3.ts';
import { tablesOf } from '../pipelines/definition.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { affectedRoots } from './affected-roots.ts';
import { landingTable, quote, quoteTable } from './identifiers.ts';
import type { RowChange } from './landing.ts';
import { getter, loadRoots } from './load.ts';
import type { LoadedRow } from './load.ts';
import type { OwnedPieces } from './owned-rows.ts';
import { planOf } from './plan.ts';
import type { Plan, PlannedNode } from './plan.ts';
import { HEAD, wholeRoots } from './scope.ts';
import type { Piece, Scope } from './scope.ts';
import { loadTransformation, promotedChange } from './transformation.ts';

export interface Explanation {
  /** The table with its schema. */
  readonly asked: { readonly side: 'v2' | 'v3'; readonly table: string; readonly key: string };
  /** In a sentence or two. */
  readonly answer: string;
  /** The row that was asked for, as each pipeline has it in landing, or as it stands in v3. */
  readonly rows: readonly (LandedRow | V3RowNow)[];
  readonly roots: readonly RootExplanation[];
  /** Roots that are concerned too, and not shown. */
  readonly moreRoots: number;
  /** Events of the v2 row that could not be read. */
  readonly quarantinedEvents: readonly Quarantined[];
}

export interface LandedRow {
  readonly pipeline: string;
  readonly table: string;
  /** Its place in the root's tree: 'root', 'root.lines', ...; null for a row that was asked for by itself. */
  readonly path: string | null;
  /** Null where neither its columns nor its join tell which row of landing it is. */
  readonly key: string | null;
  /** Where in Kafka it came from; null with the key. */
  readonly position: { readonly topic: string; readonly partition: number; readonly offset: number } | null;
  /** ISO 8601: when v2 committed it. */
  readonly committedAt: string | null;
  /** False when it is deleted in v2. */
  readonly isLive: boolean;
  readonly row: unknown;
}

export interface V3RowNow {
  readonly table: string;
  readonly key: string;
  /** The part of the root that it follows from; empty for the rest. */
  readonly part: string;
  /** As it stands in v3; null when it is not there. */
  readonly row: unknown;
}

export interface Quarantined {
  readonly id: string;
  readonly pipeline: string;
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly attempts: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly resolvedAt: string | null;
  /** When an operator gave it up. */
  readonly discardedAt: string | null;
  readonly position: LandedRow['position'];
}

export interface RootExplanation {
  readonly pipeline: string;
  readonly table: string;
  readonly key: string;
  /** Parts that are not shown: the row is not about them. */
  readonly moreParts: number;
  readonly state: 'in v3' | 'due' | 'waiting' | 'in quarantine' | 'deleted' | 'nothing in v3';
  readonly v2: readonly LandedRow[];
  readonly v3: readonly V3RowNow[];
  /** v3's own rows that stand for it, and that are never written. */
  readonly adopted: readonly { readonly table: string; readonly id: string; readonly adoptedAt: string }[];
  /** Which run of the pipeline's workflow wrote it last, when, and by which version of the transformation. */
  readonly written: {
    readonly run: string;
    readonly at: string;
    readonly version: string;
    /** The pipeline has another transformation now: a reprocess brings the root up to date. */
    readonly isOutdated: boolean;
  } | null;
  readonly losses: readonly {
    readonly part: string;
    readonly code: string;
    readonly column: string;
    readonly count: number;
  }[];
  readonly due: {
    readonly attempts: number;
    readonly notBefore: string | null;
    readonly operation: string | null;
  } | null;
  /** v3 rows that must be there first. */
  readonly waitsFor: readonly { readonly table: string; readonly key: string; readonly since: string }[];
  /** Newest first, also what is resolved: its attempts and errors. */
  readonly quarantine: readonly Quarantined[];
}

export interface ExplainInput {
  readonly pipelines: readonly Pipeline[];
  readonly topicPrefix: string;
  readonly table: string;
  readonly key: string;
  /** Every part of the roots, also those that the row is not about. */
  readonly isWhole: boolean;
}

/** A dosage unit concerns every product: so many roots are shown. */
const MOST_ROOTS = 10;
const MOST_ROWS = 2_000;

/** The table with its schema and its side; undefined for one that neither side has. `products` is v2's, as v2 calls it. */
export function findTable(name: string): { readonly side: 'v2' | 'v3'; readonly table: string } | undefined {
  if (name in v2Tables) return { side: 'v2', table: name };
  if (name in v3Tables) return { side: 'v3', table: name };
  if (`public.${name}` in v2Tables) return { side: 'v2', table: `public.${name}` };
  const [only, ...more] = Object.keys(v3Tables).filter((table) => table.endsWith(`.${name}`));
  return only === undefined || more.length > 0 ? undefined : { side: 'v3', table: only };
}

/** Undefined when neither side has such a table. */
export async function explain(pool: Pool, input: ExplainInput): Promise<Explanation | undefined> {
  const found = findTable(input.table);
  if (found === undefined) return undefined;
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const asked = { ...found, key: input.key };
    return found.side === 'v2' ? await forward(client, input, asked) : await backward(client, input, asked);
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    client.release();
  }
}

interface RootOf {
  readonly plan: Plan;
  readonly root: string;
  /** What of it the row is about. */
  readonly scope: Scope;
}

/** From a v2 row to what became of it, in every pipeline that reads it. */
async function forward(client: ClientBase, input: ExplainInput, asked: Explanation['asked']): Promise<Explanation> {
  const readers = input.pipelines.filter((pipeline) => tablesOf(pipeline).some((table) => table === asked.table));
  const rows: LandedRow[] = [];
  const roots: RootOf[] = [];
  for (const pipeline of readers) {
    const plan = planOf(pipeline);
    const landed = (await readLanded(client, { plan, topicPrefix: input.topicPrefix, table: asked.table }, [asked.key]))
      .values()
      .next().value;
    if (landed !== undefined) rows.push(landed);
    // As if it had come just now: the joins, followed backward, lead to every root that it concerns.
    const after = landed?.isLive ? (landed.row as Image) : null;
    const change: RowChange = { source: asked.table, key: asked.key, before: null, after };
    const found = after === null ? wholeRoots([]) : await affectedRoots(client, plan, [change]);
    const own = plan.root.node.table === asked.table ? wholeRoots([asked.key]) : [];
    roots.push(...Array.from(new Map([...found, ...own]), ([root, scope]) => ({ plan, root, scope })));
  }
  const events = await readQuarantinedEvents(client, asked);
  const known = await knownRoots(client, roots);
  const names = [...new Set(known.map(({ plan }) => plan.pipeline.name))];
  let answer: string;
  if (readers.length === 0) answer = `No pipeline reads ${asked.table}: it stays in v2.`;
  else if (rows.length === 0) answer = `${asked.table} ${asked.key} has not landed in any pipeline that reads it.`;
  else if (known.length === 0) answer = `${asked.table} ${asked.key} has landed, and nothing in v3 depends on it.`;
  else answer = `${asked.table} ${asked.key} is behind ${known.length} root(s) of ${names.join(', ')}.`;
  return explained(client, input, { asked, answer, rows, roots: known, quarantinedEvents: events });
}

/** From a v3 row to the root that owns it. */
async function backward(client: ClientBase, input: ExplainInput, asked: Explanation['asked']): Promise<Explanation> {
  const rows = await findV3Rows(client, asked);
  const owners = input.pipelines.filter(({ owns }) => Object.values(owns).some(({ table }) => table === asked.table));
  const roots: RootOf[] = [];
  for (const pipeline of owners) {
    const plan = planOf(pipeline);
    for (const [name, target] of Object.entries(pipeline.owns)) {
      if (target.table !== asked.table) continue;
      const keys = rows.map(({ row }) => keyText(target.key.map((column) => (row as Image)[column]))) as string[];
      // One that is gone from v3 may still stand in the ledger, under its whole key.
      const wanted = [...new Set([...keys, asked.key])];
      const { rows: found } = await client.query<{ root: string; pieces: readonly Piece[] }>(
        `SELECT root, array_agg(piece.key) AS pieces FROM cdc.ledger CROSS JOIN jsonb_each(owned) piece
         WHERE pipeline = $1 AND piece.value -> $2 ?| $3::text[] GROUP BY root
         UNION ALL SELECT root, '{}' FROM cdc.crosswalk WHERE pipeline = $1 AND v3_table = $4 AND v3_id::text = ANY($3)`,
        [pipeline.name, name, wanted, asked.table],
      );
      // The first target is the aggregate itself.
      const isAggregate = name === Object.keys(pipeline.owns)[0];
      const scopeOf = (pieces: readonly Piece[]): Scope => (isAggregate ? 'whole' : new Set(pieces));
      roots.push(...found.map(({ root, pieces }) => ({ plan, root, scope: scopeOf(pieces) })));
    }
  }
  const unique = [...new Map(roots.map((each) => [`${each.plan.pipeline.name} ${each.root}`, each])).values()];
  const [first] = unique;
  let answer: string;
  if (first !== undefined)
    answer = `${asked.table} ${asked.key} follows from ${unique.map(({ plan, root }) => `${plan.root.node.table} ${root} (${plan.pipeline.name})`).join(', ')}.`;
  else if (rows.length === 0) answer = `${asked.table} holds no row ${asked.key}, and none was written by a pipeline.`;
  else if (owners.length === 0) answer = `${asked.table} ${asked.key} is v3's own: no pipeline writes that table.`;
  else answer = `${asked.table} ${asked.key} is v3's own row: no pipeline has written or adopted it.`;
  return explained(client, input, { asked, answer, rows, roots: unique, quarantinedEvents: [] });
}

async function explained(
  client: ClientBase,
  input: ExplainInput,
  found: Pick<Explanation, 'asked' | 'answer' | 'rows' | 'quarantinedEvents'> & { readonly roots: readonly RootOf[] },
): Promise<Explanation> {
  const roots: RootExplanation[] = [];
  for (const each of found.roots.slice(0, MOST_ROOTS)) {
    const isWhole = input.isWhole || each.plan.part === null;
    roots.push(
      await explainRoot(client, {
        ...each,
        scope: isWhole || each.scope === 'whole' ? 'whole' : new Set([HEAD, ...each.scope]),
        topicPrefix: input.topicPrefix,
      }),
    );
  }
  return { ...found, roots, moreRoots: Math.max(0, found.roots.length - MOST_ROOTS) };
}

/** Of candidates, those of which our books or landing know something. */
async function knownRoots(client: ClientBase, roots: readonly RootOf[]): Promise<readonly RootOf[]> {
  const known: RootOf[] = [];
  for (const plan of new Set(roots.map((each) => each.plan))) {
    const own = roots.filter((each) => each.plan === plan);
    const { rows } = await client.query<{ root: string }>(
      `SELECT root FROM unnest($2::text[]) root
       WHERE EXISTS (SELECT FROM ${landingTable(plan.pipeline.name, plan.root.node.table)} t WHERE t._key = root)
          OR EXISTS (SELECT FROM cdc.ledger l WHERE l.pipeline = $1 AND l.root = root.root)`,
      [plan.pipeline.name, own.map(({ root }) => root)],
    );
    const found = new Set(rows.map(({ root }) => root));
    known.push(...own.filter(({ root }) => found.has(root)));
  }
  return known;
}

interface RootRow {
  readonly owned: OwnedPieces | null;
  readonly losses: Readonly<Record<string, Readonly<Record<string, number>>>> | null;
  readonly run: string | null;
  readonly written_at: Date | null;
  readonly version: string | null;
  readonly attempts: number | null;
  readonly not_before: string | null;
  readonly operation: string | null;
}

async function explainRoot(
  client: ClientBase,
  { plan, root, scope, topicPrefix }: RootOf & { readonly topicPrefix: string },
): Promise<RootExplanation> {
  const { pipeline } = plan;
  const isShown = ([piece]: readonly [Piece, unknown]): boolean => scope === 'whole' || scope.has(piece);
  const { rows } = await client.query<RootRow>(
    `SELECT l.owned, l.losses, l.run, l.written_at, l.version, d.attempts,
            CASE WHEN isfinite(d.not_before) THEN to_json(d.not_before) #>> '{}' END AS not_before, nullif(d.operation, '') AS operation
     FROM (VALUES ($1, $2)) AS x (pipeline, root)
     LEFT JOIN cdc.ledger l USING (pipeline, root) LEFT JOIN cdc.dirty d USING (pipeline, root)`,
    [pipeline.name, root],
  );
  const books = rows[0] as RootRow;
  const waiting = await client.query<{ table: string; key: string; since: Date }>(
    'SELECT parent_table AS table, parent_key AS key, since FROM cdc.waiting WHERE pipeline = $1 AND root = $2 ORDER BY 1, 2',
    [pipeline.name, root],
  );
  const quarantine = await readQuarantine(client, `pipeline = $1 AND kind = 'root' AND root = $2`, [
    pipeline.name,
    root,
  ]);
  const adopted = await client.query<{ table: string; id: string; adopted_at: Date }>(
    'SELECT v3_table AS table, v3_id AS id, adopted_at FROM cdc.crosswalk WHERE pipeline = $1 AND root = $2 ORDER BY 1, 2',
    [pipeline.name, root],
  );
  const v2 = await readTree(client, { plan, root, scope, topicPrefix });
  const pieces = Object.entries(books.owned ?? {});
  const shownPieces = pieces.filter(isShown);
  const isLive = v2.some(({ path, isLive: lives }) => path === 'root' && lives);
  const isQuarantined = quarantine.some(({ resolvedAt }) => resolvedAt === null);
  const inV3 = books.owned !== null || adopted.rows.length > 0;
  return {
    pipeline: pipeline.name,
    table: plan.root.node.table,
    key: root,
    moreParts: pieces.length - shownPieces.length,
    state: stateOf({ isQuarantined, isWaiting: waiting.rows.length > 0, isDue: books.attempts !== null, inV3, isLive }),
    v2,
    v3: await readOwned(client, pipeline, Object.fromEntries(shownPieces)),
    adopted: adopted.rows.map(({ table, id, adopted_at: at }) => ({ table, id, adoptedAt: at.toISOString() })),
    written:
      books.run === null
        ? null
        : {
            run: books.run,
            at: (books.written_at as Date).toISOString(),
            version: books.version ?? '',
            isOutdated: books.version !== (await currentVersion(client, pipeline)),
          },
    losses: Object.entries(books.losses ?? {})
      .filter(isShown)
      .flatMap(([part, counts]) =>
        Object.entries(counts).map(([name, count]) => {
          const [code = '', column = ''] = name.split(' ');
          return { part, code, column, count };
        }),
      ),
    due:
      books.attempts === null
        ? null
        : { attempts: books.attempts, notBefore: books.not_before, operation: books.operation },
    waitsFor: waiting.rows.map(({ table, key, since }) => ({ table, key, since: since.toISOString() })),
    quarantine,
  };
}

/** Of the transformation that the pipeline has now; null when this build lacks the change that was promoted. */
async function currentVersion(client: ClientBase, pipeline: Pipeline): Promise<string | null> {
  const change = await promotedChange(client, pipeline.name);
  return loadTransformation(pipeline, change).then(
    ({ version }) => version,
    () => null,
  );
}

/** What an operator wants to know first: why it is not as it should be. */
export function stateOf(root: {
  readonly isQuarantined: boolean;
  readonly isWaiting: boolean;
  readonly isDue: boolean;
  readonly inV3: boolean;
  readonly isLive: boolean;
}): RootExplanation['state'] {
  if (root.isQuarantined) return 'in quarantine';
  if (root.isWaiting) return 'waiting';
  if (root.isDue) return 'due';
  if (root.inV3) return 'in v3';
  return root.isLive ? 'nothing in v3' : 'deleted';
}

/** Every v2 row that the root's v3 rows follow from, as `derive` sees it, with where it came from. */
async function readTree(
  client: ClientBase,
  { plan, root, scope, topicPrefix }: RootOf & { readonly topicPrefix: string },
): Promise<readonly LandedRow[]> {
  const { trees } = await loadRoots(client, plan, { scopes: new Map([[root, scope]]) });
  const tree = trees.get(root);
  const where = (table: string): LandedTable => ({ plan, topicPrefix, table });
  // Gone from v2: what landing remembers of it.
  if (tree === undefined)
    return [...(await readLanded(client, where(plan.root.node.table), [root])).values()].map((row) => ({
      ...row,
      path: 'root',
    }));
  const found: Found[] = [];
  const visit = (node: PlannedNode, row: LoadedRow, above: LoadedRow): void => {
    if (found.length >= MOST_ROWS) return;
    found.push({ node, row, above, key: node === plan.root ? root : keyOf(node, { row, above, root: tree }) });
    for (const child of node.children) {
      const below = row[child.path.at(-1) as string];
      for (const each of Array.isArray(below) ? below : [below])
        if (typeof each === 'object' && each !== null) visit(child, each, row);
    }
  };
  visit(plan.root, tree, tree);
  const byKey = new Map<string, ReadonlyMap<string, LandedRow>>();
  for (const table of new Set(found.map(({ node }) => node.node.table))) {
    const keys = found.flatMap(({ node, key }) => (node.node.table === table && key !== null ? [key] : []));
    byKey.set(table, await readLanded(client, where(table), keys));
  }
  const unkeyed = Map.groupBy(
    found.filter(({ key }) => key === null),
    ({ node }) => node,
  );
  const byJoin = new Map<LoadedRow, LandedRow>();
  for (const [node, rows] of unkeyed)
    for (const [row, landed] of await readJoined(client, where(node.node.table), { node, rows, root: tree }))
      byJoin.set(row, landed);
  return found.map(({ node, row, key }) => {
    const { table } = node.node;
    const from = key === null ? byJoin.get(row) : byKey.get(table)?.get(key);
    const names = new Set(node.children.map((child) => child.path.at(-1)));
    return {
      pipeline: plan.pipeline.name,
      table,
      path: ['root', ...node.path].join('.'),
      key: key ?? from?.key ?? null,
      position: from?.position ?? null,
      committedAt: from?.committedAt ?? null,
      isLive: true,
      row: Object.fromEntries(Object.entries(row).filter(([column]) => !names.has(column))),
    };
  });
}

/** A row of a root's tree, below the row that it is joined to; its key where it is known. */
interface Found {
  readonly node: PlannedNode;
  readonly row: LoadedRow;
  readonly above: LoadedRow;
  readonly key: string | null;
}

/**
 * The key of a joined row: from its own columns as far as they are declared, else from where its join starts. Null where
 * neither says it.
 */
function keyOf(
  { node, join }: PlannedNode,
  { row, above, root }: { readonly row: LoadedRow; readonly above: LoadedRow; readonly root: LoadedRow },
): string | null {
  const values = node.key.map((column) => {
    const path = join?.on[column];
    return row[column] !== undefined || path === undefined ? row[column] : getter(path)({ row: above, root });
  });
  return values.some((value) => value === undefined || value === null) ? null : (keyText(values) ?? null);
}

/** Columns of which `derive` sees the text that landing holds, or a whole number that has no other. */
const LANDED_AS_SEEN = /^(?:integer|smallint|bigint|text|character varying)/;

/**
 * Rows whose key is not known, by what their join and their declared columns say of them. A row that several in landing may
 * be is left out.
 */
async function readJoined(
  client: ClientBase,
  at: LandedTable,
  { node, rows, root }: { readonly node: PlannedNode; readonly rows: readonly Found[]; readonly root: LoadedRow },
): Promise<ReadonlyMap<LoadedRow, LandedRow>> {
  const links = Object.entries(node.join?.on ?? {}).map(([column, path]) => ({ column, get: getter(path) }));
  if (links.length === 0) return new Map();
  const types = v2Tables[node.node.table].columns as Readonly<Record<string, string>>;
  const seen = node.node.columns.filter((column) => LANDED_AS_SEEN.test(types[column] ?? ''));
  const columns = [...new Set([...links.map(({ column }) => column), ...seen])];
  const wanted = rows.map(({ row, above }, index) => ({
    ...Object.fromEntries(seen.map((column) => [column, textOf(row[column])])),
    ...Object.fromEntries(links.map(({ column, get }) => [column, get({ row: above, root })])),
    _index: index,
  }));
  // The links have indexes, and are never NULL.
  const same = [
    ...links.map(({ column }) => `t.${quote(column)} = p.${quote(column)}`),
    ...seen.map((column) => `t.${quote(column)} IS NOT DISTINCT FROM p.${quote(column)}`),
  ];
  const { rows: landed } = await client.query<LandedImage & { index: number }>(
    `SELECT p._index AS index, ${LANDED_IMAGE}
     FROM json_to_recordset($1) AS p (_index int, ${columns.map((column) => `${quote(column)} text`).join(', ')})
     JOIN ${landingTable(at.plan.pipeline.name, at.table)} t ON t._live > 0 AND ${same.join(' AND ')}`,
    [JSON.stringify(wanted)],
  );
  const candidates = Map.groupBy(landed, ({ index }) => index);
  return new Map(
    rows.flatMap(({ row }, index) => {
      const [only, ...others] = candidates.get(index) ?? [];
      return only === undefined || others.length > 0 ? [] : [[row, landedRow(at, only)] as const];
    }),
  );
}

interface LandedTable {
  readonly plan: Plan;
  readonly topicPrefix: string;
  readonly table: string;
}

/** A row of landing, whole, whichever columns of its own the table has. */
interface LandedImage {
  readonly key: string;
  readonly live: boolean;
  readonly offset: string;
  readonly committed: string;
  readonly image: Readonly<Record<string, unknown>>;
}

const LANDED_IMAGE = `t._key AS key, t._live > 0 AS live, t._offset AS "offset", t._committed_at AS committed, to_jsonb(t) AS image`;

function landedRow(
  { plan, topicPrefix, table }: LandedTable,
  { key, live, offset, committed, image }: LandedImage,
): LandedRow {
  return {
    pipeline: plan.pipeline.name,
    table,
    path: null,
    key,
    // Topics have one partition each.
    position: { topic: `${topicPrefix}.${table}`, partition: 0, offset: Number(offset) },
    committedAt: Number(committed) > 0 ? new Date(Number(committed)).toISOString() : null,
    isLive: live,
    row: Object.fromEntries(Object.entries(image).filter(([column]) => !column.startsWith('_'))),
  };
}

/** Key -> the newest image of the row, also of one that is deleted in v2. */
async function readLanded(
  client: ClientBase,
  at: LandedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, LandedRow>> {
  const { rows } = await client.query<LandedImage>(
    `SELECT ${LANDED_IMAGE} FROM ${landingTable(at.plan.pipeline.name, at.table)} t WHERE t._key = ANY($1)`,
    [keys],
  );
  return new Map(rows.map((row) => [row.key, landedRow(at, row)]));
}

/** Rows of a v3 table by its column `id`, or by the key that the ledger has. */
async function findV3Rows(client: ClientBase, asked: Explanation['asked']): Promise<readonly V3RowNow[]> {
  const columns = v3Tables[asked.table as keyof typeof v3Tables].columns as Readonly<Record<string, unknown>>;
  if (!('id' in columns)) return [];
  const { rows } = await client.query<{ row: Readonly<Record<string, unknown>> }>(
    `SELECT to_jsonb(t) AS row FROM ${quoteTable(asked.table)} t WHERE id::text = $1 LIMIT 100`,
    [asked.key],
  );
  return rows.map(({ row }) => ({ table: asked.table, key: asked.key, part: '', row }));
}

/** What the root owns, as it stands in v3 now. */
async function readOwned(client: ClientBase, pipeline: Pipeline, owned: OwnedPieces): Promise<readonly V3RowNow[]> {
  const result: V3RowNow[] = [];
  for (const [name, target] of Object.entries(pipeline.owns)) {
    const keys = Object.entries(owned).flatMap(([part, targets]) =>
      Object.keys(targets[name] ?? {}).map((key) => ({ part, key })),
    );
    if (keys.length === 0) continue;
    const wanted = keys.slice(0, MOST_ROWS - result.length).map(({ part, key }, index) => {
      const values = keyValues(key, target.key.length);
      return { index, part, key, values };
    });
    const table = quoteTable(target.table);
    const same = target.key.map((column) => `t.${quote(column)} = p.${quote(column)}`).join(' AND ');
    // The key's own index serves: the key's texts are cast to the columns' types, not the columns to text.
    const { rows } = await client.query<{ index: number; row: unknown }>(
      `SELECT x.index, to_jsonb(t) AS row FROM json_to_recordset($1) AS x (index int, key json)
       CROSS JOIN LATERAL json_populate_record(NULL::${table}, x.key) p JOIN ${table} t ON ${same} ORDER BY x.index`,
      [
        JSON.stringify(
          wanted.map(({ index, values }) => ({
            index,
            key: Object.fromEntries(target.key.map((column, at) => [column, values[at] ?? null])),
          })),
        ),
      ],
    );
    for (const { index, part, key } of wanted) {
      const standing = rows.filter((each) => each.index === index);
      if (standing.length === 0) result.push({ table: target.table, key, part, row: null });
      for (const { row } of standing) result.push({ table: target.table, key, part, row });
    }
  }
  return result;
}

interface QuarantineRow {
  readonly id: string;
  readonly pipeline: string;
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly attempts: number;
  readonly first_at: Date;
  readonly last_at: Date;
  readonly resolved_at: Date | null;
  readonly discarded_at: Date | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly kafka_offset: string | null;
  readonly message_key: Buffer | null;
}

async function readQuarantineRows(
  client: ClientBase,
  where: string,
  values: readonly unknown[],
): Promise<readonly QuarantineRow[]> {
  const { rows } = await client.query<QuarantineRow>(
    `SELECT id, pipeline, code, message, advice, attempts, first_at, last_at, resolved_at, discarded_at, topic, partition, kafka_offset, message_key
     FROM cdc.quarantine WHERE ${where} ORDER BY id DESC LIMIT 500`,
    [...values],
  );
  return rows;
}

async function readQuarantine(
  client: ClientBase,
  where: string,
  values: readonly unknown[],
): Promise<readonly Quarantined[]> {
  return (await readQuarantineRows(client, where, values)).map(shown);
}

/** Events of one v2 row: an event's key is in its bytes alone, and may be unreadable. */
async function readQuarantinedEvents(client: ClientBase, asked: Explanation['asked']): Promise<readonly Quarantined[]> {
  const events = await readQuarantineRows(client, `kind = 'event' AND source = $1`, [asked.table]);
  return events.filter(({ message_key: key }) => key !== null && eventKey(key) === asked.key).map(shown);
}

/** The row's key, of the key of a Debezium message, `{"id": 7}` or with its schema around it; undefined for other bytes. */
export function eventKey(bytes: Buffer): string | undefined {
  try {
    const parsed = JSON.parse(bytes.toString()) as Readonly<Record<string, EventValue>> | null;
    const values = parsed !== null && 'payload' in parsed && 'schema' in parsed ? parsed['payload'] : parsed;
    return typeof values === 'object' && values !== null ? keyText(Object.values<EventValue>(values)) : undefined;
  } catch {
    return undefined;
  }
}

function shown(row: QuarantineRow): Quarantined {
  const { id, pipeline, code, message, advice, attempts, topic, partition } = row;
  return {
    id,
    pipeline,
    code,
    message,
    advice,
    attempts,
    firstAt: row.first_at.toISOString(),
    lastAt: row.last_at.toISOString(),
    resolvedAt: row.resolved_at?.toISOString() ?? null,
    discardedAt: row.discarded_at?.toISOString() ?? null,
    position: topic === null ? null : { topic, partition: partition ?? 0, offset: Number(row.kafka_offset) },
  };
}
