// A comment whose step of the history goes while another step of the same status, which v3 could not hold beside it, comes.
// v3's foreign key lets the step go only after its message, and the message needs the new step: one root, one transaction.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { idOf } from '../../model/ids.ts';
import { createSmallV2, insertInto } from './small-v2.ts';
import { createTestbed, settle } from './testbed.ts';
import type { Testbed } from './testbed.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());

test('the message moves to the step that takes the place of its own', async () => {
  const v2 = createSmallV2('all');
  v2.transaction((transaction) => {
    const add = (table: string, values: Parameters<typeof insertInto>[2]) => insertInto(transaction, table, values);
    const step = { rnrid: 1, status: 'IN_APPROVAL' };
    add('users', { id: 9 });
    add('requisitions', { id: 1, facilityid: 1, programid: 1, periodid: 1, status: 'IN_APPROVAL', emergency: false });
    add('requisition_status_changes', { ...step, id: 1, createddate: '2018-01-01 00:00:00' });
    add('requisition_status_changes', { ...step, id: 2, createddate: '2018-01-02 00:00:00' });
    add('comments', { id: 1, rnrid: 1, createdby: 9, createddate: '2018-01-03 00:00:00' });
  });
  await settle(testbed, v2);
  expect(await stepsWithMessage()).toEqual([idOf('requisition_status_changes', '1')]);

  v2.drop('requisition_status_changes', 1);
  await settle(testbed, v2);
  expect(await stepsWithMessage()).toEqual([idOf('requisition_status_changes', '2')]);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

async function stepsWithMessage(): Promise<readonly string[]> {
  const { rows } = await testbed.client.query<{ id: string }>(
    'SELECT statuschangeid AS id FROM requisition.status_messages',
  );
  return rows.map(({ id }) => id);
}
