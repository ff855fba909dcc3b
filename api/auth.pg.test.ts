// The API with tokens, on a real database: who may do what, and what the audit keeps of it. Temporal is away.
import { Client, Connection } from '@temporalio/client';
import { createHash } from 'node:crypto';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { migrate } from '../activities/schema/migrate.ts';
import { createLog } from '../model/log.ts';
import { createMetrics } from '../model/metrics.ts';
import { pipelines } from '../pipelines/index.ts';
import { watchContract } from '../test/support/contract.ts';
import type { Contract } from '../test/support/contract.ts';
import { createDatabase } from '../test/support/databases.ts';
import type { TestDatabase } from '../test/support/databases.ts';
import { createApi } from './app.ts';
import { createSourceWatch } from './source-watch.ts';

import { roles } from './auth.ts';

/** Nobody follows events here. */
const silent = { subscribe: async () => () => undefined };

let database: TestDatabase;
let pool: Pool;
let api: ReturnType<typeof createApi>;
let contract: Contract;
const connection = Connection.lazy({ address: '127.0.0.1:1' });

beforeAll(async () => {
  database = await createDatabase('empty');
  pool = new Pool({ connectionString: database.url });
  await migrate(pool);
  api = createApi({
    pool,
    client: new Client({ connection }),
    taskQueue: 'mkondo',
    uiLink: () => null,
    topicPrefix: 'elmis',
    pipelines,
    lagOf: () => null,
    retentionOf: () => null,
    feed: silent,
    heartbeatAt: () => null,
    sourceHealth: createSourceWatch({ connectUrl: undefined, connector: 'mkondo', v2Url: undefined, slot: 'mkondo' }),
    // The token of each is the name of his role.
    tokens: roles.map((role) => ({ name: `a ${role}`, role, sha256: createHash('sha256').update(role).digest('hex') })),
    metrics: createMetrics('api'),
    log: createLog('api', { MKONDO_LOG_LEVEL: 'fatal' }),
  });
  contract = watchContract(api);
});
afterEach(() => contract.assertKept());
afterAll(async () => {
  await api.close();
  await pool.end();
  await connection.close();
  await database.drop();
});

function ask(method: 'GET' | 'POST', url: string, token?: string, payload?: object) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return api.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
}

test('nobody without a token that it knows', async () => {
  for (const token of [undefined, 'wrong', 'viewer ']) {
    const answer = await ask('GET', '/pipelines', token === 'viewer ' ? '' : token);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.json()).toMatchObject({ code: 'TOKEN_REQUIRED' });
  }
  expect((await ask('GET', '/healthz')).statusCode).toBe(200);
  expect((await ask('GET', '/metrics')).statusCode).toBe(200);
});

test('a viewer reads and has nothing done; an operator does not see the audit', async () => {
  expect((await ask('GET', '/pipelines', 'viewer')).statusCode).toBe(200);
  const refused = await ask('POST', '/pipelines/products/reset', 'viewer', { reason: 'for fun', by: 'somebody else' });
  expect(refused.statusCode).toBe(403);
  expect(refused.json()).toMatchObject({
    code: 'ROLE_REQUIRED',
    detail: expect.stringContaining('a viewer is viewer'),
  });
  expect((await ask('GET', '/audit', 'operator')).statusCode).toBe(403);
});

test('the audit keeps who asked for what, and what came of it', async () => {
  // Temporal is away; that he may is what matters here.
  const asked = await ask('POST', '/pipelines/products/pause', 'operator', {
    reason: 'stock count',
    by: 'somebody else',
  });
  expect(asked.statusCode).toBe(503);
  const answer = await ask('GET', '/audit', 'admin');
  expect(answer.statusCode).toBe(200);
  const { audit } = answer.json<{ audit: readonly object[] }>();
  expect(audit[0]).toMatchObject({
    actor: 'a operator',
    role: 'operator',
    method: 'POST',
    path: '/pipelines/products/pause',
    reason: 'stock count',
    status: 503,
    code: 'TEMPORAL_UNAVAILABLE',
  });
  expect(audit).toContainEqual(
    expect.objectContaining({
      actor: 'a viewer',
      path: '/pipelines/products/reset',
      status: 403,
      code: 'ROLE_REQUIRED',
    }),
  );
  expect(audit).toContainEqual(expect.objectContaining({ actor: '', status: 401, code: 'TOKEN_REQUIRED' }));
  // Reading leaves no trace.
  expect(audit).not.toContainEqual(expect.objectContaining({ path: '/pipelines', status: 200 }));
});
