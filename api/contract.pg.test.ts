// The contract: every route that is served is in the OpenAPI document, and answers as the document says.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiTestbed } from '../test/support/api-testbed.ts';
import type { ApiTestbed } from '../test/support/api-testbed.ts';

import type { Document } from './openapi.ts';

let testbed: ApiTestbed;
let { database, api, contract } = {} as ApiTestbed;
const served: string[] = [];

beforeAll(async () => {
  testbed = await createApiTestbed({ deps: () => ({ onRoute: (route) => served.push(route) }) });
  ({ database, api, contract } = testbed);
  await database.client.query(`
    INSERT INTO cdc.pipelines (name, mode, mode_reason) VALUES ('products', 'paused', 'why');
    INSERT INTO cdc.operations (id, pipeline, name, reason, requested_by, via, state, answer)
    VALUES ('op-1', 'products', 'pause', 'why', 'Asha', 'update', 'done', 'ok'),
      ('op-3', 'products', 'reset', 'why', 'Asha', 'update', 'running', '');
    INSERT INTO cdc.quarantine (pipeline, kind, source, root, code, message) VALUES
      ('products', 'root', 'public.products', '7', 'DERIVE_FAILED', 'no'), ('products', 'root', 'public.products', '8', 'V3_CONSTRAINT', 'no');
    INSERT INTO cdc.verifications (id, pipeline, against, state, differences, finished_at, result)
    VALUES ('v-1', 'products', 'landing', 'done', 0, now(), '{"answer": "equal"}'),
      ('v-2', 'products', 'landing', 'running', NULL, NULL, NULL);
    INSERT INTO cdc.experiments (id, pipeline, change, version, share, reason, requested_by, state, report)
    VALUES ('e-1', 'products', NULL, 'v', 0.25, 'why', 'Asha', 'running', '{}');
    INSERT INTO cdc.drift (pipeline, side, relation, column_name, kind, expected, seen) VALUES
      ('products', 'v2', 'public.products', 'colour', 'new', '', 'string'), ('products', 'v3', 'referencedata.orderables', '', 'missing', 'table', '');
    INSERT INTO cdc.audit (actor, role, method, path, reason, status, code) VALUES ('Asha', 'operator', 'POST', '/', 'why', 200, NULL);
  `);
});
afterAll(() => testbed.close());

const document = async (): Promise<Document> => (await api.inject('/openapi.json')).json();

test('every route is in the document, but for the pages that show it and what says that there is no such operation', async () => {
  const { paths } = await document();
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  const others = served.filter((route) => !route.includes(' /docs') && !route.startsWith('HEAD '));
  expect(others.filter((route) => !described.includes(route))).toEqual(['POST /pipelines/:name/:operation']);
  expect(described.filter((route) => !others.includes(route))).toEqual([]);
});

test('the document names every operation, says for whom it is, and gives each code its status', async () => {
  const { openapi, paths, components } = (await document()) as Document & { readonly components: object };
  expect(openapi).toBe('3.1.0');
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods)) as readonly {
    readonly operationId: string;
    readonly summary: string;
    readonly description: string;
    readonly responses: Readonly<Record<string, object>>;
  }[];
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { summary, description, responses } of operations) {
    expect(summary.length).toBeGreaterThan(10);
    expect(description).toMatch(/^For (anybody|viewers|operators|admins)/);
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '503']));
  }
  expect(components).toMatchObject({ schemas: { Problem: { properties: { code: { enum: expect.any(Array) } } } } });
});

test.each([
  ['/healthz', 200],
  ['/metrics', 200],
  ['/openapi.json', 200],
  ['/runbooks', 200],
  ['/charts', 200],
  ['/charts?minutes=15', 200],
  ['/charts?minutes=0', 400],
  ['/audit', 200],
  ['/audit?limit=0', 400],
  ['/pipelines', 200],
  ['/pipelines?x=1', 400],
  ['/pipelines/products', 200],
  ['/pipelines/no-such', 404],
  ['/pipelines/products/operations', 200],
  ['/pipelines/products/operations?limit=51', 400],
  ['/pipelines/no-such/operations', 404],
  ['/operations/op-1', 200],
  ['/operations/op-2', 404],
  ['/pipelines/products/quarantine', 200],
  ['/pipelines/products/quarantine?code=V3_CONSTRAINT&root=8&kind=root&source=public.products', 200],
  ['/pipelines/products/quarantine?code=NO_SUCH', 400],
  ['/pipelines/products/quarantine?state=discarded', 200],
  ['/pipelines/products/quarantine?root=%00', 400],
  ['/operations/%00', 400],
  ['/explain?table=products&key=%00', 400],
  ['/pipelines/no-such/quarantine', 404],
  ['/pipelines/products/verification', 200],
  ['/pipelines/no-such/verification', 404],
  ['/pipelines/products/changes', 200],
  ['/pipelines/no-such/changes', 404],
  ['/verification', 200],
  ['/experiments', 200],
  ['/experiments?pipeline=products&limit=1', 200],
  ['/experiments/e-1', 200],
  ['/experiments/e-2', 404],
  ['/adoptions', 200],
  ['/adoptions?pipeline=no-such', 404],
  ['/events?pipeline=no-such', 404],
  ['/events?after=yesterday', 400],
  ['/source', 200],
  ['/drift', 200],
  ['/drift?pipeline=products', 200],
  ['/drift?pipeline=no-such', 404],
  ['/reports', 200],
  ['/reports/figure?report=orders', 400],
  ['/reports/figure?report=orders&group={}', 422],
  ['/reports/figure?report=orders&group={"program":"\\u0000"}', 422],
  ['/reports/figure?report=orders&group=no-json', 422],
  ['/reports/figure?report=no-such&group={}', 404],
  ['/reports/figure?report=reporting&group={"program":"tb","zone":"x"}', 503],
  ['/explain', 400],
  ['/explain?table=no_such&key=1', 404],
  ['/explain?table=products&key=1', 503],
])('GET %s answers %i', async (url, status) => {
  expect((await api.inject(url)).statusCode).toBe(status);
  contract.assertKept();
});

test.each([
  ['POST', '/pipelines/products/pause', { reason: 'x' }, 503],
  ['POST', '/pipelines/products/pause', {}, 400],
  ['POST', '/pipelines/no-such/pause', { reason: 'x' }, 404],
  ['POST', '/pipelines/products/resume', { reason: 'x', id: 'op-1' }, 422],
  ['POST', '/pipelines/products/verify', { against: 'v4' }, 400],
  ['POST', '/pipelines/products/verify', {}, 503],
  ['POST', '/operations/op-1/cancel', { reason: 'x' }, 409],
  ['POST', '/operations/op-1/cancel', { reason: ' ' }, 400],
  ['POST', '/operations/op-2/cancel', { reason: 'x' }, 404],
  ['POST', '/operations/op-3/cancel', { reason: 'x' }, 503],
  ['POST', '/operations/v-1/cancel', { reason: 'x' }, 409],
  ['POST', '/operations/v-2/cancel', { reason: 'x' }, 503],
  ['POST', '/pipelines/products/cancel', { reason: 'x', operation: 'op-3' }, 503],
  ['POST', '/pipelines/products/discard', { reason: 'x' }, 400],
  ['POST', '/pipelines/products/discard', { reason: 'x', only: { roots: ['7'] } }, 503],
  ['POST', '/verification/reports', {}, 503],
  ['POST', '/experiments', { pipeline: 'products', change: null, reason: 'x' }, 409],
  ['POST', '/experiments', { pipeline: 'programs', change: 'no-such', reason: 'x' }, 422],
  ['POST', '/experiments/e-1/discard', { reason: '' }, 400],
  ['POST', '/experiments/e-2/promote', { reason: 'x' }, 404],
  ['PUT', '/adoptions/products/1', { v3Id: 'x', reason: 'x' }, 400],
  ['DELETE', '/adoptions/facility-types/1', { reason: 'x' }, 404],
] as const)('%s %s with %j answers %i', async (method, url, body, status) => {
  expect((await api.inject({ method, url, payload: body })).statusCode).toBe(status);
  contract.assertKept();
});

test('a key that named one operation names no other; the same request again is the same operation', async () => {
  const ask = (url: string, key: string, reason: string) =>
    api.inject({ method: 'POST', url, headers: { 'idempotency-key': key }, payload: { reason } });
  expect((await ask('/pipelines/products/pause', 'op-1', 'another')).json()).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
    detail: 'The id op-1 belongs to another operation: pause of products (why).',
  });
  expect((await ask('/pipelines/programs/pause', 'op-1', 'why')).statusCode).toBe(422);
  // The same as before: it is for the workflow to answer, which is away.
  expect((await ask('/pipelines/products/pause', 'op-1', 'why')).statusCode).toBe(503);
  expect((await ask('/pipelines/products/pause', 'a key/', 'why')).statusCode).toBe(400);
  // The header does not make up for what is wrong in the body.
  const headers = { 'idempotency-key': 'op-1' };
  const both = {
    method: 'POST',
    url: '/pipelines/products/pause',
    headers,
    payload: { reason: 'why', id: '' },
  } as const;
  expect((await api.inject(both)).statusCode).toBe(400);
  contract.assertKept();
});

test('shows the document as a page, whose files it has itself', async () => {
  const page = await api.inject('/docs');
  expect(page.statusCode).toBe(200);
  expect(page.body).not.toMatch(/(src|href)="https?:/);
  const shown = await api.inject('/docs/json');
  expect(shown.json<Document>().paths).toEqual((await document()).paths);
});
