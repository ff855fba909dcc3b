// v3's trigger on status changes, which refuses a requisition whose two newest changes are alike, and the histories that
// v2 really writes: several levels of approval, rejections, equal times.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { idOf } from '../../model/ids.ts';
import { pipelineNamed } from '../../pipelines/index.ts';
import { all, derive } from './examples.ts';
import type { Row } from './examples.ts';
import { createDatabase } from '../support/databases.ts';
import type { TestDatabase } from '../support/databases.ts';
import { insertRows, inTransaction } from './writer.ts';

const requisitions = pipelineNamed('requisitions');
const template = all.find(({ name }) => name === 'requisitions')?.examples[0]?.root as Row;
const table = 'requisition.status_changes';

describe("v3's trigger on status changes", () => {
  let v3: TestDatabase;
  beforeAll(async () => {
    v3 = await createDatabase('v3');
  }, 60_000);
  afterAll(() => v3.drop());

  test('refuses a plain copy of two levels of approval', async () => {
    const copy = ['2018-04-01', '2018-04-02'].map((createddate, level) => ({
      id: idOf('requisition_status_changes', `copy ${level}`),
      createddate,
      status: 'IN_APPROVAL',
      requisitionid: idOf('requisitions', 'copy'),
    }));
    await expect(inTransaction(v3.client, () => insertRows(v3.client, table, copy))).rejects.toThrow(
      'Duplicate status change: IN_APPROVAL',
    );
  });

  test('accepts what is derived of any history, at every step of its growth', async () => {
    const change = fc.record({
      status: fc.constantFrom('INITIATED', 'SUBMITTED', 'AUTHORIZED', 'IN_APPROVAL', 'APPROVED'),
      // Seldom later than the one before: ties and even steps back in time.
      createddate: fc.constantFrom('2018-04-01 08:00:00', '2018-04-01 08:00:00.000001', '2018-04-02 08:00:00', null),
    });
    let requisition = 1000;
    let committed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
        requisition += 1;
        for (let length = 1; length <= changes.length; length += 1) {
          const statusChanges = changes.slice(0, length).map(({ status, createddate }, index) => ({
            id: requisition * 100 + index,
            status,
            createdby: 7,
            createddate,
            modifieddate: createddate,
          }));
          await inTransaction(v3.client, () => replaceHistory({ ...template, id: requisition, statusChanges }));
          committed += 1;
        }
      }),
      { numRuns: 60 },
    );
    expect(committed).toBeGreaterThan(0);
  }, 60_000);

  /** As the engine writes: rows that are new are inserted, rows that differ updated, rows that are no longer derived go. */
  async function replaceHistory(root: Row): Promise<void> {
    const rows = derive(requisitions, root, {
      id: (table, ...key) => idOf(table, key.join(':')),
      loss: () => {},
    })['statusChanges'] as readonly Row[];
    const standing = await v3.client.query<{ id: string }>(`SELECT id FROM ${table} WHERE requisitionid = $1`, [
      idOf('requisitions', String(root['id'])),
    ]);
    const before = new Set(standing.rows.map(({ id }) => id));
    const ids = rows.map((row) => row['id']);
    await v3.client.query(`DELETE FROM ${table} WHERE requisitionid = $1 AND NOT (id::text = ANY ($2))`, [
      idOf('requisitions', String(root['id'])),
      ids,
    ]);
    await insertRows(
      v3.client,
      table,
      rows.filter((row) => !before.has(String(row['id']))),
    );
    await v3.client.query(
      `UPDATE ${table} AS t SET createddate = x.createddate, status = x.status
       FROM json_populate_recordset(NULL::${table}, $1) AS x WHERE t.id = x.id`,
      [JSON.stringify(rows)],
    );
  }
});
