// The command line as a process of its own, against the real API of the system that runs: what it says, and what the shell hears.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { projectDir } from '../../infra/local/settings.ts';
import { Kafka, logLevel } from '../../model/kafka.ts';
import { createRetentionReader } from '../../model/retention.ts';
import { eventually } from '../support/eventually.ts';
import { address, pipelineOf, v2, v3 } from './system.ts';

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly complaints: string;
}

async function mkondo(...argv: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(projectDir, 'cli/main.ts'), ...argv], {
    env: { PATH: process.env['PATH'], MKONDO_API_URL: address.api, USER: 'asha' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => void child.once('exit', resolve));
  const [out, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, complaints };
}

test('shows how every pipeline stands, for people and for programs', async () => {
  const shown = await mkondo('status');
  expect(shown).toMatchObject({ code: 0, complaints: '' });
  expect(shown.out).toMatch(/^PIPELINE +STATE .*\n/);
  expect(shown.out).toMatch(/^requisitions +running/m);
  const { pipelines } = JSON.parse((await mkondo('status', '--json')).out) as { pipelines: { name: string }[] };
  expect(pipelines.map(({ name }) => name)).toContain('requisitions');
  expect((await mkondo('status', 'products')).out).toMatch(/elmis\.public\.products\/0 {2}\d+/);
});

describe('a pause', () => {
  test('ends by itself, and is in the audit with who asked', async () => {
    const paused = await mkondo('pause', 'lots', '--reason', 'stock count', '--for', '1h');
    expect(paused).toMatchObject({ code: 0, complaints: '' });
    expect(paused.out).toMatch(/^lots is paused until \S+, when it resumes by itself/);
    expect(await pipelineOf('lots')).toMatchObject({ mode: 'paused', by: 'asha', reason: 'stock count' });
    expect((await mkondo('status')).out).toMatch(/^lots +paused, (1 h|59 min) left .*by asha: stock count$/m);

    expect((await mkondo('pause', 'lots', '--reason', 'nearly counted', '--for', '2s')).code).toBe(0);
    await eventually(async () =>
      expect(await pipelineOf('lots')).toMatchObject({
        mode: 'running',
        reason: 'the end of the pause (nearly counted)',
      }),
    );
  });

  test('that is refused, misspelt or not answered ends with its own code', async () => {
    const refused = await mkondo('resume', 'lots', '--reason', 'why not');
    expect(refused).toMatchObject({ code: 3, out: '' });
    expect(refused.complaints).toMatch(/resume of lots was refused: it is running/);
    const problem = JSON.parse((await mkondo('resume', 'lots', '--reason', 'x', '--json')).complaints) as object;
    expect(problem).toMatchObject({ pipeline: 'lots', code: 'OPERATION_REFUSED', status: 409 });
    expect((await mkondo('pause', 'lots', '--reason', 'x', '--for', 'ever')).code).toBe(2);
    expect((await mkondo('pause', 'nothing', '--reason', 'x')).complaints).toMatch(/There is no pipeline nothing/);
    expect(await mkondo('status', '--api', 'http://127.0.0.1:2')).toMatchObject({ code: 5, out: '' });
  });
});

test('a long operation is watched to its end', async () => {
  const ended = await mkondo('reprocess', 'programs', 'lots', '--reason', 'trial');
  expect(ended).toMatchObject({ code: 0, complaints: '' });
  expect(ended.out).toMatch(/^programs {2}reprocess done: .*All derived\.$/m);
  expect(ended.out).toMatch(/^lots {2}reprocess done: /m);
  const [answer] = (await mkondo('reset', 'lots', '--reason', 'trial', '--json')).out.trim().split('\n');
  expect(JSON.parse(answer ?? '')).toMatchObject({ pipeline: 'lots', operation: { name: 'reset', state: 'done' } });
});

test('a figure leads to the v2 rows behind it', async () => {
  const [line] = await v3<{ id: string }>('SELECT id FROM requisition.requisition_line_items LIMIT 1');
  const asked = ['explain', 'requisition.requisition_line_items', line?.id ?? ''];
  const [few, found] = [await mkondo(...asked), await mkondo(...asked, '--whole')];
  expect([few, found]).toMatchObject([
    { code: 0, complaints: '' },
    { code: 0, complaints: '' },
  ]);
  expect(few.out.match(/root\.lines {2}public\.requisition_line_items/g)).toHaveLength(1);
  const [, root] = /follows from public\.requisitions (\d+)/.exec(found.out) ?? [];
  const lines = await v2<{ id: number }>('SELECT id FROM requisition_line_items WHERE rnrid = $1', [root]);
  expect(lines.length).toBeGreaterThan(0);
  for (const { id } of lines)
    expect(found.out).toMatch(
      new RegExp(`public\\.requisition_line_items ${id} {2}elmis\\.public\\.requisition_line_items/0@\\d+`),
    );
  expect((await mkondo('quarantine', 'programs')).out).toBe('Nothing of programs is in quarantine.\n');
});

test('Kafka itself is asked how long it keeps what has not landed', async () => {
  const kafka = new Kafka({ clientId: 'test', brokers: [address.kafka], logLevel: logLevel.NOTHING });
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  const topic = 'test-retention';
  const [hourMs, nowMs] = [3_600_000, Date.now()];
  await Promise.all([admin.connect(), producer.connect()]);
  try {
    await admin.createTopics({
      topics: [{ topic, numPartitions: 1, configEntries: [{ name: 'retention.ms', value: String(100 * hourMs) }] }],
    });
    const written = [80, 40, 20, 0].map((hours) => nowMs - hours * hourMs);
    await producer.send({ topic, messages: written.map((ms) => ({ value: 'x', timestamp: String(ms) })) });
    const left = async (position: number): Promise<number> => {
      const found = await createRetentionReader().read(admin, {
        partitions: [{ topic, partition: 0, low: 0, high: written.length }],
        positions: { [`${topic}/0`]: position },
        nowMs,
      });
      return (Date.parse(found?.until ?? '') - nowMs) / hourMs;
    };
    for (const [position, hours] of [80, 40, 20].entries()) {
      expect(await left(position)).toBeLessThanOrEqual(100 - hours);
      expect(await left(position)).toBeGreaterThan(100 - hours - 2);
    }
    expect(await left(written.length)).toBe(100);
  } finally {
    await admin.deleteTopics({ topics: [topic] });
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
});

test('an experiment is tried, read and discarded', async () => {
  const tried = await mkondo(
    'experiment',
    'start',
    'products',
    '--with',
    'code-before-name',
    '--share',
    '1',
    '--reason',
    'a look',
  );
  expect(tried.code).toBe(0);
  const [, id = ''] =
    /^(\S+) {2}products, code-before-name: finished\. \d+ of \d+ roots would change/.exec(tried.out) ?? [];
  expect(tried.out).toMatch(/referencedata\.orderables fullproductname: \d+ values would change/);
  expect((await mkondo('experiment', 'discard', id, '--reason', 'seen')).code).toBe(0);
  await eventually(async () => expect((await mkondo('experiment', 'show', id)).out).toMatch(/: discarded/));
});

test('a verification says what it found', async () => {
  const found = await mkondo('verify', 'geographic-levels');
  expect(found).toMatchObject({ code: 0 });
  expect(found.out).toMatch(/^geographic-levels: 0 differences/);
});
