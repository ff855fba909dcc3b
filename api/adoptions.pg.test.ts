// Adoptions over REST, on a real v3 and with Temporal away: what is answered, and that each refusal has its code.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createApiTestbed } from '../test/support/api-testbed.ts';
import type { ApiTestbed } from '../test/support/api-testbed.ts';
import { migrate } from '../activities/schema/migrate.ts';

const V3S_TYPE = '11111111-0000-4000-8000-000000000001';
const NOTHING = '99999999-0000-4000-8000-000000000009';

let testbed: ApiTestbed;
let { database, pool, api, contract } = {} as ApiTestbed;

beforeAll(async () => {
  testbed = await createApiTestbed({ template: 'v3', isWithoutOurSchema: true });
  ({ database, pool, api, contract } = testbed);
});
afterEach(() => contract.assertKept());
afterAll(() => testbed.close());

test('says what is missing before a worker has made our schema', async () => {
  const answer = await api.inject('/adoptions');
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'OUR_SCHEMA_BROKEN']);
});

test('lists, adds and takes back', async () => {
  await migrate(pool);
  await database.client.query(
    "INSERT INTO referencedata.facility_types (id, code, name, active, primaryhealthcare) VALUES ($1, 'clinic', 'Clinic', true, false)",
    [V3S_TYPE],
  );
  expect((await api.inject('/adoptions')).json()).toEqual({ adoptions: [] });

  const put = await api.inject({
    method: 'PUT',
    url: '/adoptions/facility-types/7',
    payload: { v3Id: V3S_TYPE.toUpperCase(), reason: 'both mean the clinic', by: 'Asha' },
  });
  expect(put.statusCode).toBe(200);
  const expected = {
    pipeline: 'facility-types',
    root: '7',
    v2Table: 'facility_types',
    v3Table: 'referencedata.facility_types',
    v3Id: V3S_TYPE,
    source: 'rest',
    reason: 'both mean the clinic',
    by: 'Asha',
    state: 'following',
    code: null,
  };
  expect(put.json()).toMatchObject(expected);
  const listed = (await api.inject('/adoptions?pipeline=facility-types')).json<{ adoptions: { since: string }[] }>();
  expect(listed.adoptions).toMatchObject([expected]);
  expect((await api.inject('/adoptions?pipeline=users')).json()).toEqual({ adoptions: [] });
  expect((await database.client.query('SELECT pipeline, root FROM cdc.dirty')).rows).toEqual([
    { pipeline: 'facility-types', root: '7' },
  ]);

  const gone = await api.inject({
    method: 'DELETE',
    url: '/adoptions/facility-types/7',
    payload: { reason: 'it was another clinic' },
  });
  expect([gone.statusCode, gone.json()]).toEqual([200, { pipeline: 'facility-types', root: '7', v3Id: V3S_TYPE }]);
  expect((await api.inject('/adoptions')).json()).toEqual({ adoptions: [] });
});

const wish = { v3Id: NOTHING, reason: 'r' };
test.each([
  ['GET', '/adoptions?pipeline=nothing', undefined, 404, 'PIPELINE_UNKNOWN'],
  ['GET', '/adoptions?page=1', undefined, 400, 'REQUEST_INVALID'],
  ['PUT', '/adoptions/nothing/1', wish, 404, 'PIPELINE_UNKNOWN'],
  ['PUT', '/adoptions/users/1', { v3Id: NOTHING }, 400, 'REQUEST_INVALID'],
  ['PUT', '/adoptions/users/1', { v3Id: 'x', reason: 'r' }, 400, 'REQUEST_INVALID'],
  ['PUT', '/adoptions/users/1', { ...wish, also: 1 }, 400, 'REQUEST_INVALID'],
  ['PUT', '/adoptions/users/1', wish, 409, 'ADOPTION_REFUSED'],
  ['PUT', '/adoptions/orders/1', wish, 409, 'ADOPTION_REFUSED'],
  ['DELETE', '/adoptions/users/1', undefined, 400, 'REQUEST_INVALID'],
  ['DELETE', '/adoptions/users/1', { reason: 'r' }, 404, 'ADOPTION_UNKNOWN'],
] as const)('%s %s %j is answered with a problem %i %s', async (method, url, payload, status, code) => {
  const answer = await api.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.json()).toMatchObject({ status, code, instance: url });
  for (const field of ['title', 'detail', 'advice']) expect(answer.json<Record<string, string>>()[field]).not.toBe('');
});
