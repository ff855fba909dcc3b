// Another transformation tried beside the live one: v3 stands as it is until it is promoted, and then no reader misses a row.
import { expect, test } from 'vitest';
import type { ExperimentRecord } from '../../experiments/books.ts';
import { readWhile } from '../support/read-while.ts';
import { eventually } from '../support/eventually.ts';
import { differences, get, post, settle, v2, v3 } from './system.ts';

type Shown = ExperimentRecord & { readonly summary: string | null };

async function start(change: string | null): Promise<string> {
  const { status, body } = await post('/experiments', { pipeline: 'products', change, share: 1, reason: 'a test' });
  expect({ status, body }).toMatchObject({ status: 202 });
  return body['id'] as string;
}

function finished(id: string): Promise<Shown> {
  return eventually(async () => {
    const record = (await get(`/experiments/${id}`)) as Shown;
    expect(record.state).toBe('finished');
    return record;
  });
}

async function promote(id: string): Promise<void> {
  expect((await post(`/experiments/${id}/promote`, { reason: 'it is right' })).status).toBe(200);
  await eventually(async () => expect((await get(`/experiments/${id}`)) as Shown).toMatchObject({ state: 'promoted' }));
}

/** How many products there are, and how many names begin with their code. */
async function orderables(): Promise<{ readonly all: number; readonly changed: number }> {
  const [row] = await v3<{ all: number; changed: number }>(
    `SELECT count(*)::int AS "all", count(*) FILTER (WHERE fullproductname LIKE code || ' %')::int AS changed FROM referencedata.orderables`,
  );
  return row ?? { all: 0, changed: 0 };
}

const shadows = (): Promise<readonly object[]> =>
  v3(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'experiment%'`);

test('tried, promoted while v2 goes on, and taken back', async () => {
  await settle();
  const before = await orderables();
  const id = await start('code-before-name');
  const found = await finished(id);
  expect(found.report?.roots).toMatchObject({
    total: before.all,
    derived: before.all,
    differing: before.all,
    failed: 0,
  });
  expect(found.summary).toMatch(new RegExp(`^${before.all} of ${before.all} roots would change`));
  expect(await orderables()).toEqual(before);
  expect(await shadows()).toHaveLength(1);
  // One at a time.
  expect((await post('/experiments', { pipeline: 'products', change: null, reason: 'two' })).status).toBe(409);

  const seen = await readWhile(orderables, async () => {
    await v2(`UPDATE products SET primaryname = 'Renamed meanwhile' WHERE id = (SELECT min(id) FROM products)`);
    await promote(id);
    await eventually(async () => expect(await orderables()).toEqual({ all: before.all, changed: before.all }));
  });
  expect(new Set(seen.map(({ all }) => all))).toEqual(new Set([before.all]));
  expect(await shadows()).toEqual([]);
  expect(await get('/pipelines/products/changes')).toEqual({
    promoted: 'code-before-name',
    changes: ['code-before-name'],
  });
  // What v2 changes from now on is made by it, too.
  await v2(`UPDATE products SET primaryname = 'Renamed later' WHERE id = (SELECT min(id) FROM products)`);
  await eventually(async () =>
    expect(
      await v3(`SELECT FROM referencedata.orderables WHERE fullproductname LIKE code || ' Renamed later%'`),
    ).toHaveLength(1),
  );

  const back = await start(null);
  expect((await finished(back)).report?.roots).toMatchObject({ differing: before.all });
  await promote(back);
  await eventually(async () => expect((await orderables()).changed).toBe(before.changed));
  expect(await differences()).toBe('');
});

test('discarded: its shadow goes, v3 was never touched', async () => {
  const id = await start('code-before-name');
  await finished(id);
  expect((await post(`/experiments/${id}/discard`, { reason: 'not what we want' })).status).toBe(200);
  await eventually(async () =>
    expect((await get(`/experiments/${id}`)) as Shown).toMatchObject({ state: 'discarded' }),
  );
  expect(await shadows()).toEqual([]);
  expect(await differences()).toBe('');
});

test('what makes no sense is refused with a reason', async () => {
  const { status, body } = await post('/experiments', { pipeline: 'products', change: 'no-such', reason: 'x' });
  expect({ status, body }).toMatchObject({ status: 422, body: { code: 'CHANGE_INVALID' } });
  expect((await post('/experiments', { pipeline: 'no-such', change: null, reason: 'x' })).status).toBe(404);
  expect((await post('/experiments', { pipeline: 'products', change: null })).status).toBe(400);
  expect((await post('/experiments/no-such/promote', { reason: 'x' })).status).toBe(404);
});
