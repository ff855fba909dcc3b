// The API with tokens, on a real database: who may do what, and what the audit keeps of it. Temporal is away.
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createApiTestbed } from '../test/support/api-testbed.ts';
import type { ApiTestbed } from '../test/support/api-testbed.ts';

import { roles } from './auth.ts';

let testbed: ApiTestbed;
let { api, contract } = {} as ApiTestbed;

beforeAll(async () => {
  testbed = await createApiTestbed({
    deps: () => ({
      // The token of each is the name of his role.
      tokens: roles.map((role) => ({
        name: `a ${role}`,
        role,
        sha256: createHash('sha256').update(role).digest('hex'),
      })),
    }),
  });
  ({ api, contract } = testbed);
});
afterEach(() => contract.assertKept());
afterAll(() => testbed.close());

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
