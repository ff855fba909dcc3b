// The workflows of today replay the histories of yesterday: whatever state a running pipeline is in, a deploy does not
// wedge it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { buildBundle } from '../../workers/bundle.ts';
import type { WorkflowCode } from '../../workers/bundle.ts';
import { situations } from './situations.ts';

const folder = join(import.meta.dirname, 'histories');
const histories = readdirSync(folder).flatMap((workflow) =>
  readdirSync(join(folder, workflow)).map((file) => join(workflow, file)),
);
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
  for (const { name } of situations) expect(histories).toContain(`pipeline/${name}.json`);
});
