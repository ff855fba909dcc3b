// Continuing as new on the real development server, which is told to suggest it early so that it happens often.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as messages from '../../workflows/messages.ts';
import { literalSchema } from './literal-activities.ts';
import { startServer } from './run-pipeline.ts';
import type { Server } from './run-pipeline.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });
const RENEWED_AFTER_EVENTS = 200;
const LONGEST_EVENTS = 2_000;
let server: Server;
beforeAll(async () => {
  server = await startServer({ renewAfterEvents: RENEWED_AFTER_EVENTS });
});
afterAll(() => server.stop());

test('loses no signal when it continues as new under fire', async () => {
  const { handle } = await server.run(literalSchema());
  const topics = 20;
  const runs = new Set<string>();
  let round = 0;
  // How many rounds a run lasts is the machine's affair.
  while (round < 100 || runs.size <= 3) {
    round += 1;
    // Every claim is for a topic of its own: one that was lost would show.
    await Promise.all(
      Array.from({ length: topics }, (_, topic) =>
        handle.signal(messages.claim, { [`topic-${topic}-${round % 5}/0`]: round }),
      ),
    );
    if (round % 10 > 0) continue;
    runs.add((await handle.describe()).runId);
    // A run cannot end while signals reach the server during its last task: a slow worker needs a moment without, and the
    // server takes no more than 10,000 signals a run.
    do await sleep(200);
    while ((await handle.describe()).historyLength > LONGEST_EVENTS);
  }
  await vi.waitFor(
    async () => {
      const { claimed, lag } = await handle.query(messages.status);
      expect(lag.events).toBe(0);
      expect(Object.keys(claimed)).toHaveLength(topics * 5);
      expect(Object.values(claimed).reduce((sum, offset) => sum + offset, 0)).toBe(topics * 5 * (round - 2));
    },
    { timeout: 60_000, interval: 100 },
  );
});

test('carries an operation, a pause and its reason through many runs', async () => {
  const schema = literalSchema();
  schema.held = true;
  const { handle } = await server.run(schema);
  const { runId } = await handle.describe();
  await handle.executeUpdate(messages.operationUpdates.reprocess, {
    args: [{ reason: 'new transformation', by: 'Asha', id: 'again-1' }],
  });
  await handle.executeUpdate(messages.operationUpdates.pause, { args: [{ reason: 'stock count', by: 'Juma' }] });
  for (let offset = 1; offset <= 300; offset += 1)
    await handle.signal(messages.claim, { 'elmis.public.products/0': offset });
  await vi.waitFor(async () => expect((await handle.describe()).runId).not.toBe(runId), {
    timeout: 60_000,
    interval: 100,
  });
  const status = await handle.query(messages.status);
  expect(status).toMatchObject({
    mode: 'paused',
    reason: 'stock count',
    by: 'Juma',
    operation: { id: 'again-1', state: 'running', by: 'Asha' },
  });
  schema.held = false;
  await vi.waitFor(
    async () =>
      expect((await handle.query(messages.status)).recentOperations).toContainEqual(
        expect.objectContaining({ id: 'again-1', state: 'done' }),
      ),
    {
      timeout: 60_000,
      interval: 100,
    },
  );
});
