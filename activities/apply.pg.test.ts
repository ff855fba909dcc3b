// The activity as a whole, reading from a v2 in memory: it reads to its claim, stops when v3 no longer fits its mapping,
// and goes on when it does again. (On the real Kafka it stands in test/e2e.)
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeIn, createSmallV2, insertInto } from '../test/engine/small-v2.ts';
import type { SmallV2 } from '../test/engine/small-v2.ts';
import { chunkFrom, createTestbed, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import type { V2Source } from '../test/engine/v2-source.ts';
import { apply } from './apply.ts';
import type { ActivityScope } from './apply.ts';
import type { Offsets } from './contract.ts';
import { readState } from './control.ts';
import type { Engine } from './engine.ts';
import { changeMode } from './operations.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

const scope: ActivityScope = { run: 'run 1', signal: new AbortController().signal, heartbeat: () => undefined };
/** It ends soon after the claim is reached and nothing is due. */
const limits = { longestMs: 30_000, lingerMs: 300, farBehindEvents: 0 };

/** The engine with a reader of the topics as they are, `take` messages of each at a time. */
function reading(engine: Engine, v2: V2Source, take = 1_000): Engine {
  return {
    ...engine,
    deletes: { tidy: () => Promise.resolve() },
    reader: {
      ...engine.reader,
      partitions: () =>
        Promise.resolve(engine.topics.filter((topic) => v2.topics.has(topic)).map((topic) => `${topic}/0`)),
      async read(positions) {
        const asked = { ...engine, topics: engine.topics.filter((topic) => `${topic}/0` in positions) };
        const chunk = chunkFrom(asked, v2.topics, positions, () => take);
        if (chunk.messages.length === 0) await sleep(20); // as Kafka waits for more
        return chunk;
      },
    },
  };
}

/** The engine, with something done before each of its reads. */
function beforeReads(engine: Engine, look: (positions: Offsets) => Promise<void>): Engine {
  return {
    ...engine,
    reader: {
      ...engine.reader,
      async read(positions, options) {
        await look(positions);
        return engine.reader.read(positions, options);
      },
    },
  };
}

function claimed(engine: Engine, v2: V2Source): Offsets {
  return Object.fromEntries(
    engine.topics.flatMap((topic) => (v2.topics.has(topic) ? [[`${topic}/0`, v2.topics.get(topic)?.length ?? 0]] : [])),
  );
}

async function dirtyRoots({ name }: Engine): Promise<number> {
  const { rows } = await testbed.client.query('SELECT FROM cdc.dirty WHERE pipeline = $1', [name]);
  return rows.length;
}

async function names(): Promise<readonly string[]> {
  const { rows } = await testbed.client.query<{ name: string }>(
    'SELECT name FROM referencedata.geographic_levels ORDER BY name',
  );
  return rows.map(({ name }) => name);
}

test('it reads to its claim, in as many batches as it takes, and reports what stands in our schema', async () => {
  const v2 = createSmallV2();
  for (let id = 1; id <= 7; id += 1) v2.add('geographic_levels', { id });
  const engine = reading(testbed.engine('geographic-levels'), v2, 3);
  const result = await apply(engine, { pipeline: engine.name, claimed: claimed(engine, v2) }, scope, limits);
  expect(result).toMatchObject({
    mode: 'running',
    stop: null,
    applied: { 'elmis.public.geographic_levels/0': 7 },
    dirty: 0,
    waiting: 0,
    quarantined: 0,
    retryInMs: null,
    operation: null,
    counts: { events: 7, landed: 7, derived: 7, written: 7, quarantined: 0 },
  });
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('it returns at once when it finds nothing to do, and otherwise waits for more', async () => {
  const v2 = createSmallV2();
  v2.add('geographic_levels', { id: 1 });
  const engine = reading(testbed.engine('geographic-levels'), v2);
  let reads = 0;
  const counted = beforeReads(engine, () => {
    reads += 1;
    return Promise.resolve();
  });
  const input = { pipeline: engine.name, claimed: claimed(engine, v2) };
  await apply(counted, input, scope, limits);
  expect(reads).toBeGreaterThan(1);
  reads = 0;
  await apply(counted, input, scope, { ...limits, lingerMs: 600_000 });
  expect(reads).toBe(1);
  // A root that is due, as after another pipeline has brought its parent, is work, without any event.
  await testbed.client.query(`INSERT INTO cdc.dirty (pipeline, root) VALUES ('geographic-levels', '1')`);
  expect(await apply(counted, input, scope, limits)).toMatchObject({ dirty: 0, counts: { derived: 1 } });
});

test('what was left while it caught up, or another pipeline released, is derived while changes keep coming', async () => {
  const v2 = createSmallV2();
  const LEVELS = 1_500;
  v2.transaction((transaction) => {
    for (let id = 1; id <= LEVELS; id += 1) insertInto(transaction, 'geographic_levels', { id });
  });
  const engine = reading(testbed.engine('geographic-levels'), v2);
  let reads = 0;
  let readsWhenDone = 0;
  const enough = new AbortController();
  // No read waits: whoever derives only while nothing comes would not do so until the activity ends.
  const flowing = beforeReads(engine, async () => {
    reads += 1;
    if ((await dirtyRoots(engine)) === 0 && (await names()).length === LEVELS) {
      readsWhenDone = reads;
      enough.abort();
    }
    v2.change('geographic_levels', 1, { name: `renamed ${reads} times` });
  });
  const input = { pipeline: engine.name, claimed: claimed(engine, v2) };
  await apply(flowing, input, { ...scope, signal: enough.signal }, { ...limits, longestMs: 15_000 });
  expect(readsWhenDone).toBeGreaterThan(0);
  await settle(testbed, v2);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('at its end it forgets old deletes, and when that fails it has applied all the same', async () => {
  const v2 = createSmallV2();
  v2.add('geographic_levels', { id: 1 });
  const looks: number[] = [];
  const tidy = (nowMs: number): Promise<void> => {
    looks.push(nowMs);
    return Promise.reject(new Error('Kafka does not say where its topics begin'));
  };
  const engine = { ...reading(testbed.engine('geographic-levels'), v2), deletes: { tidy } };
  const began = Date.now();
  const result = await apply(engine, { pipeline: engine.name, claimed: claimed(engine, v2) }, scope, limits);
  expect(result.counts).toMatchObject({ landed: 1, written: 1 });
  expect(looks).toEqual([expect.any(Number)]);
  expect(looks[0]).toBeGreaterThanOrEqual(began);
});

test('when it is cancelled it ends between two batches, and the next one goes on', async () => {
  const v2 = createSmallV2();
  for (let id = 1; id <= 7; id += 1) v2.add('geographic_levels', { id });
  const engine = reading(testbed.engine('geographic-levels'), v2, 3);
  const input = { pipeline: engine.name, claimed: claimed(engine, v2) };
  const cancelling = new AbortController();
  const first = await apply(
    engine,
    input,
    { ...scope, signal: cancelling.signal, heartbeat: () => cancelling.abort() },
    limits,
  );
  expect(first.applied['elmis.public.geographic_levels/0'] ?? 0).toBeLessThan(7);
  await apply(engine, input, scope, limits);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

test('two attempts at once do the work once', async () => {
  const v2 = createSmallV2('all');
  for (let id = 2; id <= 20; id += 1) v2.add('programs', { id });
  const engine = reading(testbed.engine('programs'), v2, 4);
  const input = { pipeline: engine.name, claimed: claimed(engine, v2) };
  const results = await Promise.all([
    apply(engine, input, scope, limits),
    apply(reading(engine, v2, 3), input, scope, limits),
  ]);
  // A program is three rows in v3.
  expect(results.reduce((sum, { counts }) => sum + counts.written, 0)).toBe(60);
  await settle(testbed, v2);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
});

/** Requisitions of forty lines, of which nothing has been read yet. */
function requisitions(count: number): SmallV2 {
  const v2 = createSmallV2('all');
  v2.transaction((transaction) => {
    insertInto(transaction, 'losses_adjustments_types', { name: 'DAMAGED', description: 'Damaged', additive: false });
    for (let id = 1; id <= count; id += 1) {
      if (id > 1) insertInto(transaction, 'facilities', { id, code: `F${id}`, geographiczoneid: 1, typeid: 1 });
      const requisition = { facilityid: id, programid: 1, periodid: 1, status: 'INITIATED', emergency: false };
      insertInto(transaction, 'requisitions', { id, ...requisition });
      insertInto(transaction, 'requisition_status_changes', { id, rnrid: id, status: 'INITIATED' });
      for (let line = 1; line <= 40; line += 1)
        insertInto(transaction, 'requisition_line_items', {
          id: id * 100 + line,
          rnrid: id,
          productcode: 'code 1',
          stockinhand: line,
        });
    }
  });
  return v2;
}

describe('the first load of a pipeline with parts', () => {
  const LINES = 'elmis.public.requisition_line_items/0';
  async function settleAllBut(name: string, v2: SmallV2): Promise<void> {
    const others = { ...testbed, engines: testbed.engines.filter((engine) => engine.name !== name) };
    await settle(others, v2);
  }

  test('reads lines when their requisitions stand in v3, and derives them as they come', async () => {
    const v2 = requisitions(2);
    await settleAllBut('requisitions', v2);
    const engine = reading(testbed.engine('requisitions'), v2, 10);
    const read: string[] = [];
    const watched = beforeReads(engine, async (positions) => {
      const { rows } = await testbed.client.query('SELECT FROM requisition.requisitions');
      read.push(LINES in positions ? `lines, beside ${rows.length} requisitions` : 'no lines');
    });
    const result = await apply(watched, { pipeline: engine.name, claimed: claimed(engine, v2) }, scope, limits);
    expect(result).toMatchObject({ dirty: 0, applied: { [LINES]: 80 } });
    expect(read[0]).toBe('no lines');
    expect(new Set(read)).toEqual(new Set(['no lines', 'lines, beside 2 requisitions']));
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('does not wait for a flow to end that never ends', async () => {
    const v2 = requisitions(2);
    await settleAllBut('requisitions', v2);
    const engine = reading(testbed.engine('requisitions'), v2, 10);
    let changes = 0;
    let readsWithoutLines = 0;
    const enough = new AbortController();
    const flowing = beforeReads(engine, async (positions) => {
      changes += 1;
      if (!(LINES in positions)) readsWithoutLines += 1;
      if (positions[LINES] === 80) enough.abort();
      v2.change('facilities', 2, { name: `renamed ${changes} times`, typeid: 1 });
      await sleep(20);
    });
    const input = { pipeline: engine.name, claimed: claimed(engine, v2) };
    const { applied } = await apply(flowing, input, { ...scope, signal: enough.signal }, limits);
    expect(applied[LINES]).toBe(80);
    // Each of them brought something more.
    expect(readsWithoutLines).toBeLessThan(100);
    await settle(testbed, v2);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });
});

describe('lines of which one in each requisition changed while nobody read', () => {
  // 40 requisitions are marked to be derived whole, 1,600 lines, where it counts as catching up.
  test.each([
    ['few enough: they are derived at once, and nothing else of their requisitions', 10_000, 0],
    ['many: it lands first', 0, 40],
  ])('%s', async (_, farBehindEvents, marked) => {
    const v2 = requisitions(40);
    await settle(testbed, v2);
    // So often that they come in two batches (see BATCH_BYTES in read-ahead.ts).
    for (let time = 1; time <= 160; time += 1)
      v2.transaction((transaction) => {
        const values = { stockinhand: time * 7 };
        for (let id = 1; id <= 40; id += 1)
          changeIn(transaction, 'requisition_line_items', { id: id * 100 + 1, values });
      });
    const engine = reading(testbed.engine('requisitions'), v2);
    let mostMarked = 0;
    const watched = beforeReads(engine, async () => {
      mostMarked = Math.max(mostMarked, await dirtyRoots(engine));
    });
    const input = { pipeline: engine.name, claimed: claimed(engine, v2) };
    const result = await apply(watched, input, scope, { ...limits, farBehindEvents });
    expect(result).toMatchObject({ dirty: 0, counts: { events: 6_400 } });
    expect(mostMarked).toBe(marked);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });
});

describe('a v3 that no longer fits the mapping', () => {
  test('stops its pipeline, which lands on, and a resume after the repair brings all of it', async () => {
    const v2 = createSmallV2();
    v2.add('geographic_levels', { id: 1, name: 'one' });
    const engine = reading(testbed.engine('geographic-levels'), v2);
    const run = (within = limits) =>
      apply(engine, { pipeline: engine.name, claimed: claimed(engine, v2) }, scope, within);
    await run();
    await testbed.client.query('ALTER TABLE referencedata.geographic_levels RENAME levelnumber TO depth');
    try {
      v2.add('geographic_levels', { id: 2, name: 'two' });
      // It returns when it has stopped, however long it might have stayed.
      const stopped = await run({ ...limits, longestMs: 3_600_000, lingerMs: 3_600_000 });
      expect(stopped).toMatchObject({
        mode: 'drifted',
        stop: { code: 'SCHEMA_DRIFT' },
        dirty: 1,
        quarantined: 0,
        retryInMs: null,
      });
      expect(stopped.stop?.message).toContain('levelnumber');
      v2.add('geographic_levels', { id: 3, name: 'three' });
      expect(await run()).toMatchObject({ mode: 'drifted', dirty: 2, counts: { events: 1, landed: 1, written: 0 } });
      expect(await names()).toEqual(['one']);
    } finally {
      await testbed.client.query('ALTER TABLE referencedata.geographic_levels RENAME depth TO levelnumber');
    }
    const resume = {
      id: 'r',
      pipeline: engine.name,
      name: 'resume',
      reason: 'repaired',
      by: 'tester',
      via: 'update',
    } as const;
    expect(await changeMode(engine, { ...resume, mode: 'running' })).toMatchObject({
      mode: 'running',
      stop: null,
      dirty: 2,
    });
    await run();
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('a table that is gone is found when roots are derived, too', async () => {
    const v2 = createSmallV2('places');
    v2.transaction((transaction) => insertInto(transaction, 'facility_operators', { id: 2 }));
    await testbed.client.query('ALTER TABLE referencedata.facility_operators RENAME TO gone');
    try {
      const engine = reading(testbed.engine('facility-operators'), v2);
      expect(await apply(engine, { pipeline: engine.name, claimed: claimed(engine, v2) }, scope, limits)).toMatchObject(
        {
          mode: 'drifted',
          stop: { code: 'SCHEMA_DRIFT' },
          dirty: 2,
        },
      );
      // Its children look for it as well: they are stopped, not lost.
      const facilities = reading(testbed.engine('facilities'), v2);
      v2.change('facilities', 1, { operatedbyid: 1 });
      expect(
        await apply(facilities, { pipeline: 'facilities', claimed: claimed(facilities, v2) }, scope, limits),
      ).toMatchObject({
        mode: 'drifted',
      });
    } finally {
      await testbed.client.query('ALTER TABLE referencedata.gone RENAME TO facility_operators');
    }
    await testbed.client.query(`UPDATE cdc.pipelines SET mode = 'running', stop_code = NULL, stop_message = NULL`);
    await settle(testbed, v2);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
    expect(await readState(testbed.client as never, 'facilities')).toMatchObject({ mode: 'running', stop: null });
  });
});
