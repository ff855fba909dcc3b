// The reports' checks over landing instead of v2, on a real database: they agree where v3 is right, and name a report, its group,
// both figures and the rows behind it where somebody changed v3 by hand.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pipelines } from '../../pipelines/index.ts';
import { createSmallV2, insertInto } from '../../test/engine/small-v2.ts';
import { createTestbed, settle } from '../../test/engine/testbed.ts';
import type { Testbed } from '../../test/engine/testbed.ts';
import { checks } from '../checks/index.ts';
import type { CheckReport } from '../run-checks.ts';
import { behindFigure } from './behind-figure.ts';
import { stillThere, verifyReports } from './verify-reports.ts';
import type { ReportsReport } from './verify-reports.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
  const v2 = createSmallV2('all');
  v2.transaction((transaction) => {
    const add = (table: string, values: Parameters<typeof insertInto>[2]): void =>
      insertInto(transaction, table, values);
    add('supply_lines', { id: 1, programid: 1, supplyingfacilityid: 1 });
    add('requisitions', { id: 1, facilityid: 1, programid: 1, periodid: 1, status: 'RELEASED', emergency: false });
    add('requisition_line_items', { id: 1, rnrid: 1, productcode: 'code 1', packstoship: 4, skipped: false });
    add('orders', { id: 1, status: 'RECEIVED', ordernumber: '0', supplylineid: 1 });
  });
  await settle(testbed, v2);
});
afterAll(() => testbed.close());

test('every check can be asked of landing, and agrees with v3', async () => {
  const report = await look();
  expect(report.againstV2Only).toEqual([]);
  expect(report.checks.filter(({ differences }) => differences > 0)).toEqual([]);
  expect(report.checks.map(({ check }) => check)).toEqual(checks.map(({ check }) => check));
  expect(report.checks.find(({ check }) => check.startsWith('orders'))?.rows).toBe(1);
  expect(report.looks).toBe(1);
});

test('behind a figure that both sides agree on stand the rows of both', async () => {
  const group = { program: 'program 1', period: 'period 1', supplier: 'facility 1', status: 'RECEIVED' };
  const { rows } = await testbed.client.query<Record<keyof typeof group, string>>(
    `SELECT p.code AS program, pp.name AS period, f.code AS supplier, o.status FROM fulfillment.orders o
     JOIN referencedata.programs p ON p.id = o.programid JOIN referencedata.processing_periods pp ON pp.id = o.processingperiodid
     JOIN referencedata.facilities f ON f.id = o.supplyingfacilityid`,
  );
  const task = { pool: testbed.crashing.pool, pipelines, limit: 10 };
  const found = await behindFigure({ ...task, report: 'orders', group: { ...group, ...rows[0] } });
  expect(found?.figures.v2).toMatchObject({ orders: '1', lines: '1', packs: '4' });
  expect(found?.figures.v3).toEqual(found?.figures.v2);
  expect(found?.rows.map(({ side, row }) => [side, row['order'], row['packs']])).toEqual([
    ['v2', '1', '4'],
    ['v3', '1', '4'],
  ]);
  expect(found?.moreRows).toBe(0);
  const none = await behindFigure({ ...task, report: 'orders', group: { ...group, ...rows[0], status: 'ORDERED' } });
  expect(none).toMatchObject({ figures: { v2: null, v3: null }, rows: [] });
  await expect(behindFigure({ ...task, report: 'orders', group: { program: 'tb' } })).rejects.toMatchObject({
    code: 'FIGURE_UNKNOWN',
    message: expect.stringContaining('program, period, supplier, status'),
  });
  for (const report of ['no such', ''])
    await expect(behindFigure({ ...task, report, group })).rejects.toMatchObject({ code: 'REPORT_UNKNOWN' });
});

test('a changed figure is named with its report, its group, both figures and the rows behind it', async () => {
  await testbed.client.query('UPDATE fulfillment.order_line_items SET orderedquantity = orderedquantity + 1');
  const { checks: found, looks } = await look();
  expect(looks).toBe(2);
  const differing = found.filter(({ differences }) => differences > 0);
  expect(differing.map(({ check }) => check)).toEqual(['orders, by program, period, supplier and status']);
  const [sample] = differing[0]?.samples ?? [];
  expect(sample?.figures).toEqual([{ figure: 'packs', v2: '4', v3: '5' }]);
  expect(sample?.rows.map(({ side, row }) => [side, row['packs']])).toEqual([
    ['v2', '4'],
    ['v3', '5'],
  ]);
});

test('what has changed between two looks is on its way, and no difference', () => {
  const report = (packs: string): CheckReport => ({
    check: 'orders',
    rows: 1,
    differences: 1,
    samples: [{ group: { program: 'tb' }, figures: [{ figure: 'packs', v2: packs, v3: '1' }], rows: [] }],
  });
  expect(stillThere(report('2'), report('3')).differences).toBe(0);
  expect(stillThere(report('2'), report('2')).differences).toBe(1);
  expect(stillThere(undefined, report('2')).differences).toBe(1);
});

function look(): Promise<ReportsReport> {
  return verifyReports({ pool: testbed.crashing.pool, pipelines, looks: 2, pauseMs: 0 });
}
