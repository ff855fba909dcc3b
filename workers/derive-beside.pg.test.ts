// The thread that derives, on a real v3: it does what this thread would, and its faults arrive as they are.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSmallV2 } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import { startDeriving } from './derive-beside.ts';
import type { DerivingThread } from './derive-beside.ts';

let testbed: Testbed;
let thread: DerivingThread;
const logged: string[] = [];
beforeAll(async () => {
  testbed = await createTestbed();
  thread = startDeriving({
    log: { error: (...words: readonly unknown[]) => void logged.push(String(words.at(-1))) },
    environment: {
      ...process.env,
      MKONDO_V3_URL: testbed.url,
      // Of these the thread needs none, but a worker has them.
      MKONDO_KAFKA_BROKERS: '127.0.0.1:1',
      MKONDO_TEMPORAL_ADDRESS: '127.0.0.1:1',
    },
  });
});
afterAll(async () => {
  await thread.end();
  await testbed.close();
});
beforeEach(() => testbed.clean());

const programs = { name: 'programs', change: null };
const input = { limit: 10, quietMs: 0, run: 'test' };

test('derives what another thread has landed, once', async () => {
  const v2 = createSmallV2('places');
  await applyAll(testbed.engine('programs'), v2, { isDeferred: true });
  expect(await thread.deriveDue(programs, input)).toMatchObject({ roots: 1, derived: 1, quarantined: [] });
  expect(await thread.deriveDue(programs, input)).toBeNull();
  const { rows } = await testbed.client.query('SELECT FROM referencedata.programs');
  expect(rows).toHaveLength(1);
});

test('leaves roots alone that were marked just now, when it is to wait until they are quiet', async () => {
  await applyAll(testbed.engine('programs'), createSmallV2('places'), { isDeferred: true });
  expect(await thread.deriveDue(programs, { ...input, quietMs: 60_000 })).toBeNull();
});

test('a v3 that has drifted is told with its code and advice', async () => {
  await applyAll(testbed.engine('programs'), createSmallV2('places'), { isDeferred: true });
  await testbed.client.query('ALTER TABLE referencedata.programs RENAME COLUMN code TO renamed');
  try {
    await expect(thread.deriveDue(programs, input)).rejects.toMatchObject({
      code: 'SCHEMA_DRIFT',
      message: expect.stringContaining('programs'),
      advice: expect.stringContaining('resume'),
    });
  } finally {
    await testbed.client.query('ALTER TABLE referencedata.programs RENAME COLUMN renamed TO code');
  }
});

test('a pipeline that there is not, and then work as before', async () => {
  await expect(thread.deriveDue({ name: 'no-such', change: null }, input)).rejects.toMatchObject({
    code: 'PIPELINE_UNKNOWN',
  });
  await applyAll(testbed.engine('programs'), createSmallV2('places'), { isDeferred: true });
  expect(await thread.deriveDue(programs, input)).toMatchObject({ derived: 1 });
  expect(logged).toEqual([]);
});
