// Parts of a root, on a real v3: which piece a change concerns, and that no more than it is loaded, derived and kept.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSmallV2, insertInto } from '../test/engine/small-v2.ts';
import type { SmallV2 } from '../test/engine/small-v2.ts';
import { applyAll, batchFrom, createTestbed, deriveAll, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import { affectedRoots } from './affected-roots.ts';
import { carryOn, landChunk } from './batch.ts';
import type { BatchReport } from './batch.ts';
import { lockPipeline, readPositions } from './control.ts';
import { deriveNewParts } from './derive-due.ts';
import type { NewParts } from './derive-due.ts';
import { loadRoots } from './load.ts';
import { markAll } from './operations.ts';
import { HEAD } from './scope.ts';
import type { Scopes } from './scope.ts';
import { inTransaction } from './transaction.ts';

let testbed: Testbed;
let v2: SmallV2;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(async () => {
  await testbed.clean();
  v2 = createSmallV2('all');
  v2.transaction((transaction) => {
    const requisition = { facilityid: 1, programid: 1, periodid: 1, status: 'INITIATED', emergency: false };
    insertInto(transaction, 'requisitions', { id: 1, ...requisition });
    insertInto(transaction, 'losses_adjustments_types', { name: 'DAMAGED', description: 'Damaged', additive: false });
    insertInto(transaction, 'facilities', { id: 2, code: 'F2', geographiczoneid: 1, typeid: 1 });
    for (let id = 1; id <= 30; id += 1)
      insertInto(transaction, 'requisition_line_items', { id, rnrid: 1, productcode: 'code 1', stockinhand: id });
    insertInto(transaction, 'requisition_status_changes', { id: 1, rnrid: 1, status: 'INITIATED' });
  });
  await settle(testbed, v2);
});

const LINES = 'requisition_line_items';

/** Lands what is new without deriving it, and throws it away again: what it concerns, and how many rows that loads. */
async function concerned(): Promise<{ readonly scopes: Scopes; readonly loaded: number }> {
  const engine = testbed.engine('requisitions');
  const from = await readPositions(engine.deps.pool, engine.name);
  const { decoded } = await batchFrom(engine, { topics: v2.topics, from });
  const looked: { scopes: Scopes; loaded: number } = { scopes: new Map(), loaded: 0 };
  await inTransaction(engine.deps.pool, async (client) => {
    await lockPipeline(client, engine.name);
    looked.scopes = await affectedRoots(client, engine.plan, (await landChunk(client, engine, decoded)).changes);
    looked.loaded = (await loadRoots(client, engine.plan, { scopes: looked.scopes })).rows;
    throw new Error('looked');
  }).catch((error: unknown) => {
    if ((error as Error).message !== 'looked') throw error;
  });
  return looked;
}

describe('a change concerns', () => {
  test('its line, of thirty', async () => {
    v2.change(LINES, 7, { stockinhand: 0 });
    const { scopes, loaded } = await concerned();
    expect(scopes).toEqual(new Map([['1', new Set(['7'])]]));
    // The requisition, its facility, the line, and the line's product with its program and its approval.
    expect(loaded).toBeLessThanOrEqual(6);
  });

  test('the line below which it stands', async () => {
    v2.add('requisition_line_item_losses_adjustments', { requisitionlineitemid: 9, type: 'DAMAGED', quantity: 4 });
    expect((await concerned()).scopes).toEqual(new Map([['1', new Set(['9'])]]));
  });

  test('the head, when lines do not start from it', async () => {
    v2.change('requisitions', 1, { status: 'SUBMITTED' });
    const { scopes, loaded } = await concerned();
    expect(scopes).toEqual(new Map([['1', new Set([HEAD])]]));
    expect(loaded).toBeLessThan(30);
  });

  test('both, when both change', async () => {
    v2.change('requisitions', 1, { modifieddate: '2020-01-01 00:00:00' });
    v2.change(LINES, 3, { stockinhand: 1_000 });
    expect((await concerned()).scopes).toEqual(new Map([['1', new Set([HEAD, '3'])]]));
  });

  test('the whole requisition, when it starts the joins of its lines elsewhere', async () => {
    v2.change('requisitions', 1, { facilityid: 2 });
    expect((await concerned()).scopes).toEqual(new Map([['1', 'whole']]));
  });
});

describe('the books', () => {
  test('keep the other lines, and know the whole: the next whole derive writes nothing', async () => {
    const engine = testbed.engine('requisitions');
    const digest = async (): Promise<unknown> =>
      (await testbed.client.query(`SELECT digest FROM cdc.ledger WHERE pipeline = 'requisitions'`)).rows[0];
    const known = await digest();
    v2.change(LINES, 7, { stockinhand: 0 });
    expect(await applyAll(engine, v2)).toMatchObject({ derived: 1, written: 1 });
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
    const changed = await digest();
    expect(changed).not.toEqual(known);

    const reprocess = { id: 'r', pipeline: engine.name, name: 'reprocess', reason: '', by: '', via: 'update' } as const;
    await markAll(engine, reprocess);
    expect(await deriveAll(engine)).toMatchObject({ derived: 1, written: 0 });
    expect(await digest()).toEqual(changed);
  });

  test('lose a line that v2 deleted, and no other', async () => {
    v2.drop(LINES, 7);
    expect(await applyAll(testbed.engine('requisitions'), v2)).toMatchObject({ derived: 1, written: 1 });
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('of a requisition that failed are made whole, although one line changed', async () => {
    const engine = testbed.engine('requisitions');
    v2.change('requisitions', 1, { status: 'NO_SUCH' });
    await applyAll(engine, v2);
    const open = `SELECT root FROM cdc.quarantine WHERE pipeline = 'requisitions' AND resolved_at IS NULL`;
    expect((await testbed.client.query(open)).rows).toEqual([{ root: '1' }]);
    v2.change(LINES, 6, { stockinhand: 0 });
    await applyAll(engine, v2);
    expect((await testbed.client.query(open)).rows).toEqual([{ root: '1' }]);
    v2.change('requisitions', 1, { status: 'SUBMITTED' });
    expect(await applyAll(engine, v2)).toMatchObject({ quarantined: 0 });
    expect((await testbed.client.query(open)).rows).toEqual([]);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });
});

describe('new lines that land while the pipeline catches up', () => {
  const add = (...ids: readonly number[]): void =>
    v2.transaction((transaction) => {
      for (const id of ids) insertInto(transaction, LINES, { id, rnrid: 1, productcode: 'code 1', stockinhand: id });
    });
  /** Lands all that is new, to be derived later. */
  const land = (carried: NewParts = new Map()): Promise<BatchReport> =>
    applyAll(testbed.engine('requisitions'), v2, { isDeferred: true, carried });
  /** Requisition 2, without lines. */
  const settleAnother = async (): Promise<void> => {
    v2.transaction((transaction) => {
      const requisition = { facilityid: 2, programid: 1, periodid: 1, status: 'INITIATED', emergency: false };
      insertInto(transaction, 'requisitions', { id: 2, ...requisition });
      insertInto(transaction, 'requisition_status_changes', { id: 2, rnrid: 2, status: 'INITIATED' });
    });
    await settle(testbed, v2);
  };
  const linesInV3 = async (): Promise<number> => {
    const { rows } = await testbed.client.query('SELECT FROM requisition.requisition_line_items');
    return rows.length;
  };
  const isDirty = async (): Promise<boolean> => {
    const { rows } = await testbed.client.query(`SELECT FROM cdc.dirty WHERE pipeline = 'requisitions'`);
    return rows.length > 0;
  };

  test('are derived from what landed, and read no line from landing', async () => {
    const engine = testbed.engine('requisitions');
    add(31, 32, 33, 34);
    const { newParts } = await land();
    expect([...newParts].map(([root, { parts }]) => [root, [...parts.keys()]])).toEqual([
      ['1', ['31', '32', '33', '34']],
    ]);
    await testbed.client.query(`UPDATE landing_requisitions.${LINES} SET stockinhand = '7'`);
    expect(await deriveNewParts(engine, { newParts, run: 'test' })).toMatchObject({ roots: 1, derived: 1 });
    await testbed.client.query(`UPDATE landing_requisitions.${LINES} SET stockinhand = id`);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('leave the requisition marked when something else has concerned it since', async () => {
    const engine = testbed.engine('requisitions');
    add(31, 32, 33, 34);
    const { newParts } = await land();
    v2.change(LINES, 32, { stockinhand: 0 });
    expect((await land()).newParts.size).toBe(0);
    expect(await deriveNewParts(engine, { newParts, run: 'test' })).toBeNull();
    expect(await isDirty()).toBe(true);
    await deriveAll(engine);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('wait in memory for those that the next batch brings, and are forgotten without loss', async () => {
    const engine = testbed.engine('requisitions');
    await settleAnother();
    add(31, 32, 33, 34);
    v2.transaction((transaction) => {
      for (let id = 51; id <= 55; id += 1)
        insertInto(transaction, LINES, { id, rnrid: 2, productcode: 'code 1', stockinhand: id });
    });
    const first = await land();
    expect([...first.newParts.keys()]).toEqual(['1', '2']);
    v2.transaction((transaction) => {
      for (let id = 61; id <= 64; id += 1)
        insertInto(transaction, LINES, { id, rnrid: 2, productcode: 'code 1', stockinhand: id });
    });
    const from = await readPositions(engine.deps.pool, engine.name);
    const { decoded } = await batchFrom(engine, { topics: v2.topics, from });
    const { carried, complete } = carryOn(engine.plan, first.newParts, decoded);
    expect([...complete.keys()]).toEqual(['1']);
    expect([...carried.keys()]).toEqual(['2']);
    const second = await land(carried);
    expect(second.newParts.get('2')?.parts.size).toBe(9);
    // The first batch's are lost with the worker: their requisition is marked all the same.
    expect(await deriveNewParts(engine, { newParts: second.newParts, run: 'test' })).toMatchObject({ derived: 1 });
    expect(await linesInV3()).toBe(39);
    expect(await isDirty()).toBe(true);
    await deriveAll(engine);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  describe('of two requisitions', () => {
    beforeEach(settleAnother);
    /** Four lines of each requisition, of which line 34, of the first, is as given. */
    const addToBoth = (line: Readonly<Record<string, unknown>>): void =>
      v2.transaction((transaction) => {
        for (let id = 31; id <= 38; id += 1)
          insertInto(transaction, LINES, {
            id,
            rnrid: id <= 34 ? 1 : 2,
            productcode: 'code 1',
            previousnormalizedconsumptions: '[3, 4]',
            ...(id === 34 ? line : {}),
          });
      });

    test('are written for the other one when v3 refuses one', async () => {
      addToBoth({ price: '99999999999999999999.00' });
      const { newParts } = await land();
      expect(await deriveNewParts(testbed.engine('requisitions'), { newParts, run: 'test' })).toMatchObject({
        derived: 1,
        quarantined: [{ root: '1', code: 'V3_VALUE_REJECTED' }],
      });
      expect(await linesInV3()).toBe(34);
      v2.change(LINES, 34, { price: '1.00' });
      await settle(testbed, v2);
      expect(await testbed.compare(v2)).toEqual({ differences: [] });
    });

    test('are written for the other one when the transformation of one fails', async () => {
      addToBoth({ price: 'no number' });
      const { newParts } = await land();
      expect(await deriveNewParts(testbed.engine('requisitions'), { newParts, run: 'test' })).toMatchObject({
        derived: 1,
        quarantined: [{ root: '1', code: 'DERIVE_FAILED' }],
      });
      expect(await linesInV3()).toBe(34);
    });

    test('are written for the other one when one waits for a product', async () => {
      // Landed with the lines, but its own pipeline has not brought it to v3.
      v2.add('products', { id: 2, code: 'code 2', formid: 1 });
      addToBoth({ productcode: 'code 2' });
      const { newParts } = await land();
      expect(await deriveNewParts(testbed.engine('requisitions'), { newParts, run: 'test' })).toMatchObject({
        derived: 1,
        waiting: 1,
        quarantined: [],
      });
      expect(await linesInV3()).toBe(34);
      await settle(testbed, v2);
      expect(await testbed.compare(v2)).toEqual({ differences: [] });
    });

    test('are inserted and counted, and the books know them', async () => {
      addToBoth({});
      const { newParts } = await land();
      expect(await deriveNewParts(testbed.engine('requisitions'), { newParts, run: 'test' })).toMatchObject({
        derived: 2,
        written: {
          'requisition.requisition_line_items': 8,
          'requisition.previous_adjusted_consumptions': 8,
        },
      });
      expect(await isDirty()).toBe(false);
      const engine = testbed.engine('requisitions');
      await markAll(engine, { id: 'r', pipeline: engine.name, name: 'reprocess', reason: '', by: '', via: 'update' });
      expect(await deriveAll(engine)).toMatchObject({ derived: 2, written: 0 });
      expect(await testbed.compare(v2)).toEqual({ differences: [] });
    });
  });

  test('of a requisition that is not in v3 leave it marked', async () => {
    const engine = testbed.engine('requisitions');
    await testbed.client.query(`UPDATE cdc.ledger SET version = 'older' WHERE pipeline = 'requisitions'`);
    add(31, 32, 33, 34);
    const { newParts } = await land();
    expect(await deriveNewParts(engine, { newParts, run: 'test' })).toMatchObject({ derived: 0 });
    expect(await isDirty()).toBe(true);
  });
});
