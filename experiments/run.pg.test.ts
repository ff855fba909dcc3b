// An experiment over landed rows: what it counts, that v3 stays as it is, and what follows when it is promoted.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createEngines } from '../activities/engine.ts';
import { markAll } from '../activities/operations.ts';
import { loadTransformation } from '../activities/transformation.ts';
import type { Transformation } from '../activities/transformation.ts';
import { products } from '../pipelines/products/products.ts';
import type { DeriveContext } from '../pipelines/definition.ts';
import { createSmallV2 } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed, deriveAll, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import { createExperiments } from './activities.ts';
import type { ExperimentReport } from './contract.ts';
import { runExperiment } from './run.ts';
import { dropShadow, shadowTable } from './shadow.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed({ pipelines: [products] });
});
afterAll(() => testbed.close());
beforeEach(async () => {
  await testbed.clean();
  await dropShadow(testbed.client, 'x-1');
  await testbed.client.query('UPDATE cdc.pipelines SET change = NULL');
});

type Product = Parameters<typeof products.derive>[0];
type Rows = ReturnType<typeof products.derive>;

/** The products pipeline with its rows changed. */
function changed(change: (rows: Rows, product: Product) => object): Transformation {
  const derive = (product: Product, context: DeriveContext): never =>
    change(products.derive(product, context), product) as never;
  return { pipeline: { ...products, derive }, change: 'test', version: 'test' };
}

async function run(transformation: Transformation): Promise<ExperimentReport> {
  return runExperiment(
    testbed.crashing.pool,
    transformation,
    { id: 'x-1', share: 1 },
    { signal: new AbortController().signal, progress: () => undefined },
  );
}

function threeProducts() {
  const v2 = createSmallV2('all');
  v2.change('products', 1, { code: 'P1' });
  v2.add('products', { id: 2, code: 'P2', primaryname: 'Second' });
  v2.add('products', { id: 3, code: 'P3', primaryname: 'Third' });
  return v2;
}

const names = async (table: string): Promise<readonly string[]> => {
  const { rows } = await testbed.client.query<{ name: string }>(
    `SELECT fullproductname AS name FROM ${table} ORDER BY code`,
  );
  return rows.map(({ name }) => name);
};

test('the deployed transformation over what it made itself: nothing differs', async () => {
  const v2 = threeProducts();
  await settle(testbed, v2);
  const report = await run(await loadTransformation(products, null));
  expect(report.roots).toEqual({ total: 3, derived: 3, differing: 0, failed: 0, skipped: 0 });
  expect(report.tables['referencedata.orderables']).toEqual({ equal: 3, changed: 0, created: 0, gone: 0 });
  expect(report.columns).toEqual({});
});

test('a changed value is counted by column, with examples, and stands in the shadow alone', async () => {
  const v2 = threeProducts();
  await settle(testbed, v2);
  const before = await names('referencedata.orderables');
  const report = await run(await loadTransformation(products, 'code-before-name'));
  expect(report.roots).toMatchObject({ derived: 3, differing: 3 });
  expect(report.tables['referencedata.orderables']).toEqual({ equal: 0, changed: 3, created: 0, gone: 0 });
  expect(report.tables['referencedata.dispensables']).toEqual({ equal: 3, changed: 0, created: 0, gone: 0 });
  expect(Object.keys(report.columns)).toEqual(['referencedata.orderables fullproductname']);
  const { changed: count, examples } = report.columns['referencedata.orderables fullproductname'] ?? { examples: [] };
  expect(count).toBe(3);
  expect(examples).toContainEqual(expect.objectContaining({ root: '2', v3: before[1], changed: `P2 ${before[1]}` }));
  expect(await names(shadowTable('x-1', 'referencedata.orderables'))).toEqual([
    `P1 ${before[0]}`,
    `P2 ${before[1]}`,
    `P3 ${before[2]}`,
  ]);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('rows that come and go are counted', async () => {
  await settle(testbed, threeProducts());
  const report = await run(
    changed((rows, product) => ({
      ...rows,
      tradeItems: product.id === 2 ? [] : rows.tradeItems,
      dispensableAttributes: [
        ...rows.dispensableAttributes,
        { dispensableid: rows.dispensables[0]?.id, key: 'colour', value: 'red' },
      ],
    })),
  );
  expect(report.tables['referencedata.trade_items']).toEqual({ equal: 2, changed: 0, created: 0, gone: 1 });
  expect(report.tables['referencedata.dispensable_attributes']).toEqual({ equal: 3, changed: 0, created: 3, gone: 0 });
});

test('a root that the change fails on, or whose value v3 would refuse, is told; the others are looked at', async () => {
  await settle(testbed, threeProducts());
  const report = await run(
    changed((rows, product) => {
      if (product.id === 2) throw new Error('no name for this one');
      if (product.id === 3)
        return { ...rows, orderables: rows.orderables.map((row) => ({ ...row, netcontent: 'many' })) };
      return rows;
    }),
  );
  expect(report.roots).toMatchObject({ derived: 1, differing: 0, failed: 2 });
  expect(report.failures).toMatchObject({
    DERIVE_FAILED: { roots: 1, examples: [{ root: '2', message: expect.stringContaining('no name for this one') }] },
    V3_VALUE_REJECTED: { roots: 1, examples: [{ root: '3', message: expect.stringContaining('many') }] },
  });
});

test('a root on which v3 is behind is not held against the change', async () => {
  const v2 = threeProducts();
  await settle(testbed, v2);
  v2.change('products', 2, { primaryname: 'Renamed' });
  await applyAll(testbed.engine('products'), v2, { isDeferred: true });
  const report = await run(await loadTransformation(products, null));
  expect(report.roots).toEqual({ total: 3, derived: 2, differing: 0, failed: 0, skipped: 1 });
});

test('promoted: work begun with the former transformation writes nothing; then v3 is what the experiment said', async () => {
  const v2 = threeProducts();
  await settle(testbed, v2);
  const before = await names('referencedata.orderables');
  const { pool } = testbed.crashing;
  const former = testbed.engine('products');
  const experiments = createExperiments({
    pool,
    metrics: former.deps.metrics,
    log: former.deps.log,
    pipelines: [products],
    run: () => Promise.reject(new Error('not run here')),
  });
  await experiments.setTransformation({ pipeline: 'products', change: 'code-before-name' });
  v2.change('products', 2, { primaryname: 'Renamed' });
  await expect(applyAll(former, v2)).rejects.toMatchObject({ code: 'TRANSFORMATION_CHANGED' });
  await expect(deriveAll(former)).rejects.toMatchObject({ code: 'TRANSFORMATION_CHANGED' });
  expect(await names('referencedata.orderables')).toEqual(before);

  const engine = await createEngines(former.deps)('products');
  expect(engine.change).toBe('code-before-name');
  await markAll(engine, {
    id: 'p',
    pipeline: 'products',
    name: 'reprocess',
    reason: 'promoted',
    by: 'test',
    via: 'signal',
  });
  await applyAll(engine, v2);
  await deriveAll(engine);
  const after = await names('referencedata.orderables');
  expect(after).toEqual([`P1 ${before[0]}`, 'P2 Renamed', `P3 ${before[2]}`]);
  // And back.
  await experiments.setTransformation({ pipeline: 'products', change: null });
  const deployed = await createEngines(former.deps)('products');
  await markAll(deployed, {
    id: 'q',
    pipeline: 'products',
    name: 'reprocess',
    reason: 'back',
    by: 'test',
    via: 'signal',
  });
  await deriveAll(deployed);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test.for([
  ['no-such', 'has no change'],
  ['../products/products', 'has no change'],
])('a change that this build does not have is refused: %s', async ([name, message]) => {
  await expect(loadTransformation(products, name as string)).rejects.toMatchObject({
    code: 'CHANGE_INVALID',
    message: expect.stringContaining(message as string),
    advice: expect.stringContaining('code-before-name'),
  });
});
