// What an operator does, over REST, by the Temporal CLI, while v2 goes on and somebody reads v3.
import { describe, expect, test } from 'vitest';
import { operatorId, operatorName, renameOperator } from './renamed-rows.ts';
import { eventually } from '../support/eventually.ts';
import {
  address,
  askWorkflow,
  differences,
  kill,
  operate,
  operateToItsEnd,
  pipelineOf,
  restart,
  settle,
  temporalCli,
  v2,
  v3,
} from './system.ts';
import { readWhile } from '../support/read-while.ts';

describe('a paused pipeline', () => {
  test('lands while v3 stands still, and brings all after resume (REST)', async () => {
    const operator = await operatorId();
    expect((await operate('facility-operators', 'pause', { reason: 'v3 is upgraded', by: 'e2e' })).status).toBe(200);
    await renameOperator(operator, 'while paused, first');
    await renameOperator(operator, 'while paused, last');
    const landed = await eventually(async () => {
      const rows = await v3<{ text: string }>(
        'SELECT text FROM landing_facility_operators.facility_operators WHERE _key = $1',
        [String(operator)],
      );
      expect(rows[0]?.text).toBe('while paused, last');
      return pipelineOf('facility-operators');
    });
    expect(landed).toMatchObject({ mode: 'paused', reason: 'v3 is upgraded' });
    expect(landed.dirty).toBeGreaterThan(0);
    expect(await operatorName(operator)).not.toMatch(/while paused/);

    expect((await operate('facility-operators', 'resume')).status).toBe(200);
    await eventually(async () => expect(await operatorName(operator)).toBe('while paused, last'));
  });

  test('obeys a signal and an update of the Temporal CLI', async () => {
    const workflow = ['--workflow-id', 'pipeline/facility-operators'];
    await temporalCli('workflow', 'signal', ...workflow, '--name', 'pause', '--input', '{"reason":"by signal"}');
    await eventually(async () =>
      expect(await pipelineOf('facility-operators')).toMatchObject({ mode: 'paused', reason: 'by signal' }),
    );
    const operator = await operatorId();
    await renameOperator(operator, 'paused by a signal');
    const answer = await temporalCli(
      'workflow',
      'update',
      'execute',
      ...workflow,
      '--name',
      'resume',
      '--input',
      '{"reason":"by update"}',
    );
    expect(answer).toMatch(/facility-operators/);
    expect(await pipelineOf('facility-operators')).toMatchObject({ mode: 'running', reason: 'by update' });
    await eventually(async () => expect(await operatorName(operator)).toBe('paused by a signal'));
  });

  test('refuses what makes no sense, and says why', async () => {
    const refusal = await operate('facility-operators', 'resume');
    expect(refusal.status).toBe(409);
    expect(JSON.stringify(refusal.body)).toMatch(/is running/);
    expect((await operate('facility-operators', 'pause', {})).status).toBe(400);
    expect((await operate('no-such-pipeline', 'pause')).status).toBe(404);
  });
});

describe('reset', () => {
  // One of each kind: adopts v3's rows; points at itself; has children in other pipelines; many tables; the largest.
  test.each(['facility-types', 'geographic-zones', 'programs', 'products', 'requisitions'])(
    'of %s clears and fills it again, while a reader sees no row that v3 owns go',
    async (name) => {
      let answer = '';
      const seen = await readWhile(
        async () => {
          const own = await v3<{ id: string }>(
            `SELECT id FROM referencedata.facility_types WHERE code IN ('warehouse', 'FHIR-FT')`,
          );
          return own.length;
        },
        async () => (answer = await operateToItsEnd(name, 'reset')),
      );
      expect(answer).toMatch(/cleared|derived/);
      expect(Math.min(...seen)).toBe(2);
      expect(await differences()).toBe('');
    },
  );
});

describe('reprocess', () => {
  test('with a changed transformation writes what differs, and a reader misses no row at any moment', async () => {
    await settle();
    const [{ count } = { count: '0' }] = await v3<{ count: string }>('SELECT count(*) FROM referencedata.orderables');
    const changed = new URL('changed-transformation.ts', import.meta.url).href;
    await kill('worker');
    await restart('worker', { NODE_OPTIONS: `--import=${changed}` });
    const counts = await readWhile(
      async () => Number((await v3<{ count: string }>('SELECT count(*) FROM referencedata.orderables'))[0]?.count),
      async () => {
        try {
          await operateToItsEnd('products', 'reprocess', { reason: 'names in capitals' });
          const [names] = await v3<{ changed: string; all: string }>(
            `SELECT count(*) FILTER (WHERE fullproductname = upper(fullproductname)) AS changed, count(*) AS "all" FROM referencedata.orderables`,
          );
          expect(names?.changed).toBe(names?.all);
        } finally {
          await kill('worker');
          await restart('worker');
        }
        // The worker was killed before the workflow may have heard that the one before has ended: until then it is busy.
        await eventually(() => operateToItsEnd('products', 'reprocess', { reason: 'as before' }));
      },
    );
    expect(new Set(counts)).toEqual(new Set([Number(count)]));
    expect(await differences()).toBe('');
  });
});

describe('replay', () => {
  test.each([
    ['an offset', { topic: 'elmis.public.products', partition: 0, offset: 0 }],
    ['a time', { time: '2020-01-01T00:00:00Z' }],
  ])('from %s changes nothing', async (_, from) => {
    await v2(`UPDATE products SET primaryname = 'The newest name' WHERE id = (SELECT min(id) FROM products)`);
    await settle();
    const before = await orderableVersions();
    await operateToItsEnd('products', 'replay', { from });
    expect(await orderableVersions()).toEqual(before);
    expect(await differences()).toBe('');
  });
});

async function orderableVersions(): Promise<readonly object[]> {
  return v3('SELECT id, xmin::text AS version FROM referencedata.orderables ORDER BY id');
}

describe('a row that somebody changed in v3', () => {
  test('is found by a verification, told in REST, metrics and the workflow, and mended', async () => {
    await settle();
    const operator = await operatorId();
    const name = await operatorName(operator);
    expect(await look('facility-operators')).toMatchObject({ state: 'done', differences: 0 });
    await v3(`UPDATE referencedata.facility_operators SET name = name || '.' WHERE name = $1`, [name]);
    expect(await look('facility-operators')).toMatchObject({ state: 'done', differences: 1 });
    const { differences: rows } = await get<{ differences: object[] }>('/pipelines/facility-operators/verification');
    expect(rows).toMatchObject([
      { root: String(operator), cause: 'v3', columns: [{ column: 'name', expected: name, actual: `${name}.` }] },
    ]);
    const metrics = await (await fetch(`${address.api}/metrics`)).text();
    expect(metrics).toMatch(/mkondo_verification_differences\{[^}]*pipeline="facility-operators"[^}]*\} 1/);
    expect(await askWorkflow('facility-operators')).toMatch(/1 row of [\d,]+ differs from landing/);

    expect(await operateToItsEnd('facility-operators', 'mend')).toBe(
      '1 rows that differ, 1 roots to derive. All derived.',
    );
    expect(await operatorName(operator)).toBe(name);
    expect(await look('facility-operators')).toMatchObject({ state: 'done', differences: 0 });
  });

  test('every pipeline and every report is verified against landing, as the schedules do', async () => {
    await settle();
    const schedules = await temporalCli('schedule', 'list');
    expect(schedules).toContain('verify-facility-operators');
    expect(schedules).toContain('verify-reports');
    await temporalCli('schedule', 'trigger', '--schedule-id', 'verify-reports');
    await temporalCli('schedule', 'trigger', '--schedule-id', 'verify-requisitions');
    const ended = await eventually(async () => {
      const { verifications } = await get<{ verifications: Verification[] }>('/verification');
      const found = verifications.filter(
        ({ pipeline, against, state }) => state !== 'running' && (against === 'reports' || pipeline === 'requisitions'),
      );
      expect(found).toHaveLength(2);
      return found;
    });
    expect(ended.map(({ state, differences: count, result }) => [state, count, result])).toEqual(
      ended.map(({ result }) => ['done', 0, result]),
    );
  });
});

interface Verification {
  readonly id: string;
  readonly pipeline: string | null;
  readonly against: string;
  readonly state: string;
  readonly differences: number | null;
  readonly result: unknown;
}

/** Asks for a verification, and waits for what it finds. */
async function look(pipeline: string): Promise<Verification> {
  const last = async (): Promise<Verification | null> =>
    (await get<{ landing: Verification | null }>(`/pipelines/${pipeline}/verification`)).landing;
  const before = (await last())?.id;
  expect((await operate(pipeline, 'verify', {})).status).toBe(202);
  return eventually(async () => {
    const found = await last();
    if (found === null || found.id === before) throw new Error(`the verification of ${pipeline} has not ended`);
    return found;
  });
}

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(`${address.api}${path}`)).json()) as T;
}
