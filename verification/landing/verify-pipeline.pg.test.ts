// v3 against landing, on a real database with the engine on it: what somebody changed in v3 by hand is found and mended, what
// moves meanwhile is no difference, and what did not change is not looked at row by row.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { idOf } from '../../model/ids.ts';
import { createSmallV2, insertInto } from '../../test/engine/small-v2.ts';
import type { SmallV2 } from '../../test/engine/small-v2.ts';
import { applyAll, createTestbed, deriveAll, settle } from '../../test/engine/testbed.ts';
import type { Testbed } from '../../test/engine/testbed.ts';
import { mend } from './mend.ts';
import { begin, finish } from './results.ts';
import { verifyPipeline } from './verify-pipeline.ts';
import type { LandingReport } from './verify-pipeline.ts';

const DAY_MS = 86_400_000;
const ROOTS = 30;
const LINES = 20;

let testbed: Testbed;
let v2: SmallV2;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());

beforeEach(async () => {
  v2 = createSmallV2('all');
  v2.transaction((transaction) => {
    for (let id = 1; id <= ROOTS; id += 1) {
      insertInto(transaction, 'processing_periods', { id: id + 1, scheduleid: 1 });
      insertInto(transaction, 'requisitions', { id, facilityid: 1, programid: 1, periodid: id + 1, status: 'INITIATED', emergency: false });
    }
  });
  v2.fill(
    'public.requisition_line_items',
    [],
  );
  await settle(testbed, v2);
});
afterEach(() => testbed.clean());

test('smoke', async () => {
  const report = await verify('requisitions');
  console.log(JSON.stringify(report, null, 1));
  const { rows } = await testbed.client.query('select pipeline, count(*) from cdc.ledger group by 1');
  console.log(rows);
  for (const { name } of testbed.engines) {
    const r = await verify(name);
    if (r.differences.length > 0) console.log(name, JSON.stringify(r.differences));
  }
});

async function verify(pipeline: string, compareAfterMs = DAY_MS): Promise<LandingReport> {
  const { plan, version } = testbed.engine(pipeline);
  const { pool } = testbed.engine(pipeline);
  const report = await verifyPipeline({ pool, plan, version, compareAfterMs });
  const begun = { id: `test-${pipeline}`, pipeline, against: 'landing' } as const;
  await begin(pool, begun);
  await finish(pool, begun, { count: report.differences.length, result: {}, rows: report.differences });
  return report;
}
