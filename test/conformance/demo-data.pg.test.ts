// The demo eLMIS as a whole, mapped by every pipeline in order into an empty v3: everything is accepted, but for orders that
// nobody supplies, and every check of the verifier finds the same figures in both, and a falsified one. No stack is needed
// for it: rows are read from v2 by the test itself, so this judges the mappings alone, and then the checks.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDemo } from '../../infra/demo/load.ts';
import { runChecks } from '../../verification/run-checks.ts';
import { checks } from '../../verification/checks/index.ts';
import { stockOnHand } from '../../verification/checks/stock-on-hand.ts';
import { pipelines, publishedTables } from '../../pipelines/index.ts';
import type { Row } from './examples.ts';
import { readV2Rows } from '../engine/v2-rows.ts';
import { createDatabase } from '../support/databases.ts';
import type { TestDatabase } from '../support/databases.ts';
import { falsifications } from './falsifications.ts';
import { adoptingWriter, inTransaction } from './writer.ts';
import type { Writer } from './writer.ts';
import { treesOf } from './trees.ts';

describe('the demo eLMIS', () => {
  let v2: TestDatabase;
  let v3: TestDatabase;
  let writer: Writer;
  let tables: ReadonlyMap<string, readonly Row[]>;

  beforeAll(async () => {
    [v2, v3] = [await createDatabase('empty'), await createDatabase('v3')];
    await loadDemo({ v2Url: v2.url, v3Url: v3.url, scale: 0.2, seed: 7, log: { info: () => {} } });
    const read = new Map<string, readonly Row[]>();
    for (const table of publishedTables) read.set(table, await readV2Rows(v2.client, table));
    tables = read;
    writer = adoptingWriter(v3.client);
  }, 120_000);
  afterAll(async () => {
    await v2.drop();
    await v3.drop();
  });

  // In order: each pipeline stands on the rows of those before it.
  test.each([...pipelines])(
    'is accepted: $name',
    async (pipeline) => {
      const trees = treesOf(pipeline, tables);
      const refused: string[] = [];
      for (const tree of parentsFirst(trees)) {
        try {
          await inTransaction(v3.client, () => writer.write(pipeline, tree));
        } catch (error) {
          refused.push(`${String(tree['id'])}: ${(error as Error).message}`);
        }
      }
      const unsupplied = (each: string): boolean => / order \d+ has no supply line in v2/.test(each);
      expect(refused.filter((each) => !unsupplied(each))).toEqual(withoutPlace(pipeline.name, trees));
      expect(trees.length).toBeGreaterThan(0);
    },
    120_000,
  );

  test('every check of the verifier finds the same in both', async () => {
    const reports = await runChecks({ v2: v2.client, v3: v3.client });
    expect(reports.filter(({ differences }) => differences > 0)).toEqual([]);
    const { rows: entries } = await v2.client.query('SELECT FROM stock_card_entries LIMIT 1');
    const empty = reports.filter(({ rows }) => rows === 0).map(({ check }) => check);
    expect(empty).toEqual(entries.length === 0 ? [stockOnHand.check] : []);
  });

  test.each(falsifications)(
    'a falsified row is found, by its own check alone: $check',
    async ({ check, falsify, shown }) => {
      await v3.client.query('BEGIN');
      try {
        expect((await v3.client.query(falsify)).rowCount).toBe(1);
        const reports = await runChecks({ v2: v2.client, v3: v3.client });
        const found = reports.filter(({ differences }) => differences > 0);
        expect(found.map((report) => report.check)).toEqual([check]);
        const [difference] = found[0]?.samples ?? [];
        expect(Object.values(difference?.group ?? {})).not.toContain(null);
        expect(difference?.figures.map(({ figure }) => figure)).toEqual(shown.figures);
        expect(difference?.rows.map(({ side }) => side)).toEqual(shown.rows);
      } finally {
        await v3.client.query('ROLLBACK');
      }
    },
  );

  test('every check is falsified by some test', () => {
    expect(falsifications.map(({ check }) => check)).toEqual(checks.map(({ check }) => check));
  });

  test("adjustments by a reason that v3 brought itself point at v3's row", async () => {
    const { rows } = await v3.client.query(
      `SELECT count(*)::int > 0 AS pointed FROM stockmanagement.stock_card_line_items
       WHERE reasonid = 'e3fc3cf3-da18-44b0-a220-77c985202e06'`,
    );
    expect(rows).toEqual([{ pointed: true }]);
  });

  test('every order that somebody supplies is there, with one shipment and its proof of delivery', async () => {
    const { rows } = await v3.client.query(
      `SELECT (SELECT count(*)::int FROM fulfillment.orders) AS orders,
              (SELECT count(*)::int FROM fulfillment.order_line_items) AS lines,
              (SELECT count(*)::int FROM fulfillment.shipments) AS shipments,
              (SELECT sum(quantityshipped)::int FROM fulfillment.shipment_line_items) AS shipped,
              (SELECT count(*)::int FROM fulfillment.proofs_of_delivery) AS proofs,
              (SELECT sum(quantityaccepted)::int FROM fulfillment.proof_of_delivery_line_items) AS accepted`,
    );
    const expected = await v2.client.query(
      `WITH supplied AS (SELECT o.id FROM orders o WHERE o.supplylineid IS NOT NULL)
       SELECT count(*)::int AS orders,
              (SELECT count(*)::int FROM requisition_line_items li JOIN supplied s ON s.id = li.rnrid
               WHERE li.packstoship IS NOT NULL AND NOT li.skipped) AS lines,
              count(*) FILTER (WHERE EXISTS (SELECT FROM shipment_line_items l WHERE l.orderid = s.id)
                                  OR EXISTS (SELECT FROM pod p WHERE p.orderid = s.id))::int AS shipments,
              (SELECT sum(l.quantityshipped + coalesce(l.substitutedproductquantityshipped, 0))::int
               FROM shipment_line_items l JOIN supplied s ON s.id = l.orderid) AS shipped,
              (SELECT count(*)::int FROM pod p JOIN supplied s ON s.id = p.orderid) AS proofs,
              (SELECT sum(l.quantityreceived)::int FROM pod_line_items l JOIN pod p ON p.id = l.podid
               JOIN supplied s ON s.id = p.orderid) AS accepted
       FROM supplied s`,
    );
    const unsupplied = await v2.client.query('SELECT FROM orders WHERE supplylineid IS NULL');
    expect(rows).toEqual(expected.rows);
    expect(unsupplied.rowCount).toBeGreaterThan(0);
  });

  test('no comment of a requisition is lost, and no step has two messages', async () => {
    const { rows } = await v3.client.query<{ body: string }>(
      `SELECT string_agg(m.body, E'\n') AS body FROM requisition.status_messages m GROUP BY m.requisitionid`,
    );
    const comments = await v2.client.query<{ commenttext: string }>('SELECT commenttext FROM comments');
    const bodies = rows.map(({ body }) => body);
    expect(comments.rows.filter(({ commenttext }) => !bodies.some((body) => body.includes(commenttext)))).toEqual([]);
    expect(comments.rows.length).toBeGreaterThan(bodies.length);
  });

  test('Check R: right assignments are what v3’s own tables come to', async () => {
    const { rows } = await v3.client.query(
      `WITH RECURSIVE above AS (
         SELECT node.id AS node, node.id AS ancestor FROM referencedata.supervisory_nodes node
         UNION SELECT above.node, node.parentid FROM above
               JOIN referencedata.supervisory_nodes node ON node.id = above.ancestor WHERE node.parentid IS NOT NULL),
       supervised AS (
         SELECT above.ancestor AS node, support.programid, support.facilityid
         FROM referencedata.supported_programs support
         JOIN referencedata.requisition_group_members USING (facilityid)
         JOIN referencedata.requisition_group_program_schedules schedule USING (requisitiongroupid, programid)
         JOIN referencedata.requisition_groups ON requisition_groups.id = requisitiongroupid
         JOIN above ON above.node = requisition_groups.supervisorynodeid
         WHERE support.active),
       expected AS (
         SELECT DISTINCT assignment.userid, rights.name, assignment.programid,
           CASE assignment.type WHEN 'fulfillment' THEN assignment.warehouseid
             WHEN 'supervision' THEN CASE WHEN assignment.supervisorynodeid IS NULL THEN users.homefacilityid ELSE supervised.facilityid END END AS facilityid
         FROM referencedata.role_assignments assignment
         JOIN referencedata.users ON users.id = assignment.userid
         JOIN referencedata.role_rights USING (roleid)
         JOIN referencedata.rights ON rights.id = rightid
         LEFT JOIN supervised ON supervised.node = assignment.supervisorynodeid AND supervised.programid = assignment.programid
         WHERE assignment.supervisorynodeid IS NULL OR supervised.facilityid IS NOT NULL),
       actual AS (SELECT userid, rightname AS name, programid, facilityid FROM referencedata.right_assignments)
       SELECT (SELECT count(*)::int FROM (TABLE expected EXCEPT TABLE actual) AS missing) AS missing,
              (SELECT count(*)::int FROM (TABLE actual EXCEPT TABLE expected) AS extra) AS extra,
              (SELECT count(*) > 200 FROM actual) AS many,
              (SELECT count(DISTINCT (facilityid IS NULL, programid IS NULL))::int FROM actual) AS kinds`,
    );
    expect(rows).toEqual([{ missing: 0, extra: 0, many: true, kinds: 3 }]);
  });

  test('no line has lost its product or its adjustments', async () => {
    const { rows } = await v3.client.query(
      `SELECT (SELECT count(*)::int FROM requisition.requisition_line_items li
               WHERE NOT EXISTS (SELECT FROM referencedata.orderables o WHERE o.id = li.orderableid)) AS without_product,
              (SELECT count(*)::int FROM requisition.stock_adjustments a
               JOIN requisition.requisition_line_items li ON li.id = a.requisitionlineitemid
               WHERE NOT EXISTS (SELECT FROM requisition.stock_adjustment_reasons r
                                 WHERE r.reasonid = a.reasonid AND r.requisitionid = li.requisitionid)) AS without_reason`,
    );
    expect(rows).toEqual([{ without_product: 0, without_reason: 0 }]);
  });
});

/** What v2 holds and v3 cannot: groups without a node. */
function withoutPlace(pipeline: string, trees: readonly Row[]): readonly unknown[] {
  if (pipeline !== 'requisition-groups') return [];
  const groups = trees.filter((tree) => tree['supervisorynodeid'] === null);
  expect(groups.length).toBeGreaterThan(0);
  return groups.map((tree) => expect.stringMatching(`^${String(tree['id'])}: .*supervisorynodeid is empty`));
}

/** v3 checks a zone's parent at once, and v2's ids need not be in the order of the tree. */
function parentsFirst(trees: readonly Row[]): readonly Row[] {
  const byId = new Map(trees.map((tree) => [tree['id'], tree]));
  const depth = (tree: Row): number => {
    const parent = byId.get(tree['parentid'] ?? null);
    return parent === undefined ? 0 : depth(parent) + 1;
  };
  return trees.toSorted((left, right) => depth(left) - depth(right));
}
