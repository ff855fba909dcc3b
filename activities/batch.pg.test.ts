// One batch, on a real v3: what is written and what is left alone, once however often it is tried, and what a pause stops.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSmallV2, insertInto } from '../test/engine/small-v2.ts';
import { applyAll, batchFrom, createTestbed, deriveAll, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import type { SmallV2 } from '../test/engine/small-v2.ts';
import { applyBatch } from './batch.ts';
import { readPositions, readState } from './control.ts';
import { ourSchemaBroken } from './database-errors.ts';
import { changeMode } from './operations.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

/** Row -> the transaction that wrote it. */
async function authors(table: string): Promise<ReadonlyMap<string, string>> {
  const { rows } = await testbed.client.query<{ id: string; xmin: string }>(`SELECT id, xmin::text FROM ${table}`);
  return new Map(rows.map(({ id, xmin }) => [id, xmin]));
}

async function count(table: string): Promise<number> {
  const { rows } = await testbed.client.query<{ count: number }>(`SELECT count(*)::int FROM ${table}`);
  return rows[0]?.count ?? 0;
}

describe('a requisition of 200 lines', () => {
  const LINES = 'requisition.requisition_line_items';
  let v2: SmallV2;
  beforeEach(async () => {
    v2 = createSmallV2('all');
    v2.transaction((transaction) => {
      insertInto(transaction, 'requisitions', {
        id: 1,
        facilityid: 1,
        programid: 1,
        periodid: 1,
        status: 'INITIATED',
        emergency: false,
      });
      for (let id = 1; id <= 200; id += 1)
        insertInto(transaction, 'requisition_line_items', { id, rnrid: 1, productcode: 'code 1', stockinhand: id });
    });
    await settle(testbed, v2);
  });

  test('one changed line is one written row', async () => {
    const before = await authors(LINES);
    expect(before.size).toBe(200);
    v2.transaction((transaction) => {
      for (const row of transaction.rows('public.requisition_line_items'))
        transaction.update('public.requisition_line_items', row, row['id'] === 77 ? { stockinhand: 0 } : {});
    });
    const report = await applyAll(testbed.engine('requisitions'), v2);
    const after = await authors(LINES);
    expect(report).toMatchObject({ landed: 200, derived: 1, written: 1, quarantined: 0 });
    expect([...after].filter(([id, author]) => before.get(id) !== author)).toHaveLength(1);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('a save that writes every line as it was writes no row', async () => {
    const before = await authors(LINES);
    v2.transaction((transaction) => {
      for (const table of ['public.requisitions', 'public.requisition_line_items'])
        for (const row of transaction.rows(table)) transaction.update(table, row, {});
    });
    const report = await applyAll(testbed.engine('requisitions'), v2);
    expect(report).toMatchObject({ landed: 201, derived: 0, written: 0 });
    expect(await authors(LINES)).toEqual(before);
  });
});

describe('tried again', () => {
  test('a batch whose COMMIT was done, but whose caller never heard of it, does nothing twice', async () => {
    const v2 = createSmallV2('places');
    const engine = testbed.engine('programs');
    const from = await readPositions(engine.deps.pool, engine.name);
    const batch = { ...(await batchFrom(engine, { topics: v2.topics, from })), isDeferred: false, run: 'first' };
    testbed.crashing.countStatements();
    await applyBatch(engine, batch);
    const statements = testbed.crashing.countStatements();
    await testbed.clean();
    testbed.crashing.arm({ atStatement: statements, when: 'after' });
    await expect(applyBatch(engine, batch)).rejects.toMatchObject({ code: 'V3_UNAVAILABLE' });
    expect(testbed.crashing.disarm()).toBe(true);
    const written = await authors('referencedata.programs');
    expect(written.size).toBe(1);

    expect(await applyBatch(engine, { ...batch, run: 'second' })).toMatchObject({
      isApplied: false,
      positions: batch.next,
    });
    expect(await authors('referencedata.programs')).toEqual(written);
  });

  test('an attempt that was thought dead comes back after another has read on: nothing is written, no position goes back', async () => {
    const v2 = createSmallV2('places');
    const engine = testbed.engine('programs');
    const from = await readPositions(engine.deps.pool, engine.name);
    const slow = { ...(await batchFrom(engine, { topics: v2.topics, from })), isDeferred: false, run: 'slow' };
    await applyBatch(engine, { ...slow, run: 'fast' });
    v2.change('programs', 1, { name: 'Program 1, renamed' });
    await applyAll(engine, v2);
    const [positions, written] = [
      await readPositions(engine.deps.pool, engine.name),
      await authors('referencedata.programs'),
    ];

    expect(await applyBatch(engine, slow)).toMatchObject({ isApplied: false, positions, landed: 0, written: 0 });
    expect(await readPositions(engine.deps.pool, engine.name)).toEqual(positions);
    expect(await authors('referencedata.programs')).toEqual(written);
  });

  test('a batch that died before its COMMIT left nothing', async () => {
    const v2 = createSmallV2('places');
    const engine = testbed.engine('programs');
    const from = await readPositions(engine.deps.pool, engine.name);
    const batch = { ...(await batchFrom(engine, { topics: v2.topics, from })), isDeferred: false, run: 'test' };
    testbed.crashing.countStatements();
    await applyBatch(engine, batch);
    const statements = testbed.crashing.countStatements();
    await testbed.clean();
    testbed.crashing.arm({ atStatement: statements, when: 'before' });
    await expect(applyBatch(engine, batch)).rejects.toMatchObject({ code: 'V3_UNAVAILABLE' });
    expect(await count('referencedata.programs')).toBe(0);
    expect(await readPositions(engine.deps.pool, engine.name)).toEqual(from);
    expect(await applyBatch(engine, batch)).toMatchObject({ isApplied: true, written: 3 });
  });
});

test('a landing table that somebody took away has a code, and nothing is read past it', async () => {
  const v2 = createSmallV2('places');
  const engine = testbed.engine('programs');
  const error = await withoutTable('landing_programs.programs', () => applyAll(engine, v2)).catch(
    (each: unknown) => each,
  );
  expect(ourSchemaBroken(error)).toMatchObject({ code: 'OUR_SCHEMA_BROKEN' });
  expect(await applyAll(engine, v2)).toMatchObject({ landed: 1, derived: 1 });
});

async function withoutTable<T>(table: string, work: () => Promise<T>): Promise<T> {
  await testbed.client.query(`ALTER TABLE ${table} RENAME TO taken_away`);
  try {
    return await work();
  } finally {
    await testbed.client.query(`ALTER TABLE ${table.split('.')[0]}.taken_away RENAME TO ${table.split('.')[1]}`);
  }
}

describe('paused', () => {
  const pause = {
    id: 'p',
    pipeline: 'facilities',
    name: 'pause',
    reason: 'stock count',
    by: 'tester',
    via: 'update',
  } as const;

  test('it lands, v3 stands still, and resume brings all of it', async () => {
    const v2 = createSmallV2('places');
    await settle(testbed, v2);
    const engine = testbed.engine('facilities');
    const before = await authors('referencedata.facilities');
    await changeMode(engine, { ...pause, mode: 'paused' });
    v2.change('facilities', 1, { name: 'Other' });
    v2.add('facilities', { id: 2, geographiczoneid: 1, typeid: 1 });

    expect(await applyAll(engine, v2)).toMatchObject({
      landed: 2,
      derived: 0,
      written: 0,
      deferred: 2,
      mode: 'paused',
    });
    expect(await deriveAll(engine)).toEqual({ derived: 0, written: 0, quarantined: 0 });
    expect(await authors('referencedata.facilities')).toEqual(before);
    expect(await readState(engine.deps.pool, engine.name)).toMatchObject({
      mode: 'paused',
      reason: 'stock count',
      by: 'tester',
      dirty: 2,
      waiting: 0,
      retryInMs: null,
    });

    await changeMode(engine, { ...pause, id: 'r', name: 'resume', mode: 'running' });
    expect(await readState(engine.deps.pool, engine.name)).toMatchObject({ mode: 'running', dirty: 2, retryInMs: 0 });
    await deriveAll(engine);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });
});

describe('the shape of events', () => {
  const topic = 'elmis.public.programs';

  /** The topic of programs after all of it is applied, its last event, and how it may go on. */
  async function appliedPrograms() {
    const v2 = createSmallV2('places');
    const engine = testbed.engine('programs');
    await applyAll(engine, v2);
    const log = [...(v2.topics.get(topic) ?? [])];
    const last = log.at(-1);
    const event = JSON.parse(last?.value?.toString() ?? '{}') as {
      after: Record<string, unknown>;
      source: Record<string, unknown>;
    };
    const next = (after: Record<string, unknown>, lsn: number) => ({
      ...(last as NonNullable<typeof last>),
      offset: log.length,
      value: Buffer.from(
        JSON.stringify({
          ...event,
          op: 'u',
          after,
          source: { ...event.source, lsn, sequence: `["${lsn - 1}","${lsn}"]` },
        }),
      ),
    });
    return { engine, log, event, next };
  }

  test('a column that v2 renames between two events of one batch lands under both names', async () => {
    const { engine, log, event, next } = await appliedPrograms();
    log.push(next(event.after, 900_000));
    const renamed = Object.entries(event.after).map(([column, value]) => [column === 'name' ? 'title' : column, value]);
    log.push(next(Object.fromEntries(renamed) as Record<string, unknown>, 900_010));
    expect(await applyAll(engine, { topics: new Map([[topic, log]]) })).toMatchObject({ landed: 1 });
    const { rows } = await testbed.client.query<object>('SELECT name, title FROM landing_programs.programs');
    expect(rows).toEqual([{ name: null, title: 'Program 1' }]);
  });

  test('a column that the catalog does not know widens landing, and later events without it still land', async () => {
    const { engine, log, event, next } = await appliedPrograms();
    const { name, ...withoutName } = event.after;
    log.push(next({ ...event.after, 'a "new" column': 'kept', name: `${String(name)}!` }, 900_000));
    const topics = new Map([[topic, log]]);
    expect(await applyAll(engine, { topics })).toMatchObject({ landed: 1, derived: 1, quarantined: 0 });
    const landed = async () =>
      (await testbed.client.query<object>(`SELECT name, "a ""new"" column" AS added FROM landing_programs.programs`))
        .rows;
    expect(await landed()).toEqual([{ name: 'Program 1!', added: 'kept' }]);

    // Dropped in v2: the whole row came without it, so landing has none either.
    log.push(next(withoutName, 900_010));
    expect(await applyAll(engine, { topics })).toMatchObject({ landed: 1, quarantined: 0 });
    expect(await landed()).toEqual([{ name: null, added: null }]);
  });
});
