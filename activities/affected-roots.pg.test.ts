// From a changed row to the roots concerned: for every join of every pipeline, compared with the trees themselves.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRandom } from '../infra/demo/random.ts';
import { keyText } from '../model/change-event.ts';
import type { EventValue } from '../model/change-event.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { pipelines } from '../pipelines/index.ts';
import { treesOf } from '../test/conformance/trees.ts';
import { insert } from '../test/engine/actions.ts';
import { createSmallV2 } from '../test/engine/small-v2.ts';
import { applyAll, batchFrom, createTestbed, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import type { V2Source } from '../test/engine/v2-source.ts';
import { createV2Source } from '../test/engine/v2-source.ts';
import { anyValue, plainRow, rulesOf, v2TableRules } from '../test/engine/v2-tables.ts';
import type { Column, Row } from '../test/engine/v2-tables.ts';
import { affectedRoots } from './affected-roots.ts';
import { landChunk } from './batch.ts';
import { lockPipeline, readPositions, writePositions } from './control.ts';
import type { Engine } from './engine.ts';
import type { PlannedNode } from './plan.ts';
import { inTransaction } from './transaction.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

/** Lands what is new, and asks which roots it concerns. */
async function landAndAsk(engine: Engine, v2: V2Source): Promise<ReadonlySet<string>> {
  const from = await readPositions(engine.deps.pool, engine.name);
  const { next, decoded } = await batchFrom(engine, { topics: v2.topics, from });
  return inTransaction(engine.deps.pool, async (client) => {
    await lockPipeline(client, engine.name);
    const { changes } = await landChunk(client, engine, decoded);
    const roots = await affectedRoots(client, engine.plan, changes);
    await writePositions(client, engine.name, next);
    return new Set(roots.keys());
  });
}

/** Root -> its whole tree as one text. */
function trees(pipeline: Pipeline, v2: V2Source): ReadonlyMap<string, string> {
  const tables = new Map([...v2.tables].map(([table, rows]) => [table, [...rows.values()]]));
  return new Map(
    treesOf(pipeline, tables).map((tree) => [
      keyText(pipeline.root.key.map((column) => tree[column] as EventValue)) ?? '',
      JSON.stringify(tree),
    ]),
  );
}

/** A joined row may name a root that is not there, as a requisition does that has no order: nothing is derived of it. */
function living(concerned: ReadonlySet<string>, ...states: readonly ReadonlyMap<string, string>[]): readonly string[] {
  return [...concerned].filter((root) => states.some((trees) => trees.has(root))).sort();
}

function changedTrees(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((root) => before.get(root) !== after.get(root))
    .sort();
}

/** Several rows of every table, and joins that find none, one and many. */
function manyRows(): V2Source {
  const v2 = createV2Source();
  const random = createRandom('many rows');
  v2.transaction((transaction) => {
    for (const rules of v2TableRules) {
      const rows = /requisition|supported|approved|program_products/.test(rules.table) ? 14 : 5;
      for (let row = 0; row < rows; row += 1) insert(transaction, rules, random);
    }
  });
  return v2;
}

/** Changes one column of one row, if v2 allows it. */
function changeColumn(v2: V2Source, { table, column, row }: { table: string; column: Column; row: Row }): boolean {
  const random = createRandom(`${table} ${column.name} ${JSON.stringify(row)}`);
  const foreignKey = rulesOf(table).foreignKeys.find((each) => each.column === column.name);
  let isDone = false;
  v2.transaction((transaction) => {
    for (let tries = 0; tries < 12 && !isDone; tries += 1) {
      const value =
        foreignKey === undefined
          ? anyValue(table, column, random)
          : (random.pick(transaction.rows(foreignKey.table))[foreignKey.to] ?? null);
      if (value !== row[column.name]) isDone = transaction.update(table, row, { [column.name]: value });
    }
  });
  return isDone;
}

describe.each(pipelines.map((pipeline) => ({ name: pipeline.name, pipeline })))('$name', ({ name, pipeline }) => {
  const nodes = (): readonly PlannedNode[] =>
    [...testbed.engine(name).plan.tables.values()].flatMap((table) => table.nodes.filter((node) => node.join !== null));

  test('a change of any column of any joined row concerns exactly the roots whose trees it changes', async () => {
    const engine = testbed.engine(name);
    const v2 = manyRows();
    await landAndAsk(engine, v2);
    let before = trees(pipeline, v2);
    const random = createRandom(name);
    let changes = 0;
    // Keys last: a row that changes its key leaves the old one behind as deleted, and the roots of such rows are asked, too.
    for (const [isKey, node] of [false, true].flatMap((each) => nodes().map((node) => [each, node] as const))) {
      const { table } = node.node;
      const { columns, key } = rulesOf(table);
      const watched = columns.filter(({ name }) => node.node.columns.includes(name) || name in (node.join?.on ?? {}));
      for (const column of watched.filter((each) => key.includes(each.name) === isKey)) {
        for (const row of random.shuffle(v2.rows(table)).slice(0, 2)) {
          if (!changeColumn(v2, { table, column, row })) continue;
          changes += 1;
          const concerned = await landAndAsk(engine, v2);
          const after = trees(pipeline, v2);
          const changed = new Set(changedTrees(before, after));
          const found = {
            missed: [...changed].filter((root) => !concerned.has(root)),
            needless: living(concerned, before, after).filter((root) => !isKey && !changed.has(root)),
          };
          expect(found, `${table}.${column.name} of ${JSON.stringify(row)}`).toEqual({ missed: [], needless: [] });
          before = after;
        }
      }
    }
    // Of a row that is only looked for nothing can change but its key, which v2 holds as long as others refer to it.
    const canChange = nodes().some(({ node }) => node.columns.some((column) => !node.key.includes(column)));
    expect(changes > 0 || !canChange).toBe(true);
  });

  test('so does a joined row that goes or comes', async () => {
    const engine = testbed.engine(name);
    const v2 = manyRows();
    await landAndAsk(engine, v2);
    let before = trees(pipeline, v2);
    const random = createRandom(name);
    for (const node of nodes()) {
      const { table } = node.node;
      for (const row of random.shuffle(v2.rows(table)).slice(0, 3)) {
        for (const work of ['remove', 'insert'] as const) {
          v2.transaction((transaction) => void transaction[work](table, row));
          const concerned = await landAndAsk(engine, v2);
          const after = trees(pipeline, v2);
          expect(living(concerned, before, after), `${work} ${table} ${JSON.stringify(row)}`).toEqual(
            changedTrees(before, after),
          );
          before = after;
        }
      }
    }
  });
});

test('a column that no mapping reads concerns nobody', async () => {
  const v2 = createSmallV2('all');
  await settle(testbed, v2);
  // `comment` is read by facilities, and not by requisitions, which read the same table.
  v2.change('facilities', 1, { comment: 'new' });
  expect(await landAndAsk(testbed.engine('requisitions'), v2)).toEqual(new Set());
  expect(await landAndAsk(testbed.engine('facilities'), v2)).toEqual(new Set(['1']));
});

test('a joined row under 20,000 roots is one question', async () => {
  const v2 = createSmallV2('all');
  v2.fill(
    'public.products',
    Array.from({ length: 20_000 }, (_, index) => plainRow('public.products', { id: index + 2, formid: 1 })),
  );
  v2.snapshot('public.products');
  const products = testbed.engine('products');
  await applyAll(products, v2, { isDeferred: true });
  await testbed.client.query('DELETE FROM cdc.dirty');
  v2.change('product_forms', 1, { code: 'syrup' });
  testbed.crashing.countStatements();
  expect(await applyAll(products, v2)).toMatchObject({ landed: 1, deferred: 20_001 });
  expect(testbed.crashing.countStatements()).toBeLessThan(25);
}, 120_000);
