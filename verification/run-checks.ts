// The figures that people look at, report by report of v3, computed on each side in its own words: they would show a fault
// that mapping and comparison share. Groups are compared; of those that differ the rows behind them are fetched and paired.
import type { ClientBase } from 'pg';
import { quote } from '../activities/identifiers.ts';
import type { Check } from './checks/check.ts';
import { checks } from './checks/index.ts';

/** Column -> PostgreSQL's text; figures in their shortest form. */
type TextRow = Readonly<Record<string, string | null>>;

interface FigureDifference {
  readonly figure: string;
  /** Null where the side has no such group, or no number in it. */
  readonly v2: string | null;
  readonly v3: string | null;
}

export interface GroupDifference {
  readonly group: TextRow;
  readonly figures: readonly FigureDifference[];
  /** Some of the rows behind it that one side only has. A changed row is one of each side. */
  readonly rows: readonly { readonly side: 'v2' | 'v3'; readonly row: TextRow }[];
}

export interface CheckReport {
  readonly check: string;
  /** Groups in v2. */
  readonly rows: number;
  /** Groups that differ. */
  readonly differences: number;
  /** The first of them. */
  readonly samples: readonly GroupDifference[];
}

export interface Sides {
  readonly v2: ClientBase;
  readonly v3: ClientBase;
}

/** So many differing groups are shown, and so many rows of each. Every further group costs a look at both sides. */
const MOST_GROUPS = 20;
const MOST_ROWS = 10;

/** Figure of an exact check: which rows they are, apart from their figures. */
const DIGEST = 'digest';

export async function runChecks(sides: Sides): Promise<readonly CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const check of checks) reports.push(await runCheck(sides, check));
  return reports;
}

export async function runCheck(sides: Sides, check: Check): Promise<CheckReport> {
  const keyOf = keyBy(check.group);
  const v2 = new Map((await readGroups(sides.v2, check, check.v2)).map((row) => [keyOf(row), row]));
  const v3 = new Map((await readGroups(sides.v3, check, check.v3)).map((row) => [keyOf(row), row]));
  const differing = [...new Set([...v2.keys(), ...v3.keys()])]
    .toSorted()
    .map((key) => ({ key, figures: differingFigures(check, v2.get(key), v3.get(key)) }))
    .filter(({ figures }) => figures.length > 0);
  const shown = differing.slice(0, MOST_GROUPS);
  const rows = await rowsBehind(
    sides,
    check,
    shown.map(({ key }) => key),
  );
  const samples = shown.map(({ key, figures }) => ({
    group: only(v2.get(key) ?? v3.get(key), check.group),
    figures,
    rows: (rows.get(key) ?? []).slice(0, MOST_ROWS),
  }));
  return { check: check.check, rows: v2.size, differences: differing.length, samples };
}

export interface GroupRows {
  /** Figure -> its value; null where the side has no such group. */
  readonly figures: Readonly<Record<'v2' | 'v3', TextRow | null>>;
  readonly rows: readonly { readonly side: 'v2' | 'v3'; readonly row: TextRow }[];
  /** Rows of the side that has the most of them, beyond those that are shown. */
  readonly moreRows: number;
}

/** One group with the rows of both sides behind it, each beside its counterpart. */
export async function readGroup(
  sides: Sides,
  check: Check,
  { group, limit }: { readonly group: TextRow; readonly limit: number },
): Promise<GroupRows> {
  const keys = [keyBy(check.group)(group)];
  const named = [...check.row, ...check.figures];
  const nameOf = keyBy(check.row);
  const read = async (side: 'v2' | 'v3') => {
    const rows = await readRows(sides[side], check, { text: check[side], keys });
    return {
      all: rows.length,
      figures: rows.length === 0 ? null : figuresOfRows(check, rows),
      shown: rows
        .toSorted((a, b) => compare(nameOf(a), nameOf(b)))
        .slice(0, limit)
        .map((row) => ({ side, row: only(row, named) })),
    };
  };
  const [v2, v3] = [await read('v2'), await read('v3')];
  return {
    figures: { v2: v2.figures, v3: v3.figures },
    rows: [...v2.shown, ...v3.shown].toSorted(
      (a, b) => compare(nameOf(a.row), nameOf(b.row)) || compare(a.side, b.side),
    ),
    moreRows: Math.max(0, v2.all - limit, v3.all - limit),
  };
}

/** As the report adds them up: what is no number adds nothing. */
function figuresOfRows(check: Check, rows: readonly TextRow[]): TextRow {
  const sum = (figure: string): string | null => {
    const texts = rows.flatMap((row) => row[figure] ?? []);
    return texts.length === 0 ? null : sumOf(texts);
  };
  return {
    [check.counted]: String(rows.length),
    ...Object.fromEntries(check.figures.map((figure) => [figure, sum(figure)])),
  };
}

/** Exact, whatever digits there are behind the point. */
function sumOf(texts: readonly string[]): string {
  const digits = Math.max(...texts.map((text) => text.split('.')[1]?.length ?? 0));
  const sum = texts.reduce((total, text) => {
    const [whole = '0', rest = ''] = text.split('.');
    return total + BigInt(`${whole}${rest.padEnd(digits, '0')}`);
  }, 0n);
  if (digits === 0) return String(sum);
  const unsigned = String(sum < 0n ? -sum : sum).padStart(digits + 1, '0');
  const text = `${sum < 0n ? '-' : ''}${unsigned.slice(0, -digits)}.${unsigned.slice(-digits)}`;
  return sameNumber(text) ?? text;
}

function differingFigures(check: Check, v2: TextRow | undefined, v3: TextRow | undefined): readonly FigureDifference[] {
  return figuresOf(check)
    .map((figure) => ({ figure, v2: v2?.[figure] ?? null, v3: v3?.[figure] ?? null }))
    .filter((figure) => figure.v2 !== figure.v3);
}

/** By group, what is left when the rows that both sides have are taken away. */
async function rowsBehind(
  sides: Sides,
  check: Check,
  keys: readonly string[],
): Promise<ReadonlyMap<string, GroupDifference['rows']>> {
  if (keys.length === 0) return new Map();
  const [v2, v3] = [
    await readRows(sides.v2, check, { text: check.v2, keys }),
    await readRows(sides.v3, check, { text: check.v3, keys }),
  ];
  const left = [
    ...without(v2, v3).map((row) => ({ side: 'v2' as const, row })),
    ...without(v3, v2).map((row) => ({ side: 'v3' as const, row })),
  ];
  const keyOf = keyBy(check.group);
  const named = [...check.row, ...check.figures];
  return new Map(
    [...Map.groupBy(left, ({ row }) => keyOf(row))].map(([key, found]) => [
      key,
      // A row beside its counterpart.
      found
        .toSorted((a, b) => compare(keyBy(check.row)(a.row), keyBy(check.row)(b.row)) || compare(a.side, b.side))
        .map(({ side, row }) => ({ side, row: only(row, named) })),
    ]),
  );
}

/** Rows that are not among the others, as often as they are not. */
function without(rows: readonly TextRow[], others: readonly TextRow[]): readonly TextRow[] {
  const counts = new Map<string, number>();
  for (const row of others) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1);
  return rows.filter((row) => {
    const text = JSON.stringify(row);
    const count = counts.get(text) ?? 0;
    counts.set(text, count - 1);
    return count <= 0;
  });
}

async function readGroups(client: ClientBase, check: Check, text: string): Promise<readonly TextRow[]> {
  const group = check.group.map((column) => `${quote(column)}::text`);
  const figures = check.figures.map((figure) => `sum(${quote(figure)})::text AS ${quote(figure)}`);
  const named = `jsonb_build_array(${check.row.map((column) => `${quote(column)}::text`).join(', ')})::text`;
  // 32 bits of each row, added up: the same in any order and in every version of PostgreSQL.
  const digest = `sum(('x' || left(md5(${named}), 8))::bit(32)::bigint)::text AS ${DIGEST}`;
  return select(client, check, {
    text: `SELECT ${[...group, `count(*)::text AS ${quote(check.counted)}`, ...figures, ...(check.exact ? [digest] : [])].join(', ')}
           FROM (${text}) AS rows GROUP BY ${check.group.map(quote).join(', ')}`,
    values: [],
  });
}

function figuresOf(check: Check): readonly string[] {
  return [check.counted, ...check.figures, ...(check.exact ? [DIGEST] : [])];
}

async function readRows(
  client: ClientBase,
  check: Check,
  { text, keys }: { readonly text: string; readonly keys: readonly string[] },
): Promise<readonly TextRow[]> {
  const columns = [...check.group, ...check.row, ...check.figures].map((column) => `${quote(column)}::text`);
  return select(client, check, {
    text: `SELECT ${columns.join(', ')} FROM (${text}) AS rows
           WHERE jsonb_build_array(${check.group.map((column) => `${quote(column)}::text`).join(', ')}) = ANY($1::jsonb[])`,
    values: [keys],
  });
}

async function select(
  client: ClientBase,
  check: Check,
  query: { readonly text: string; readonly values: readonly unknown[] },
): Promise<readonly TextRow[]> {
  const { rows } = await client.query<TextRow>(query.text, [...query.values]);
  return rows.map((row) => {
    const numbers = check.figures.map((figure) => [figure, sameNumber(row[figure] ?? null)]);
    return { ...row, ...Object.fromEntries(numbers) };
  });
}

function keyBy(columns: readonly string[]): (row: TextRow) => string {
  return (row) => JSON.stringify(columns.map((column) => row[column] ?? null));
}

function only(row: TextRow | undefined, columns: readonly string[]): TextRow {
  return Object.fromEntries(columns.map((column) => [column, row?.[column] ?? null]));
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** 12.50 and 12.5 are one number. */
function sameNumber(text: string | null): string | null {
  return text !== null && /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}
