// The sums over a range of roots, made by PostgreSQL: no row leaves the server. The ledger says which rows are meant; v3 is
// asked by the key of each, so that rows that are v3's own never count.
import type { ClientBase } from 'pg';
import { quote, quoteTable } from '../../activities/identifiers.ts';
import { query } from '../../activities/statement.ts';
import { v3Tables } from '../../pipelines/catalog/v3.ts';
import type { Pipeline, Target } from '../../pipelines/definition.ts';
import type { Figures, Range, RangeState, TargetFigures } from './ranges.ts';

/** The values that belong to `within`. */
export function boundsOf(pipeline: string, { above, upto }: Range): readonly string[] {
  return upto === null ? [pipeline, above] : [pipeline, above, upto];
}

/** A condition on a column of root keys. Not `$3 IS NULL OR ...`, which no index serves. */
export function within(column: string, { upto }: Range): string {
  return `${column} > $2${upto === null ? '' : ` AND ${column} <= $3`}`;
}

/** Changes with every write of an entry in the range, and with every root that comes or goes. */
const MARK = `count(*) || ':' || coalesce(sum(hashtextextended(l.root || ' ' || l.written_at || ' ' || l.version, 0)), 0)`;

export async function readState(
  client: ClientBase,
  { pipeline, range }: { readonly pipeline: Pipeline; readonly range: Range },
): Promise<RangeState> {
  const values = boundsOf(pipeline.name, range);
  const { rows: marks } = await query<{ mark: string }>(
    client,
    `SELECT ${MARK} AS mark FROM cdc.ledger l WHERE l.pipeline = $1 AND ${within('l.root', range)}`,
    values,
  );
  const { rows } = await query<TargetFigures & { target: string }>(client, figuresText(pipeline, range), values);
  const figures: Figures = Object.fromEntries(
    rows.map(({ target, owned, keys, found, checksum }) => [target, { owned, keys, found, checksum }]),
  );
  return { mark: marks[0]?.mark ?? '', figures };
}

/** Each range's mark as it is now, by `above`. */
export async function readMarks(client: ClientBase, pipeline: string): Promise<ReadonlyMap<string, string>> {
  const { rows } = await query<{ above: string; mark: string }>(
    client,
    `SELECT r.above, m.mark FROM cdc.verified_ranges r
     CROSS JOIN LATERAL (
       SELECT ${MARK} AS mark FROM cdc.ledger l
       WHERE l.pipeline = r.pipeline AND l.root > r.above AND l.root <= coalesce(r.upto, (SELECT max(root) FROM cdc.ledger WHERE pipeline = $1))) m
     WHERE r.pipeline = $1`,
    [pipeline],
  );
  return new Map(rows.map(({ above, mark }) => [above, mark]));
}

function figuresText(pipeline: Pipeline, range: Range): string {
  const parts = Object.entries(pipeline.owns).map(([name, target]) => {
    const once = target.bag ? 'DISTINCT ' : '';
    return `SELECT '${name}' AS target, count(${once}o.key)::text AS owned,
              coalesce(sum(${once}hashtextextended(o.key, 0)), 0)::text AS keys,
              count(t.${quote(target.key[0] as string)})::text AS found,
              coalesce(sum(hashtextextended(t::text, 0)), 0)::text AS checksum
            FROM owned o LEFT JOIN ${quoteTable(target.table)} t ON ${sameAsLedgerKey(target)} WHERE o.target = '${name}'`;
  });
  return `WITH owned AS MATERIALIZED (${ownedText(range)}) ${parts.join(' UNION ALL ')}`;
}

function ownedText(range: Range): string {
  return `SELECT rows.key AS target, k.key FROM cdc.ledger l, jsonb_each(l.owned) piece, jsonb_each(piece.value) rows,
            jsonb_object_keys(rows.value) AS k (key)
          WHERE l.pipeline = $1 AND ${within('l.root', range)}`;
}

/** The ledger's half of the sums alone. */
export async function readOwned(
  client: ClientBase,
  { pipeline, range }: { readonly pipeline: Pipeline; readonly range: Range },
): Promise<readonly ({ readonly target: string } & Pick<TargetFigures, 'owned' | 'keys'>)[]> {
  const { rows } = await query<Pick<TargetFigures, 'owned' | 'keys'> & { target: string }>(
    client,
    `SELECT target, count(*)::text AS owned, sum(hashtextextended(key, 0))::text AS keys
     FROM (${ownedText(range)}) AS owned (target, key) GROUP BY target`,
    boundsOf(pipeline.name, range),
  );
  return rows;
}

/** v3's row `t` has the ledger key `o.key`; the key is cast to the column's type, so that the index serves. */
function sameAsLedgerKey(target: Target): string {
  const types = v3Tables[target.table].columns as Readonly<Record<string, string>>;
  return target.key
    .map((column, index) => {
      const value = target.key.length === 1 ? 'o.key' : `(o.key::jsonb ->> ${index})`;
      const type = types[column] ?? 'text';
      return `t.${quote(column)} = ${value}::${type.startsWith('character') ? 'text' : type}`;
    })
    .join(' AND ');
}

/** v3's row `t` -> its key as the ledger writes it. */
export function ledgerKeyOf(target: Target): string {
  const [only, ...more] = target.key.map((column) => `t.${quote(column)}::text`);
  if (more.length === 0) return only as string;
  // JSON without blanks, as JSON.stringify writes it.
  return `('[' || ${[only, ...more].map((text) => `to_json(${text})::text`).join(` || ',' || `)} || ']')`;
}

export interface RangeSize {
  /** Of the ledger's entries: some 60 a row. */
  readonly bytes: number;
  readonly roots: number;
}

/** Some 5,000 rows of v3: enough for set-based statements, few enough for memory and for a short snapshot. */
export const RANGE_SIZE: RangeSize = { bytes: 300_000, roots: 4_000 };

/** Where a range that begins at `above` and must end at `limit` ends: there, or before it grows too large. */
export async function endOfRange(
  client: ClientBase,
  {
    pipeline,
    above,
    limit,
    isKnown,
    size,
  }: {
    readonly pipeline: string;
    readonly above: string;
    readonly limit: string | null;
    /** One that was recorded may grow to twice the size before it is split. */
    readonly isKnown: boolean;
    readonly size: RangeSize;
  },
): Promise<string | null> {
  const range = { above, upto: limit };
  const times = isKnown ? 2 : 1;
  const { rows } = await query<{ root: string }>(
    client,
    `SELECT root FROM (
       SELECT root, sum(bytes) OVER (ORDER BY root) AS bytes, row_number() OVER (ORDER BY root) AS number
       FROM (SELECT l.root, pg_column_size(l.owned) AS bytes FROM cdc.ledger l
             WHERE l.pipeline = $1 AND ${within('l.root', range)} ORDER BY l.root LIMIT ${size.roots * times + 1}) roots) sums
     WHERE bytes > ${size.bytes * times} OR number > ${size.roots * times} ORDER BY root LIMIT 1`,
    boundsOf(pipeline, range),
  );
  if (rows.length === 0) return limit;
  if (!isKnown) return (rows[0] as { root: string }).root;
  return endOfRange(client, { pipeline, above, limit, isKnown: false, size });
}
