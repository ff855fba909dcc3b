// The workflows of today replay the histories of yesterday, of every release that may still run somewhere: whatever state a
// pipeline is in, a deploy does not wedge it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { buildBundle } from '../../workers/bundle.ts';
import type { WorkflowCode } from '../../workers/bundle.ts';
import { situations } from './situations.ts';

const folder = join(import.meta.dirname, 'histories');
/** <release>/<workflow>/<situation>.json */
const histories = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
let workflowBundle: WorkflowCode;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR' } } });
  workflowBundle = await buildBundle();
}, 60_000);

test.each(histories)('%s', async (file) => {
  const history: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  await expect(Worker.runReplayHistory({ workflowBundle }, history)).resolves.toBeUndefined();
});

test('every situation has its history', () => {
  for (const { name } of situations)
    expect(histories).toContainEqual(expect.stringMatching(new RegExp(`/pipeline/${name}\\.json$`)));
});
