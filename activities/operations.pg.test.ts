// What operators ask for, on a real v3: reset, reprocess, retry; and a v3 that changes under us.
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { idOf } from '../model/ids.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { programs } from '../pipelines/programs/programs.ts';
import { createSmallV2, insertInto } from '../test/engine/small-v2.ts';
import type { SmallV2 } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed, deriveAll, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import { readWhile } from '../test/support/read-while.ts';
import type { ActivityScope } from './apply.ts';
import type { OperationRequest } from './contract.ts';
import { readState, recordOperation } from './control.ts';
import type { Engine } from './engine.ts';
import { createActivities } from './index.ts';
import { awaitDerived, changeMode, clearOwned, discard, markAll, retryQuarantined } from './operations.ts';
import { planOf } from './plan.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

const scope: ActivityScope = { run: 'test', signal: new AbortController().signal, heartbeat: () => undefined };

function request(engine: Engine, name: OperationRequest['name'], id: string = name): OperationRequest {
  return { id, pipeline: engine.name, name, reason: 'test', by: 'tester', via: 'update' };
}

async function begin(engine: Engine, name: OperationRequest['name']): Promise<OperationRequest> {
  const operation = request(engine, name);
  await recordOperation(engine.deps.pool, operation, { state: 'running', answer: '' });
  return operation;
}

async function count(table: string): Promise<number> {
  const { rows } = await testbed.client.query<{ count: number }>(`SELECT count(*)::int FROM ${table}`);
  return rows[0]?.count ?? 0;
}

/** Row -> the transaction that wrote it. */
async function authors(table: string, key = 'id'): Promise<ReadonlyMap<string, string>> {
  const { rows } = await testbed.client.query<{ key: string; xmin: string }>(
    `SELECT ${key}::text AS key, xmin::text FROM ${table}`,
  );
  return new Map(rows.map((row) => [row.key, row.xmin]));
}

/** All of the small v2, with a requisition and supported programs, in v3. */
async function filled(): Promise<SmallV2> {
  const v2 = createSmallV2('all');
  v2.transaction((transaction) => {
    insertInto(transaction, 'programs_supported', { id: 1, facilityid: 1, programid: 1 });
    insertInto(transaction, 'geographic_zones', { id: 2, levelid: 1, parentid: 1 });
    insertInto(transaction, 'geographic_zones', { id: 3, levelid: 1, parentid: 2 });
    insertInto(transaction, 'requisitions', {
      id: 1,
      facilityid: 1,
      programid: 1,
      periodid: 1,
      status: 'SUBMITTED',
      emergency: false,
    });
    insertInto(transaction, 'requisition_line_items', { id: 1, rnrid: 1, productcode: 'code 1' });
    insertInto(transaction, 'requisition_status_changes', { id: 1, rnrid: 1, status: 'SUBMITTED' });
  });
  await settle(testbed, v2);
  expect(await testbed.compare(v2)).toEqual({ differences: [] });
  return v2;
}

/** With more facilities than one chunk of a reset holds. */
async function filledWithManyFacilities(): Promise<SmallV2> {
  const v2 = await filled();
  v2.transaction((transaction) => {
    for (let id = 2; id <= 600; id += 1)
      insertInto(transaction, 'facilities', { id, geographiczoneid: 1, typeid: 1, enabled: true });
  });
  await settle(testbed, v2);
  return v2;
}

describe('reset', () => {
  test.each([
    'geographic-levels',
    'geographic-zones',
    'facility-types',
    'facility-operators',
    'programs',
    'facilities',
    'product-categories',
    'products',
    'program-products',
    'approved-products',
    'processing-schedules',
    'processing-periods',
    'requisitions',
  ])('%s: its rows go, with those that depend on them, and all come back', async (name) => {
    const v2 = await filled();
    const engine = testbed.engine(name);
    const operation = await begin(engine, 'reset');
    const outcome = await clearOwned(engine, operation, scope);
    for (const { table } of Object.values(engine.plan.pipeline.owns)) {
      const own = table === 'referencedata.facility_types' ? 2 : 0;
      expect([table, await count(table)]).toEqual([table, own]);
    }
    expect(outcome.counts['roots']).toBe(v2.rows(engine.plan.root.node.table).length);
    await settle(testbed, v2);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
    expect(await awaitDerived(engine, { id: operation.id, total: outcome.counts['roots'] ?? 0 }, scope)).toMatchObject({
      answer: 'All derived.',
    });
  });

  test('rows of pipelines that do not depend on it stay as they are', async () => {
    await filled();
    const tables = [
      'referencedata.programs',
      'referencedata.orderables',
      'referencedata.geographic_levels',
      'referencedata.geographic_zones',
    ];
    const all = async () => {
      const found = [];
      for (const table of tables) found.push(await authors(table));
      return found;
    };
    const before = await all();
    const engine = testbed.engine('facilities');
    await clearOwned(engine, await begin(engine, 'reset'), scope);
    expect(await all()).toEqual(before);
  });

  test.each([
    [
      'a table',
      'ALTER TABLE referencedata.facilities RENAME TO lost',
      'ALTER TABLE referencedata.lost RENAME TO facilities',
    ],
    [
      'a column',
      'ALTER TABLE referencedata.facilities RENAME id TO lost',
      'ALTER TABLE referencedata.facilities RENAME lost TO id',
    ],
  ])('fails with SCHEMA_DRIFT when v3 has lost %s, and clears nothing', async (_, lose, giveBack) => {
    const v2 = await filled();
    const engine = testbed.engine('facilities');
    await testbed.client.query(lose);
    try {
      await expect(clearOwned(engine, await begin(engine, 'reset'), scope)).rejects.toMatchObject({
        code: 'SCHEMA_DRIFT',
        message: expect.stringMatching(/^facilities: v3 is not as the mapping expects it: .*does not exist/) as string,
        advice: expect.stringContaining('Then ask for the reset again.') as string,
      });
    } finally {
      await testbed.client.query(giveBack);
    }
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test("fails when v3's own rows refer to what it clears, and what it had cleared before comes back", async () => {
    // The facility that v3 refers to is in the last chunk.
    const v2 = await filledWithManyFacilities();
    const engine = testbed.engine('facilities');
    await testbed.client.query(`
      CREATE TABLE referencedata.of_v3 (facility uuid REFERENCES referencedata.facilities);
      INSERT INTO referencedata.of_v3 VALUES ('${idOf('facilities', '1')}')`);
    try {
      await expect(clearOwned(engine, await begin(engine, 'reset'), scope)).rejects.toMatchObject({
        code: 'V3_CONSTRAINT',
        message: expect.stringContaining('of_v3') as string,
        advice: expect.stringContaining('reprocess') as string,
      });
      expect(await count('referencedata.facilities')).toBe(100);
    } finally {
      await testbed.client.query('DROP TABLE referencedata.of_v3');
    }
    await changeMode(engine, { ...request(engine, 'resume'), mode: 'running' });
    await settle(testbed, v2);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('cancelled between two chunks, it leaves the rest as it is, and what it had cleared comes back', async () => {
    const v2 = await filledWithManyFacilities();
    const engine = testbed.engine('facilities');
    const cancel = new AbortController();
    const cancelled = { ...scope, signal: cancel.signal, heartbeat: () => cancel.abort() };
    const operation = await begin(engine, 'reset');
    await expect(clearOwned(engine, operation, cancelled)).rejects.toThrow('cancelled between two chunks');
    expect(await count('referencedata.facilities')).toBe(100);
    const activities = createActivities(engine.deps);
    await activities.endOperation({
      id: operation.id,
      state: 'cancelled',
      answer: 'Cancelled by Asha: wrong pipeline',
    });
    // A word that comes late changes nothing.
    await activities.endOperation({ id: operation.id, state: 'failed', answer: 'late' });
    expect(await readState(engine.deps.pool, engine.name)).toMatchObject({ mode: 'running', operation: null });
    const { rows } = await testbed.client.query('SELECT state, answer FROM cdc.operations');
    expect(rows).toEqual([{ state: 'cancelled', answer: 'Cancelled by Asha: wrong pipeline' }]);
    await settle(testbed, v2);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('a pause that stood before it stands after it', async () => {
    const v2 = await filled();
    const engine = testbed.engine('programs');
    await changeMode(engine, { ...request(engine, 'pause'), mode: 'paused' });
    await clearOwned(engine, await begin(engine, 'reset'), scope);
    expect(await readState(engine.deps.pool, engine.name)).toMatchObject({ mode: 'paused', dirty: 1 });
    await deriveAll(engine);
    expect(await count('referencedata.programs')).toBe(0);
    await changeMode(engine, { ...request(engine, 'resume'), mode: 'running' });
    await settle(testbed, v2);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });
});

describe('reprocess', () => {
  /** The engine of a pipeline as it would be after a release that changed its transformation. */
  function released(engine: Engine, derive: Pipeline['derive']): Engine {
    return { ...engine, version: 'next', plan: planOf({ ...engine.plan.pipeline, derive }) };
  }

  async function withPrograms(): Promise<SmallV2> {
    const v2 = createSmallV2();
    v2.transaction((transaction) => {
      for (let id = 1; id <= 400; id += 1)
        insertInto(transaction, 'programs', { id, name: id <= 30 ? 'short' : `Program ${id}` });
    });
    await applyAll(testbed.engine('programs'), v2, { isDeferred: true });
    await deriveAll(testbed.engine('programs'));
    expect(await count('referencedata.programs')).toBe(400);
    return v2;
  }

  test('with the same transformation writes nothing', async () => {
    await withPrograms();
    const engine = testbed.engine('programs');
    const before = await authors('referencedata.programs');
    await markAll(engine, await begin(engine, 'reprocess'));
    expect(await deriveAll(engine)).toEqual({ derived: 400, written: 0, quarantined: 0 });
    expect(await authors('referencedata.programs')).toEqual(before);
  });

  test('with another one writes what differs, removes what is no longer derived, and no reader misses a row', async () => {
    await withPrograms();
    const engine = released(testbed.engine('programs'), (root, context) => {
      const program = root as Parameters<typeof programs.derive>[0];
      const rows = programs.derive(program, context);
      return {
        ...rows,
        programs: rows.programs.map((row) => (program.name === 'short' ? { ...row, name: 'Long' } : row)),
        // One template fewer for every short one.
        assignments: program.name === 'short' ? [] : rows.assignments,
      };
    });
    const before = await authors('referencedata.programs');
    const reader = new Client({ connectionString: testbed.url });
    await reader.connect();
    const seen = readWhile(
      async () => {
        const { rows } = await reader.query<{ count: number }>('SELECT count(*)::int FROM referencedata.programs');
        return rows[0]?.count;
      },
      async () => {
        await markAll(engine, await begin(engine, 'reprocess'));
        expect(await deriveAll(engine)).toEqual({ derived: 400, written: 60, quarantined: 0 });
      },
    );
    await seen.catch(() => undefined).then(() => reader.end());

    expect(new Set(await seen)).toEqual(new Set([400]));
    const after = await authors('referencedata.programs');
    expect([...after].filter(([id, author]) => before.get(id) !== author)).toHaveLength(30);
    expect(await count(`referencedata.programs WHERE name = 'Long'`)).toBe(30);
    expect(await count('requisition.requisition_template_assignments')).toBe(370);
    expect(await count(`cdc.ledger WHERE version = 'next'`)).toBe(400);
  });

  test('a root that fails in the new transformation keeps its rows', async () => {
    await withPrograms();
    const engine = released(testbed.engine('programs'), (root, context) => {
      if ((root as { readonly id: number }).id === 7) throw new Error('seven');
      return programs.derive(root, context);
    });
    await markAll(engine, await begin(engine, 'reprocess'));
    expect(await deriveAll(engine)).toEqual({ derived: 399, written: 0, quarantined: 1 });
    expect(await count('referencedata.programs')).toBe(400);
    expect(await readState(engine.deps.pool, engine.name)).toMatchObject({ quarantined: 1, dirty: 0 });

    // Corrected, and retried.
    const corrected = testbed.engine('programs');
    await retryQuarantined(corrected, await begin(corrected, 'retryQuarantined'), scope);
    expect(await deriveAll(corrected)).toMatchObject({ derived: 1, quarantined: 0 });
    expect(await readState(corrected.deps.pool, corrected.name)).toMatchObject({ quarantined: 0 });
  });
});

describe('a pause that knows its end', () => {
  test('keeps its end in our schema, and is ended by nothing but itself', async () => {
    const engine = testbed.engine('products');
    const { pool } = engine.deps;
    const until = '2026-02-01T06:00:00.000Z';
    const pause = { ...request(engine, 'pause'), mode: 'paused', until } as const;
    expect(await changeMode(engine, pause)).toMatchObject({ mode: 'paused', until });
    expect((await testbed.client.query(`SELECT input, answer FROM cdc.operations WHERE id = 'pause'`)).rows).toEqual([
      { input: { until }, answer: `products is paused until ${until}.` },
    ]);
    const end = { ...request(engine, 'resume', 'end'), mode: 'running', via: 'timer' } as const;
    expect(await changeMode(engine, end)).toMatchObject({ mode: 'running', until: null });

    await changeMode(engine, { ...pause, id: 'second' });
    await testbed.client.query(`UPDATE cdc.pipelines SET mode = 'drifted', mode_until = NULL WHERE name = 'products'`);
    expect(await changeMode(engine, { ...end, id: 'second-end' })).toMatchObject({ mode: 'drifted' });
    expect(await readState(pool, 'products')).toMatchObject({ mode: 'drifted' });
    expect((await testbed.client.query(`SELECT FROM cdc.operations WHERE id = 'second-end'`)).rowCount).toBe(0);
  });
});

describe('resume', () => {
  test('lets roots of others go that the paused rows barred, also when their tries were used up', async () => {
    const v2 = await filled();
    const { pool } = testbed.engine('facilities').deps;
    await changeMode(testbed.engine('facilities'), {
      ...request(testbed.engine('facilities'), 'pause'),
      mode: 'paused',
    });
    v2.add('geographic_zones', { id: 4, levelid: 1 });
    v2.change('facilities', 1, { geographiczoneid: 3 });
    v2.change('geographic_zones', 2, { parentid: 4 });
    v2.change('geographic_zones', 3, { parentid: 4 });
    v2.drop('geographic_zones', 1);
    await settle(testbed, v2);
    // The facility still stands in the zone that is gone. Its tries are used up:
    await testbed.client.query(`DELETE FROM cdc.dirty WHERE pipeline = 'geographic-zones'`);
    expect(await readState(pool, 'geographic-zones')).toMatchObject({ quarantined: 1, dirty: 0 });

    await changeMode(testbed.engine('facilities'), {
      ...request(testbed.engine('facilities'), 'resume'),
      mode: 'running',
    });
    // It is woken before the facility has moved, and must not use up its only try.
    await deriveAll(testbed.engine('geographic-zones'));
    await settle(testbed, v2);
    await testbed.client.query(`UPDATE cdc.dirty SET not_before = '-infinity' WHERE pipeline = 'geographic-zones'`);
    await settle(testbed, v2);
    expect(await readState(pool, 'geographic-zones')).toMatchObject({ quarantined: 0, dirty: 0 });
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('makes no root due but those that a constraint bars, and wakes their pipelines', async () => {
    const engine = testbed.engine('programs');
    await changeMode(engine, { ...request(engine, 'pause'), mode: 'paused' });
    await testbed.client.query(`
      INSERT INTO cdc.quarantine (pipeline, kind, source, root, code, message, resolved_at) VALUES
        ('products', 'root', 'public.products', 'given up', 'V3_CONSTRAINT', '', NULL),
        ('products', 'root', 'public.products', 'tried later', 'V3_CONSTRAINT', '', NULL),
        ('products', 'root', 'public.products', 'solved', 'V3_CONSTRAINT', '', now()),
        ('facilities', 'root', 'public.facilities', 'faulty', 'DERIVE_FAILED', '', NULL);
      INSERT INTO cdc.dirty (pipeline, root, attempts, not_before) VALUES ('products', 'tried later', 9, now() + interval '1 hour')`);
    const woken: (string | undefined)[] = [];
    const listener = new Client({ connectionString: testbed.url });
    await listener.connect();
    try {
      listener.on('notification', ({ payload }) => woken.push(payload));
      await listener.query('LISTEN cdc_wake');
      await changeMode(engine, { ...request(engine, 'resume'), mode: 'running' });
      // Notifications come before the answer to a later statement.
      await listener.query('SELECT 1');
    } finally {
      await listener.end();
    }
    const { rows } = await testbed.client.query<object>(
      'SELECT pipeline, root, attempts, not_before <= now() AS due FROM cdc.dirty ORDER BY root',
    );
    expect(rows).toEqual(
      ['given up', 'tried later'].map((root) => ({ pipeline: 'products', root, attempts: 0, due: true })),
    );
    expect(new Set(woken)).toEqual(new Set(['products', 'programs']));
  });
});

describe('retryQuarantined', () => {
  test('ends only when a root was derived that was waiting for its next try anyway', async () => {
    const v2 = createSmallV2('places');
    const engine = testbed.engine('programs');
    await applyAll(engine, v2);
    await testbed.client.query(
      `INSERT INTO cdc.quarantine (pipeline, kind, source, root, code, message) VALUES ('programs', 'root', 'public.programs', '1', 'V3_CONSTRAINT', '')`,
    );
    await testbed.client.query(
      `INSERT INTO cdc.dirty (pipeline, root, attempts, not_before) VALUES ('programs', '1', 1, now() + interval '1 hour')`,
    );
    const operation = await begin(engine, 'retryQuarantined');
    const marked = await retryQuarantined(engine, operation, scope);
    const { rows } = await testbed.client.query<object>('SELECT operation, not_before <= now() AS due FROM cdc.dirty');
    expect([marked.counts['roots'], rows]).toEqual([1, [{ operation: operation.id, due: true }]]);
  });
});

describe('discard', () => {
  const entries = async (): Promise<readonly object[]> =>
    (
      await testbed.client.query<object>(
        `SELECT kind, root, discarded_by AS by, discarded_reason AS reason, resolved_at IS NULL AS open FROM cdc.quarantine ORDER BY id`,
      )
    ).rows;

  test('keeps the root with who and why, counts it no longer, and does not try it again by itself', async () => {
    const engine = testbed.engine('programs');
    const { pool } = engine.deps;
    await settle(testbed, createSmallV2('places'));
    await testbed.client.query(`
      INSERT INTO cdc.quarantine (pipeline, kind, source, root, code, message) VALUES
        ('programs', 'root', 'public.programs', '1', 'V3_CONSTRAINT', ''),
        ('programs', 'root', 'public.programs', '2', 'DERIVE_FAILED', ''),
        ('programs', 'event', 'public.programs', NULL, 'EVENT_NOT_JSON', '');
      INSERT INTO cdc.dirty (pipeline, root, attempts, not_before) VALUES ('programs', '1', 3, now() + interval '1 hour'), ('programs', '2', 0, now())`);
    const operation = await begin(engine, 'discard');
    const outcome = await discard(engine, { ...operation, only: { code: 'V3_CONSTRAINT' } }, scope);
    expect(outcome.answer).toBe('0 events and 1 roots discarded.');
    expect(await entries()).toEqual([
      { kind: 'root', root: '1', by: 'tester', reason: 'test', open: true },
      { kind: 'root', root: '2', by: null, reason: null, open: true },
      { kind: 'event', root: null, by: null, reason: null, open: true },
    ]);
    // 2 was changed since, and not tried since.
    expect(await readState(pool, 'programs')).toMatchObject({ quarantined: 2, dirty: 1 });
    await changeMode(engine, { ...request(engine, 'pause'), mode: 'paused' });
    await changeMode(engine, { ...request(engine, 'resume', 'again'), mode: 'running' });
    const retry = await begin(engine, 'retryQuarantined');
    expect((await retryQuarantined(engine, { ...retry, only: { kind: 'root' } }, scope)).counts).toEqual({
      events: 0,
      roots: 1,
    });
    expect(await readState(pool, 'programs')).toMatchObject({ quarantined: 2, dirty: 1 });
    await discard(engine, { ...operation, only: { roots: ['2'] } }, scope);
    await discard(engine, operation, scope);
    expect(await readState(pool, 'programs')).toMatchObject({ quarantined: 0 });
  });

  test('a root comes back by itself when v2 changes it and it fails again, and is resolved when it goes well', async () => {
    const v2 = createSmallV2('places');
    const engine = testbed.engine('programs');
    const program = (): ReturnType<SmallV2['rows']>[number] => v2.rows('public.programs')[0] ?? {};
    await testbed.client.query(`ALTER TABLE referencedata.programs ADD CONSTRAINT named CHECK (name <> 'bad')`);
    try {
      v2.transaction((transaction) => transaction.update('public.programs', program(), { name: 'bad' }));
      await settle(testbed, v2);
      expect(await readState(engine.deps.pool, 'programs')).toMatchObject({ quarantined: 1 });
      const operation = await begin(engine, 'discard');
      await discard(engine, operation, scope);
      expect(await readState(engine.deps.pool, 'programs')).toMatchObject({ quarantined: 0 });
      v2.transaction((transaction) => transaction.update('public.programs', program(), { description: 'anew' }));
      await settle(testbed, v2);
      expect(await readState(engine.deps.pool, 'programs')).toMatchObject({ quarantined: 1 });
      expect(await entries()).toEqual([{ kind: 'root', root: '1', by: null, reason: null, open: true }]);
      await discard(engine, operation, scope);
    } finally {
      await testbed.client.query('ALTER TABLE referencedata.programs DROP CONSTRAINT named');
    }
    v2.transaction((transaction) => transaction.update('public.programs', program(), { name: 'good' }));
    await settle(testbed, v2);
    expect(await entries()).toEqual([{ kind: 'root', root: '1', by: 'tester', reason: 'test', open: false }]);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });
});

describe('bad events', () => {
  test('are quarantined with their bytes while the rest of their batch is applied, and go when they are retried', async () => {
    const v2 = createSmallV2('places');
    const engine = testbed.engine('programs');
    const topic = 'elmis.public.programs';
    const good = v2.topics.get(topic) ?? [];
    const bad = [
      'no JSON',
      '{"a":1}',
      '{"op":"c","source":{"schema":"public","table":"other"},"after":{}}',
      '{"op":"c","source":{"schema":"public","table":"programs","lsn":5,"sequence":"[null,\\"5\\"]"},"after":{"code":"x"}}',
    ];
    const messages = [
      ...bad.map((text) => ({ topic, partition: 0, key: null, value: Buffer.from(text), headers: [] })),
      ...good,
    ];
    const topics = new Map([[topic, messages.map((message, offset) => ({ ...message, offset }))]]);
    expect(await applyAll(engine, { topics })).toMatchObject({ landed: 1, derived: 1, quarantined: 4 });
    const { rows } = await testbed.client.query<{ code: string; text: string; offset: number }>(
      `SELECT code, convert_from(payload, 'UTF8') AS text, kafka_offset::int AS offset FROM cdc.quarantine ORDER BY kafka_offset`,
    );
    expect(rows).toEqual(
      ['EVENT_NOT_JSON', 'EVENT_NOT_DEBEZIUM', 'EVENT_UNKNOWN_TABLE', 'EVENT_WITHOUT_KEY'].map((code, offset) => ({
        code,
        text: bad[offset],
        offset,
      })),
    );
    await retryQuarantined(engine, await begin(engine, 'retryQuarantined'), scope);
    const { rows: again } = await testbed.client.query<object>(
      'SELECT DISTINCT attempts, resolved_at IS NULL AS open FROM cdc.quarantine',
    );
    expect(again).toEqual([{ attempts: 2, open: true }]);
  });
});
