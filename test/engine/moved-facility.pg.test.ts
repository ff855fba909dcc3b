// What a move costs: a facility goes to another zone, type or requisition group, a zone to another parent, in the demo's
// eLMIS on a real v3. Derived are exactly the roots that read what moved, counted here from v2's own rows, and written are
// exactly the v3 rows that differ afterwards.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadDemo } from '../../infra/demo/load.ts';
import { quote, quoteTable } from '../../activities/identifiers.ts';
import { pipelines, publishedTables } from '../../pipelines/index.ts';
import { createDatabase } from '../support/databases.ts';
import { changeIn } from './small-v2.ts';
import { applyAll, createTestbed, deriveAll, settle } from './testbed.ts';
import type { Testbed } from './testbed.ts';
import { readV2Rows } from './v2-rows.ts';
import { createV2Source } from './v2-source.ts';
import type { Transaction, V2Source } from './v2-source.ts';
import type { Row } from './v2-tables.ts';

let testbed: Testbed;
let v2: V2Source;

beforeAll(async () => {
  testbed = await createTestbed();
  v2 = createV2Source();
  const demo = await createDatabase('empty');
  const aside = await createDatabase('v3');
  await loadDemo({ v2Url: demo.url, v3Url: aside.url, scale: 0.2, seed: 7, log: { info: () => undefined } });
  for (const table of publishedTables) v2.fill(table, await readV2Rows(demo.client, table));
  await demo.drop();
  await aside.drop();
  v2.snapshot();
  await settle(testbed, v2);
}, 180_000);
afterAll(() => testbed.close());

const rowsOf = (table: string): readonly Row[] => v2.rows(`public.${table}`);
const countOf = (table: string, isWanted: (row: Row) => boolean): number => rowsOf(table).filter(isWanted).length;

/** One that has requisitions and stands in a requisition group. */
function facility(): Row {
  const members = new Set(rowsOf('requisition_group_members').map((row) => row['facilityid']));
  const found = rowsOf('facilities').find(
    ({ id }) => members.has(id ?? null) && countOf('requisitions', (row) => row['facilityid'] === id) > 1,
  );
  if (found === undefined) throw new Error('The demo has no facility with requisitions in a group');
  return found;
}

function otherThan(table: string, id: unknown, isWanted: (row: Row) => boolean = () => true): number {
  const found = rowsOf(table).find((row) => row['id'] !== id && isWanted(row));
  if (found === undefined) throw new Error(`The demo has no second row of ${table}`);
  return Number(found['id']);
}

/** Users with a role at the node of one of these groups or at a node above it. */
function usersAbove(groups: readonly unknown[]): number {
  const nodes = new Map(rowsOf('supervisory_nodes').map((row) => [row['id'], row['parentid'] ?? null]));
  const above = new Set<unknown>();
  for (const group of rowsOf('requisition_groups').filter(({ id }) => groups.includes(id))) {
    for (let node = group['supervisorynodeid'] ?? null; node !== null; node = nodes.get(node) ?? null) above.add(node);
  }
  const assigned = rowsOf('role_assignments').filter((row) => above.has(row['supervisorynodeid']));
  return new Set(assigned.map(({ userid }) => userid)).size;
}

interface Move {
  readonly title: string;
  readonly plan: () => {
    readonly move: (transaction: Transaction) => void;
    /** Pipeline -> roots that are to be derived; of all others none. */
    readonly derived: Readonly<Record<string, number>>;
    /** v3 tables that may be written. */
    readonly written: readonly string[];
  };
}

const moves: readonly Move[] = [
  {
    title: 'a facility in another zone is one root and one row: nothing else knows its zone',
    plan() {
      const { id, geographiczoneid } = facility();
      const zone = otherThan('geographic_zones', geographiczoneid);
      return {
        move: (transaction) =>
          changeIn(transaction, 'facilities', { id: Number(id), values: { geographiczoneid: zone } }),
        derived: { facilities: 1 },
        written: ['referencedata.facilities'],
      };
    },
  },
  {
    title: 'a zone below another parent is one root and one row: its facilities stay',
    plan() {
      const { id, parentid, levelid } = rowsOf('geographic_zones').find((row) => row['levelid'] === 4) as Row;
      const above = rowsOf('geographic_zones').find((row) => row['id'] === parentid);
      const parent = otherThan('geographic_zones', parentid, (row) => row['levelid'] === above?.['levelid']);
      expect(levelid).not.toBe(above?.['levelid']);
      return {
        move: (transaction) =>
          changeIn(transaction, 'geographic_zones', { id: Number(id), values: { parentid: parent } }),
        derived: { 'geographic-zones': 1 },
        written: ['referencedata.geographic_zones'],
      };
    },
  },
  {
    title: 'a facility of another type is itself and its own requisitions, whose lines are approved by type',
    plan() {
      const { id, typeid } = facility();
      const type = otherThan('facility_types', typeid, (row) => row['id'] !== 1);
      return {
        move: (transaction) => changeIn(transaction, 'facilities', { id: Number(id), values: { typeid: type } }),
        derived: { facilities: 1, requisitions: countOf('requisitions', (row) => row['facilityid'] === id) },
        written: ['referencedata.facilities', 'requisition.requisition_line_items'],
      };
    },
  },
  {
    title: 'a facility in another requisition group is both groups, and the users who supervise either',
    plan() {
      const { id } = facility();
      const member = rowsOf('requisition_group_members').find((row) => row['facilityid'] === id) as Row;
      const left = member['requisitiongroupid'];
      const joined = otherThan('requisition_groups', left, (row) => row['supervisorynodeid'] !== null);
      return {
        move: (transaction) =>
          changeIn(transaction, 'requisition_group_members', {
            id: Number(member['id']),
            values: { requisitiongroupid: joined },
          }),
        derived: { 'requisition-groups': 2, 'right-assignments': usersAbove([left, joined]) },
        written: ['referencedata.requisition_group_members', 'referencedata.right_assignments'],
      };
    },
  },
];

test.each(moves)('$title', async ({ plan }) => {
  const { move, derived, written } = plan();
  expect(Object.values(derived).every((roots) => roots > 0)).toBe(true);
  const before = await readV3();
  v2.transaction(move);
  const seen: Record<string, number> = {};
  let reported = 0;
  for (const engine of testbed.engines) {
    const report = await applyAll(engine, v2);
    if (report.derived > 0) seen[engine.name] = report.derived;
    reported += report.written;
    expect(report).toMatchObject({ isApplied: true, deferred: 0, quarantined: 0 });
  }
  for (const engine of testbed.engines) expect(await deriveAll(engine)).toMatchObject({ derived: 0, written: 0 });
  expect(seen).toEqual(derived);

  const after = await readV3();
  const touched = changed(before, after, ({ author }) => author);
  expect(touched).toEqual(changed(before, after, ({ content }) => content));
  expect(new Set(touched.map((row) => row.split(' ')[0]))).toEqual(new Set(written));
  expect(reported).toBe(touched.length);
});

interface Standing {
  /** The transaction that wrote it. */
  readonly author: string;
  readonly content: string;
}

/** '<table> <key>' -> every row of the tables that pipelines own. */
async function readV3(): Promise<ReadonlyMap<string, Standing>> {
  const rows = new Map<string, Standing>();
  for (const { table, key, bag } of pipelines.flatMap(({ owns }) => Object.values(owns))) {
    const columns = [...key.map(quote), ...(bag ? ['ctid'] : [])].map((column) => `t.${column}::text`);
    const read = await testbed.client.query<Standing & { readonly key: string }>(
      `SELECT concat_ws(' ', ${columns.join(', ')}) AS key, xmin::text AS author, md5(t::text) AS content FROM ${quoteTable(table)} t`,
    );
    for (const row of read.rows) rows.set(`${table} ${row.key}`, row);
  }
  return rows;
}

/** Rows that came, went, or are not what they were. */
function changed(
  before: ReadonlyMap<string, Standing>,
  after: ReadonlyMap<string, Standing>,
  aspect: (row: Standing) => string,
): readonly string[] {
  const aspectOf = (row: Standing | undefined): string | undefined => (row === undefined ? undefined : aspect(row));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((row) => aspectOf(before.get(row)) !== aspectOf(after.get(row)))
    .sort();
}
