// Verification on the real development server: by schedule and on demand, told to the pipeline, and mended as an operation.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { setTimeout as wait } from 'node:timers/promises';
import { keepVerifying } from '../../workers/verify-schedules.ts';
import * as messages from '../../workflows/messages.ts';
import type { verification } from '../../workflows/verification.ts';
import { literalSchema, v3Down } from './literal-activities.ts';
import { startServer, until, update } from './run-pipeline.ts';
import type { Running, Server } from './run-pipeline.ts';

vi.setConfig({ testTimeout: 60_000 });
let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test('a schedule verifies its pipeline, and the pipeline says what was found', async () => {
  const schema = literalSchema();
  schema.differences = 3;
  const running = await server.run(schema);
  await keepVerifying(server.client, { config: settings(running), pipelines: [running] });
  const schedule = server.client.schedule.getHandle(`verify-${running.name}`);
  const { spec, policies } = await schedule.describe();
  expect(spec.intervals?.map(({ every }) => every)).toEqual([3_600_000]);
  expect(policies.overlap).toBe('SKIP');
  await schedule.trigger();
  await until(running, (status) => status.verification?.differences === 3);
  expect(await detailsOf(running)).toContain('3 rows differ.');
  expect(schema.calls.filter(({ activity }) => activity === 'verify').map(({ input }) => input)).toMatchObject([
    { against: 'landing', pipeline: running.name },
  ]);
});

test('one that has not come to its end is not begun a second time', async () => {
  const schema = literalSchema();
  schema.held = true;
  const running = await server.run(schema);
  await keepVerifying(server.client, { config: settings(running), pipelines: [running] });
  const schedule = server.client.schedule.getHandle(`verify-${running.name}`);
  const { policies } = await schedule.describe();
  await schedule.trigger(policies.overlap);
  while (looks() < 1) await wait(50);
  // The second is part of a scheduled workflow's id.
  await wait(1_100);
  await schedule.trigger(policies.overlap);
  await wait(1_100);
  // This one may run beside others; what was asked for before it has been judged when it runs.
  await schedule.trigger(ScheduleOverlapPolicy.ALLOW_ALL);
  while (looks() < 2) await wait(50);
  schema.held = false;
  await until(running, (status) => status.verification !== null);
  expect(looks()).toBe(2);

  function looks(): number {
    return schema.calls.filter(({ activity }) => activity === 'verify').length;
  }
});

test('a worker that starts again brings schedules to their settings, and leaves one paused that an operator has paused', async () => {
  const running = await server.run(literalSchema());
  const config = settings(running);
  await keepVerifying(server.client, { config, pipelines: [running] });
  const schedule = server.client.schedule.getHandle(`verify-${running.name}`);
  await schedule.pause('not now');
  await keepVerifying(server.client, { config: { ...config, MKONDO_VERIFY_MINUTES: 30 }, pipelines: [running] });
  const { spec, state } = await schedule.describe();
  expect(spec.intervals?.map(({ every }) => every)).toEqual([1_800_000]);
  expect(state).toMatchObject({ paused: true, note: 'not now' });
  await keepVerifying(server.client, { config: { ...config, MKONDO_VERIFY_MINUTES: 0 }, pipelines: [running] });
  await expect(schedule.describe()).rejects.toThrow(/not found/i);
});

test('what was found is mended by an operation of its own', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  const { operation } = await update(running, 'mend', { reason: 'somebody edited v3', id: 'm1' });
  expect(operation.workflowId).toBe(`pipeline/${running.name}/mend/m1`);
  await until(running, ({ recentOperations }) => recentOperations[0]?.state === 'done');
  expect(schema.ended).toMatchObject([{ id: 'm1', state: 'done', answer: 'Marked 3 roots. Derived 3 roots.' }]);
});

test('a verification outlasts a v3 that is down, and one whose pipeline is gone', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  await until(running, ({ state }) => state === 'running');
  await running.handle.terminate('gone');
  schema.down = v3Down();
  const looking = await server.client.workflow.start<typeof verification>(messages.verificationWorkflow, {
    workflowId: messages.verificationWorkflowId({ against: 'landing', pipeline: running.name }),
    taskQueue: running.name,
    args: [{ against: 'landing', pipeline: running.name }],
  });
  while (!schema.calls.some(({ activity }) => activity === 'verify')) await wait(50);
  schema.down = null;
  expect(await looking.result()).toMatchObject({ differences: 0, pipeline: running.name });
});

test('a verification is cancelled by a word to its workflow, which says by whom and why', async () => {
  const schema = literalSchema();
  schema.held = true;
  const running = await server.run(schema);
  const looking = await server.client.workflow.start<typeof verification>(messages.verificationWorkflow, {
    workflowId: messages.verificationWorkflowId({ against: 'landing', pipeline: running.name }),
    taskQueue: running.name,
    args: [{ against: 'landing', pipeline: running.name }],
  });
  while (!schema.calls.some(({ activity }) => activity === 'verify')) await wait(50);
  await looking.signal(messages.cancelled, { reason: 'v3 is busy', by: 'Asha' });
  await expect(looking.result()).rejects.toMatchObject({
    cause: { type: 'CANCELLED', message: 'Cancelled by Asha: v3 is busy' },
  });
});

function settings(running: Running): Parameters<typeof keepVerifying>[1]['config'] {
  return {
    MKONDO_TASK_QUEUE: running.name,
    MKONDO_VERIFY_MINUTES: 60,
    MKONDO_VERIFY_REPORTS_HOURS: 24,
    MKONDO_VERIFY_V2_URL: undefined,
    MKONDO_VERIFY_V2_HOURS: undefined,
  };
}

/** What stands in the head of the workflow's page. */
async function detailsOf({ client, handle }: Running): Promise<string> {
  const { currentDetails } = await client.workflow
    .getHandle(handle.workflowId)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return currentDetails ?? '';
}
