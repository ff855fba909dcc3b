// What an experiment says of the figures of v3's reports: only the change's doing, whatever v2 does meanwhile.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Transformation } from '../activities/transformation.ts';
import { pipelines } from '../pipelines/index.ts';
import type { DeriveContext } from '../pipelines/definition.ts';
import { requisitions } from '../pipelines/requisitions/requisitions.ts';
import { createSmallV2, insertInto } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import type { ExperimentReport } from './contract.ts';
import { reportFigures } from './figures.ts';
import { runExperiment } from './run.ts';
import { dropShadow } from './shadow.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(async () => {
  await testbed.clean();
  await dropShadow(testbed.client, 'f-1');
});

type Line = Parameters<typeof requisitions.part.derive>[0];

/** Approves one more of one line, or leaves it out. */
function changed(change: 'one more' | 'none'): Transformation {
  const { part } = requisitions;
  const derive = (line: Line, context: DeriveContext) => {
    const rows = part.derive(line, context);
    if (line.id !== 1) return rows;
    if (change === 'none') return { lines: [], adjustments: [], previousConsumptions: [] };
    return {
      ...rows,
      lines: rows.lines.map((row) => ({ ...row, approvedquantity: Number(row.approvedquantity) + 1 })),
    };
  };
  return { pipeline: { ...requisitions, part: { ...part, derive } }, change: 'test', version: 'test' };
}

function twoLines() {
  const v2 = createSmallV2('all');
  v2.add('products', { id: 2, code: 'code 2', primaryname: 'Second' });
  v2.transaction((transaction) => {
    insertInto(transaction, 'requisitions', {
      id: 1,
      facilityid: 1,
      programid: 1,
      periodid: 1,
      status: 'RELEASED',
      emergency: false,
    });
    for (const id of [1, 2])
      insertInto(transaction, 'requisition_line_items', {
        id,
        rnrid: 1,
        productcode: `code ${id}`,
        quantityapproved: 10 * id,
        packstoship: 4,
        skipped: false,
      });
  });
  return v2;
}

const run = (transformation: Transformation): Promise<ExperimentReport> =>
  runExperiment(
    testbed.crashing.pool,
    transformation,
    { id: 'f-1', share: 1 },
    { signal: new AbortController().signal, progress: () => undefined },
  );

const stockStatus = ({ reports = [] }: Pick<ExperimentReport, 'reports'>) =>
  reports.find(({ report }) => report.startsWith('A: stock status'));

test('a figure that would change is named with both values; other reports stay as they are', async () => {
  await settle(testbed, twoLines());
  const report = await run(changed('one more'));
  expect(report.roots).toMatchObject({ derived: 1, differing: 1, failed: 0 });
  expect(stockStatus(report)).toMatchObject({
    figures: 1,
    changed: 1,
    examples: [{ figures: [{ figure: 'approved', v3: '30', changed: '31' }] }],
  });
  expect(report.reports?.filter(({ changed: count }) => count > 0)).toHaveLength(1);
});

test('rows that would be gone are gone from the figures', async () => {
  await settle(testbed, twoLines());
  expect(stockStatus(await run(changed('none')))?.examples[0]?.figures).toEqual(
    expect.arrayContaining([
      { figure: 'lines', v3: '2', changed: '1' },
      { figure: 'approved', v3: '30', changed: '20' },
    ]),
  );
});

test('a root that v2 changes after it was looked at is no doing of the change', async () => {
  const v2 = twoLines();
  await settle(testbed, v2);
  await run(changed('one more'));
  v2.change('requisition_line_items', 1, { quantityapproved: 500 });
  await applyAll(testbed.engine('requisitions'), v2);
  const reports = await reportFigures(testbed.crashing.pool, {
    pipeline: requisitions,
    experiment: 'f-1',
    rest: async () => undefined,
  });
  expect(reports).toEqual([]);
});

test('the deployed transformation changes no figure of any report', async () => {
  await settle(testbed, twoLines());
  for (const pipeline of pipelines) {
    await dropShadow(testbed.client, 'f-1');
    const { reports = [] } = await run({ pipeline, change: null, version: 'test' });
    expect(reports.filter(({ changed: count }) => count > 0)).toEqual([]);
  }
});
