// What an operator sees and does over REST and from a terminal, on the real system: the source, drift, what is in quarantine, an
// operation that is cancelled, and the events of all that.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { projectDir } from '../../infra/local/settings.ts';
import { operatorName } from './renamed-rows.ts';
import { eventually } from '../support/eventually.ts';
import { address, differences, get, operateToItsEnd, pipelineOf, post, settle, v2, v3 } from './system.ts';

function mkondo(...argv: readonly string[]) {
  const child = spawn(process.execPath, [join(projectDir, 'cli/main.ts'), ...argv], {
    env: { PATH: process.env['PATH'], MKONDO_API_URL: address.api, USER: 'asha' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => void child.once('exit', resolve));
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  return { child, ended: said.then(async ([out, complaints]) => ({ code: await code, out, complaints })) };
}

test('the source is well, and a connector that stands still is trouble with a name', async () => {
  await eventually(async () =>
    expect(await get('/source')).toMatchObject({
      state: 'well',
      findings: [],
      connector: { watch: 'watched', state: 'RUNNING', tasks: [{ state: 'RUNNING' }] },
      slot: { watch: 'watched', active: true },
      heartbeat: { at: expect.any(String) as string },
      retention: { pipeline: expect.any(String) as string },
    }),
  );
  await fetch(`${address.environment['MKONDO_CONNECT_URL'] ?? ''}/connectors/mkondo/pause`, { method: 'PUT' });
  try {
    await eventually(async () =>
      expect(await get('/source')).toMatchObject({
        state: 'troubled',
        findings: expect.arrayContaining([expect.stringContaining('The connector is PAUSED') as string]) as string[],
      }),
    );
  } finally {
    await fetch(`${address.environment['MKONDO_CONNECT_URL'] ?? ''}/connectors/mkondo/resume`, { method: 'PUT' });
  }
  await eventually(async () => expect(await get('/source')).toMatchObject({ state: 'well' }));
});

test('the role that watches v2 sees replication and no row', async () => {
  const watcher = new Client({ connectionString: address.environment['MKONDO_V2_MONITORING_URL'] });
  await watcher.connect();
  try {
    const { rows } = await watcher.query('SELECT slot_name FROM pg_replication_slots');
    expect(rows).toEqual([{ slot_name: 'mkondo' }]);
    await expect(watcher.query('SELECT FROM facility_operators')).rejects.toMatchObject({ code: '42501' });
  } finally {
    await watcher.end();
  }
});

test('a column that v2 gets is drift until it goes', async () => {
  const touch = (): Promise<unknown> =>
    v2(`UPDATE facility_operators SET displayorder = displayorder + 1 WHERE id = 1`);
  await v2('ALTER TABLE facility_operators ADD COLUMN e2e_colour text');
  try {
    await touch();
    await eventually(async () =>
      expect(await get('/drift?pipeline=facility-operators')).toMatchObject({
        drift: [{ side: 'v2', table: 'public.facility_operators', column: 'e2e_colour', kind: 'new', hinders: false }],
      }),
    );
  } finally {
    await v2('ALTER TABLE facility_operators DROP COLUMN e2e_colour');
  }
  await touch();
  await eventually(async () => expect(await get('/drift')).toEqual({ drift: [] }));
});

test('a verification that is cancelled by its id ends at its next step, and says so', async () => {
  interface Found {
    readonly verifications: readonly {
      readonly id: string;
      readonly against: string;
      readonly state: string;
      readonly result: unknown;
    }[];
  }
  const ofReports = async (): Promise<readonly Found['verifications'][number][]> =>
    ((await get('/verification')) as Found).verifications.filter(({ against }) => against === 'reports');
  // Every check reads one of these, and waits.
  const holder = new Client({ connectionString: address.v3Admin });
  await holder.connect();
  try {
    await holder.query(
      'BEGIN; LOCK TABLE referencedata.facilities, requisition.requisitions, stockmanagement.stock_cards, fulfillment.orders',
    );
    expect((await post('/verification/reports', {})).status).toBe(202);
    const id = await eventually(async () => {
      const running = (await ofReports()).find(({ state }) => state === 'running');
      if (running === undefined) throw new Error('it has not begun');
      return running.id;
    });
    expect(await post(`/operations/${id}/cancel`, { reason: 'v3 is busy', by: 'Asha' })).toMatchObject({ status: 202 });
    // It hears of it at its next heartbeat.
    await sleep(3_000);
    await holder.query('ROLLBACK');
    await eventually(async () =>
      expect((await ofReports()).find((each) => each.id === id)).toMatchObject({
        state: 'failed',
        result: { message: 'It was cancelled.' },
      }),
    );
    expect(await post(`/operations/${id}/cancel`, { reason: 'again' })).toMatchObject({
      status: 409,
      body: { code: 'OPERATION_ENDED' },
    });
  } finally {
    await holder.end();
  }
});

test('what is discarded is counted no more and comes back with the next change; an operation ends when it is cancelled', async () => {
  const name = 'facility-operators';
  await settle();
  const following = mkondo('events', name, '--json');
  let heard = '';
  following.child.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  const [row] = await v3<{ id: string }>(
    `INSERT INTO referencedata.facility_operators (id, code, name) VALUES (uuid_generate_v4(), 'E2E-DISCARD', 'Made in v3') RETURNING id`,
  );
  await v2(
    `INSERT INTO facility_operators (id, code, text, displayorder) VALUES (870013, 'E2E-DISCARD', 'Made in v2', 1)`,
  );
  await eventually(async () => expect(await pipelineOf(name)).toMatchObject({ quarantined: 1 }));

  const discarded = await mkondo('quarantine', name, '--discard', '--root', '870013', '--reason', 'v3 has it').ended;
  expect(discarded).toMatchObject({
    code: 0,
    out: expect.stringContaining('0 events and 1 roots discarded.') as string,
  });
  expect(await pipelineOf(name)).toMatchObject({ quarantined: 0 });
  const kept = await mkondo('quarantine', name, '--state', 'discarded').ended;
  expect(kept.out).toMatch(/V3_ROW_CONFLICT.*\n {2}discarded \S+ \S+ by asha: v3 has it/);

  await v2(`UPDATE facility_operators SET text = 'Made in v2, changed' WHERE id = 870013`);
  await eventually(async () => expect(await pipelineOf(name)).toMatchObject({ quarantined: 1 }));

  // While it is paused, what a retry marks is not derived: the retry is under way until somebody ends it.
  expect((await mkondo('pause', name, '--reason', 'to look').ended).code).toBe(0);
  const begun = await mkondo('quarantine', name, '--retry', '--reason', 'again', '--id', 'e2e-retry', '--no-wait')
    .ended;
  expect(begun.code).toBe(0);
  await eventually(async () =>
    expect(await get('/operations/e2e-retry')).toMatchObject({ state: 'running', progress: { step: 'derive' } }),
  );
  const cancelled = await mkondo('cancel', 'e2e-retry', '--reason', 'the wrong moment').ended;
  expect(cancelled).toMatchObject({ code: 0, out: expect.stringContaining('ends at its next step') as string });
  await eventually(async () =>
    expect(await get('/operations/e2e-retry')).toMatchObject({
      state: 'cancelled',
      answer: expect.stringContaining('Cancelled by asha: the wrong moment.') as string,
    }),
  );
  const late = await mkondo('cancel', 'e2e-retry', '--reason', 'again', '--json').ended;
  expect([late.code, JSON.parse(late.complaints)]).toEqual([3, expect.objectContaining({ code: 'OPERATION_ENDED' })]);

  await v3('DELETE FROM referencedata.facility_operators WHERE id = $1', [row?.id]);
  expect((await mkondo('resume', name, '--reason', 'seen').ended).code).toBe(0);
  await operateToItsEnd(name, 'retryQuarantined');
  expect(await operatorName(870013)).toBe('Made in v2, changed');
  expect(await differences()).toBe('');

  const told = (): readonly string[] =>
    heard
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Readonly<Record<string, string | undefined>>)
      .map(({ kind, name: operation, state, mode }) =>
        [kind, operation, state, mode].filter((each) => each !== undefined).join(' '),
      );
  await eventually(async () => expect(told().at(-1)).toBe('operation retryQuarantined done'));
  expect(told()).toEqual(
    expect.arrayContaining([
      'quarantine',
      'operation discard running',
      'operation discard done',
      'mode paused',
      'operation pause done',
      'operation retryQuarantined running',
      'operation cancel done',
      'operation retryQuarantined cancelled',
      'mode running',
    ]),
  );
  following.child.kill('SIGINT');
  expect((await following.ended).code).toBe(0);
});
