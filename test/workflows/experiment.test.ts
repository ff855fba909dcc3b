// An experiment's workflow on the real development server: who may decide when, and what follows from it.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { WorkflowUpdateFailedError } from '@temporalio/client';
import * as messages from '../../workflows/messages.ts';
import { drifted, foundByExperiment, literalSchema } from './literal-activities.ts';
import { isCalled, startExperiment, startServer, until } from './run-pipeline.ts';
import type { Server } from './run-pipeline.ts';

vi.setConfig({ testTimeout: 60_000 });
let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

type Handle = Awaited<ReturnType<typeof startExperiment>>;

function promote(handle: Handle, input: object): Promise<string> {
  return handle.executeUpdate(messages.promoteExperiment, { args: [input as messages.ExperimentDecision] });
}

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown as WorkflowUpdateFailedError,
  );
  return error?.cause?.message ?? 'not refused';
}

test('promoted: the change is set before the pipeline reprocesses, and then its shadow goes', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  await until(running, ({ state }) => state === 'running');
  const handle = await startExperiment(running, { change: 'code-before-name' });
  await isCalled(schema, 'finishExperiment');
  expect(await promote(handle, { reason: 'it is right', by: 'Juma' })).toContain('2 of 9 roots would change');
  expect(await handle.result()).toMatchObject({ state: 'promoted', answer: 'promoted by Juma: it is right' });
  await until(running, ({ recentOperations: [last] }) => last?.name === 'reprocess' && last.state === 'done');
  const order = schema.calls.map(({ activity }) => activity);
  expect(order.indexOf('setTransformation')).toBeLessThan(order.indexOf('markAll'));
  expect(schema.calls.find(({ activity }) => activity === 'setTransformation')?.input).toEqual({
    pipeline: running.name,
    change: 'code-before-name',
  });
  expect(schema.calls.find(({ activity }) => activity === 'endExperiment')?.input).toMatchObject({ state: 'promoted' });
});

test('cannot be promoted before every root was looked at, without a reason, or where roots fail unless that is said', async () => {
  const schema = literalSchema();
  schema.held = true;
  schema.found = foundByExperiment({ failed: 1 });
  const running = await server.run(schema);
  const handle = await startExperiment(running);
  await isCalled(schema, 'runExperiment');
  expect(await refusalOf(promote(handle, { reason: 'now' }))).toContain('not looked at every root yet');
  schema.held = false;
  await isCalled(schema, 'finishExperiment');
  expect(await refusalOf(promote(handle, {}))).toContain('needs a reason');
  expect(await refusalOf(promote(handle, { reason: 'now' }))).toContain('1 roots fail with it');
  expect(schema.calls.map(({ activity }) => activity)).not.toContain('setTransformation');
  await promote(handle, { reason: 'it is one that nobody needs', despiteFailures: true });
  expect(await handle.result()).toMatchObject({ state: 'promoted' });
});

test('discarded while it derives: the deriving ends before the shadow goes, and nothing is promoted', async () => {
  const schema = literalSchema();
  schema.held = true;
  const handle = await startExperiment(await server.run(schema));
  await isCalled(schema, 'runExperiment');
  await handle.executeUpdate(messages.discardExperiment, { args: [{ reason: 'not now' }] });
  expect(await handle.result()).toMatchObject({ state: 'discarded' });
  const order = schema.calls.map(({ activity }) => activity);
  expect(order).toContain('endExperiment');
  expect(order).not.toContain('setTransformation');
  expect(order).not.toContain('finishExperiment');
});

test.each([
  ['nothing would change', { differing: 0 }, 'operator', 'discarded'],
  ['no root fails, and it decides itself', { differing: 2 }, 'itself', 'promoted'],
] as const)('what the system asked for ends by itself when %s', async (_, roots, decides, state) => {
  const schema = literalSchema();
  schema.found = foundByExperiment(roots);
  const handle = await startExperiment(await server.run(schema), { by: 'system', decides });
  expect(await handle.result()).toMatchObject({ state });
});

test('one that cannot go on says why, and leaves no shadow', async () => {
  const schema = literalSchema();
  schema.found = drifted();
  const handle = await startExperiment(await server.run(schema));
  await expect(handle.result()).rejects.toThrow();
  expect(schema.calls.find(({ activity }) => activity === 'endExperiment')?.input).toMatchObject({
    state: 'failed',
    answer: expect.stringContaining('products.code is gone'),
  });
});
