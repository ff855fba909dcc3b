// Records the histories that replay.test.ts replays (`npm run record-histories`): plays every situation on the real
// development server, into the folder of the release that package.json names. Run it when a new situation or a new version
// of a workflow wants a history; a release that may still run somewhere keeps its own.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import { projectDir } from '../../infra/local/settings.ts';
import * as messages from '../../workflows/messages.ts';
import { startServer } from '../workflows/run-pipeline.ts';
import { situations } from './situations.ts';

const { version } = JSON.parse(await readFile(join(projectDir, 'package.json'), 'utf8')) as {
  readonly version: string;
};
const folder = join(import.meta.dirname, 'histories', version);
const wanted = process.argv.slice(2);
// Early, so that continuing as new is recorded in little.
const server = await startServer({ renewAfterEvents: 100 });
try {
  for (const situation of situations) {
    if (wanted.length > 0 && !wanted.includes(situation.name)) continue;
    const schema = situation.schema();
    const running = await server.run(schema);
    const first = await running.handle.describe();
    await situation.play(running, schema);
    await running.stopWorker();
    await record(messages.pipelineWorkflow, situation.name, running.handle);
    if ((await running.handle.describe()).runId !== first.runId) {
      await record(
        messages.pipelineWorkflow,
        `${situation.name}-first-run`,
        running.client.workflow.getHandle(first.workflowId, first.runId),
      );
    }
    if (situation.hasExperiment === true) {
      const workflowId = messages.experimentWorkflowId({ pipeline: running.name, id: 'recorded' });
      await record(messages.experimentWorkflow, situation.name, running.client.workflow.getHandle(workflowId));
    }
    if (situation.operation !== undefined) {
      const workflowId = `${running.handle.workflowId}/${situation.operation}/recorded`;
      await record(messages.operationWorkflow, situation.name, running.client.workflow.getHandle(workflowId));
    }
  }
} finally {
  await server.stop();
}

async function record(workflow: string, situation: string, handle: WorkflowHandle): Promise<void> {
  await mkdir(join(folder, workflow), { recursive: true });
  const history = await handle.fetchHistory();
  const file = join(folder, workflow, `${situation}.json`);
  // Stacks in failures name the folder of the checkout; a history is the same wherever it was recorded.
  const text = JSON.stringify(JSON.parse(historyToJSON(history))).replaceAll(projectDir, '/mkondo');
  await writeFile(file, `${text}\n`);
  console.log(`${workflow}/${situation}: ${history.events?.length ?? 0} events`);
}
