// The API on a real database: what it reads there, and how it answers when something is wrong. Temporal is away.
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createApiTestbed } from '../test/support/api-testbed.ts';
import type { ApiTestbed } from '../test/support/api-testbed.ts';
import { migrate } from '../activities/schema/migrate.ts';
import { pipelines } from '../pipelines/index.ts';

let testbed: ApiTestbed;
let { database, pool, api, contract } = {} as ApiTestbed;

beforeAll(async () => {
  testbed = await createApiTestbed({
    isWithoutOurSchema: true,
    deps: () => ({
      uiLink: (workflowId, run) => `http://ui/${workflowId}${run ? `/${run}` : ''}`,
      lagOf: () => ({ events: 3, seconds: 1.5 }),
      retentionOf: () => ({ until: '2026-03-01T00:00:00.000Z', topic: 'elmis.public.products' }),
    }),
  });
  ({ database, pool, api, contract } = testbed);
});
afterEach(() => contract.assertKept());
afterAll(() => testbed.close());

test('lists every pipeline before any worker has run', async () => {
  const answer = await api.inject('/pipelines');
  const listed = answer.json<{ pipelines: { name: string; mode: string | null }[] }>().pipelines;
  expect(listed.map(({ name }) => name)).toEqual(pipelines.map(({ name }) => name));
  expect(listed[0]?.mode).toBeNull();
});

test('shows what our schema holds', async () => {
  await migrate(pool);
  await database.client.query(`
    INSERT INTO cdc.pipelines (name, mode, mode_reason, mode_by, stop_code, stop_message) VALUES ('products', 'drifted', 'why', 'Asha', 'SCHEMA_DRIFT', 'gone');
    INSERT INTO cdc.positions (pipeline, topic, partition, next_offset) VALUES ('products', 'elmis.public.products', 0, 12);
    INSERT INTO cdc.dirty (pipeline, root) VALUES ('products', '1'), ('products', '2');
    INSERT INTO cdc.operations (id, pipeline, name, reason, requested_by, via, state, answer) VALUES ('op-1', 'products', 'pause', 'r', 'Asha', 'update', 'done', 'ok');
  `);
  expect((await api.inject('/pipelines/products')).json()).toMatchObject({
    name: 'products',
    mode: 'drifted',
    reason: 'why',
    by: 'Asha',
    stop: { code: 'SCHEMA_DRIFT', message: 'gone' },
    until: null,
    lag: { events: 3, seconds: 1.5 },
    retention: { until: '2026-03-01T00:00:00.000Z', topic: 'elmis.public.products' },
    dirty: 2,
    positions: { 'elmis.public.products/0': 12 },
    operations: [{ id: 'op-1', name: 'pause', state: 'done' }],
    workflow: { id: 'pipeline/products', url: 'http://ui/pipeline/products' },
  });
  expect((await api.inject('/pipelines/products/operations?limit=1')).json()).toMatchObject({
    operations: [{ id: 'op-1' }],
  });
});

test('pages through the quarantine, and shows bytes that are no text', async () => {
  await database.client.query(`
    INSERT INTO cdc.quarantine (pipeline, kind, source, topic, partition, kafka_offset, code, message, payload, resolved_at)
    SELECT 'products', 'event', 'public.products', 'elmis.public.products', 0, n, 'EVENT_NOT_JSON', 'no JSON',
           CASE n WHEN 1 THEN '\\xff00'::bytea ELSE convert_to('{"tembo": "🐘"', 'UTF8') END, CASE n WHEN 3 THEN now() END
    FROM generate_series(1, 4) n
  `);
  const page = async (query: string): Promise<Page> =>
    (await api.inject(`/pipelines/products/quarantine${query}`)).json();
  const first = await page('?limit=2');
  expect(first.quarantine.map(({ position, payload }) => [position.offset, payload])).toEqual([
    [1, { encoding: 'base64', data: '/wA=' }],
    [2, { encoding: 'utf-8', data: '{"tembo": "🐘"' }],
  ]);
  const second = await page(`?limit=2&after=${first.next}`);
  expect(second.quarantine.map(({ position }) => position.offset)).toEqual([4]);
  expect(second.next).toBeNull();
  expect((await page('?state=resolved')).quarantine).toHaveLength(1);
  await database.client.query(
    `UPDATE cdc.quarantine SET discarded_at = '2026-01-31T00:00:00Z', discarded_by = 'Asha', discarded_reason = 'why' WHERE kafka_offset = 2`,
  );
  expect((await page('?state=discarded')).quarantine).toMatchObject([
    { position: { offset: 2 }, discarded: { at: '2026-01-31T00:00:00.000Z', by: 'Asha', reason: 'why' } },
  ]);
  expect((await page('')).quarantine.map(({ position }) => position.offset)).toEqual([1, 4]);
  expect((await api.inject('/pipelines/products')).json()).toMatchObject({ quarantined: 2 });
});

test('explains a row, with the run that wrote it', async () => {
  await database.client.query(`
    CREATE SCHEMA referencedata;
    CREATE TABLE referencedata.facility_operators (id uuid PRIMARY KEY, code text);
    INSERT INTO referencedata.facility_operators VALUES ('00000000-0000-0000-0000-000000000007', 'gov');
    CREATE SCHEMA landing_facility_operators;
    CREATE TABLE landing_facility_operators.facility_operators
      (_key text, _live smallint, _offset bigint, _committed_at bigint, id text, code text, text text, displayorder text);
    INSERT INTO landing_facility_operators.facility_operators VALUES ('7', 1, 12, 1767225600000, '7', 'gov', 'Government', '1');
    INSERT INTO cdc.pipelines (name) VALUES ('facility-operators');
    INSERT INTO cdc.ledger (pipeline, root, owned, digest, version, run)
    VALUES ('facility-operators', '7', '{"": {"operators": {"00000000-0000-0000-0000-000000000007": "hash"}}}', '', '', 'run-1');
  `);
  const found = await api.inject('/explain?table=facility_operators&key=7');
  expect(found.json()).toMatchObject({
    asked: { side: 'v2', table: 'public.facility_operators', key: '7' },
    roots: [
      {
        pipeline: 'facility-operators',
        state: 'in v3',
        v2: [{ position: { topic: 'elmis.public.facility_operators', partition: 0, offset: 12 } }],
        workflow: { run: 'run-1', url: 'http://ui/pipeline/facility-operators/run-1' },
      },
    ],
  });
});

test.each([
  ['GET', '/explain?table=nowhere&key=1', 404, 'TABLE_UNKNOWN'],
  ['GET', '/explain?table=products', 400, 'REQUEST_INVALID'],
  // No worker has made its landing tables.
  ['GET', '/explain?table=losses_adjustments_types&key=1', 503, 'OUR_SCHEMA_BROKEN'],
  ['GET', '/pipelines/nothing', 404, 'PIPELINE_UNKNOWN'],
  ['GET', '/elsewhere', 404, 'ROUTE_UNKNOWN'],
  ['GET', '/pipelines/products/quarantine?limit=many', 400, 'REQUEST_INVALID'],
  ['GET', '/pipelines/products/quarantine?pages=1', 400, 'REQUEST_INVALID'],
  ['POST', '/pipelines/products/pause', 400, 'REQUEST_INVALID'],
  ['POST', '/pipelines/products/frobnicate', 404, 'OPERATION_UNKNOWN'],
  ['POST', '/pipelines/nothing/frobnicate', 404, 'PIPELINE_UNKNOWN'],
  ['DELETE', '/pipelines/products', 405, 'METHOD_UNKNOWN'],
  ['GET', '/pipelines/%zz', 400, 'REQUEST_INVALID'],
] as const)('%s %s is answered with a problem %i %s', async (method, url, status, code) => {
  const answer = await api.inject({ method, url });
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.json()).toMatchObject({ status, code, instance: url });
  for (const field of ['title', 'detail', 'advice']) expect(answer.json<Record<string, string>>()[field]).not.toBe('');
});

test('whoever asks for what is not there is told what there is', async () => {
  const advice = async (method: 'GET' | 'POST', url: string): Promise<string> =>
    (await api.inject({ method, url, headers: { 'content-type': 'text/csv' }, payload: 'a,b' })).json<{
      advice: string;
    }>().advice;
  expect(await advice('POST', '/pipelines/products/frobnicate')).toBe(
    'There are: pause, resume, reset, reprocess, replay, retryQuarantined, mend, discard, cancel, verify.',
  );
  for (const url of ['/', '/pipelines/products/pause/now']) {
    const routes = await advice('GET', url);
    for (const route of ['GET /pipelines', 'GET /pipelines/:name/quarantine', 'POST /pipelines/:name/pause'])
      expect(routes).toContain(route);
  }
});

test('whoever asks by another method is told by which he may', async () => {
  const answer = await api.inject({ method: 'GET', url: '/pipelines/products/pause' });
  expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'POST']);
  expect(answer.json()).toMatchObject({ code: 'METHOD_UNKNOWN' });
});

test('says that Temporal is away', async () => {
  const answer = await api.inject({
    method: 'POST',
    url: '/pipelines/products/pause',
    payload: { reason: 'stock count' },
  });
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('5');
  expect(answer.json()).toMatchObject({
    code: 'TEMPORAL_UNAVAILABLE',
    advice: expect.stringContaining('MKONDO_TEMPORAL_ADDRESS') as string,
  });
});

test('shows a pipeline while Temporal is away, and that it cannot be known whether it gets on', async () => {
  const answer = await api.inject('/pipelines/products');
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({
    mode: 'drifted',
    failure: { code: 'TEMPORAL_UNAVAILABLE', attempt: null, nextTryAt: null },
  });
});

test('says that v3 is away', async () => {
  const away = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
  const other = await createApiTestbed({ isWithoutOurSchema: true, deps: () => ({ pool: away }) });
  const answer = await other.api.inject('/pipelines');
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'V3_UNAVAILABLE']);
  await other.close();
  await away.end();
});

interface Page {
  readonly quarantine: readonly { readonly position: { readonly offset: number }; readonly payload: unknown }[];
  readonly next: string | null;
}

test('shows what verifications found, in the API and as metrics', async () => {
  await migrate(pool);
  await database.client.query(`
    INSERT INTO cdc.pipelines (name) VALUES ('lots') ON CONFLICT DO NOTHING;
    INSERT INTO cdc.verifications (id, pipeline, against, state, started_at, finished_at, differences, result) VALUES
      ('old', 'lots', 'landing', 'done', '2026-01-01', '2026-01-01', 7, '{}'),
      ('new', 'lots', 'landing', 'done', '2026-01-02', '2026-01-02T00:00:01Z', 1, '{"answer": "1 row differs"}'),
      ('now', 'lots', 'landing', 'running', '2026-01-03', NULL, NULL, NULL),
      ('reports', NULL, 'reports', 'done', '2026-01-02', '2026-01-02', 2, '{"checks": [{"check": "orders", "differences": 2}]}');
    INSERT INTO cdc.verification_differences (verification, pipeline, kind, target, v3_table, key, root, columns, cause) VALUES
      ('old', 'lots', 'missing', 'lots', 'referencedata.lots', 'x', '1', '[]', 'v3'),
      ('new', 'lots', 'different', 'lots', 'referencedata.lots', 'y', '2', '[{"column": "lotcode", "expected": "a", "actual": "b"}]', 'v3');
  `);
  expect((await api.inject('/pipelines/lots/verification')).json()).toMatchObject({
    landing: { id: 'new', differences: 1, result: { answer: '1 row differs' } },
    v2: null,
    running: [{ id: 'now' }],
    differences: [{ root: '2', columns: [{ column: 'lotcode', expected: 'a', actual: 'b' }], cause: 'v3' }],
  });
  const { verifications } = (await api.inject('/verification')).json<{ verifications: { id: string }[] }>();
  expect(verifications.map(({ id }) => id).toSorted()).toEqual(['new', 'now', 'reports']);
  const metrics = (await api.inject('/metrics')).body;
  expect(metrics).toMatch(/mkondo_verification_differences\{[^}]*pipeline="lots"[^}]*\} 1/);
  expect(metrics).toMatch(/mkondo_verification_last_success_timestamp_seconds\{[^}]*pipeline="lots"[^}]*\} 1767312001/);
  expect(metrics).toMatch(/mkondo_report_differences\{[^}]*report="orders"[^}]*\} 2/);
});

test.each([
  ['/pipelines/products/verify', { against: 'v1' }, 400, 'REQUEST_INVALID'],
  ['/pipelines/nothing/verify', {}, 404, 'PIPELINE_UNKNOWN'],
  ['/pipelines/products/verify', {}, 503, 'TEMPORAL_UNAVAILABLE'],
  ['/pipelines/products/mend', {}, 400, 'REQUEST_INVALID'],
] as const)('POST %s %j, with Temporal away, is answered %i %s', async (url, payload, status, code) => {
  const answer = await api.inject({ method: 'POST', url, payload });
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject({ status, code });
});
