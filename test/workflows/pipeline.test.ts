// The pipeline's workflow on the real development server.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { readApplyFailure } from '../../api/apply-failure.ts';
import * as messages from '../../workflows/messages.ts';
import type { OperationInput } from '../../workflows/messages.ts';
import { drifted, literalSchema, v3Down } from './literal-activities.ts';
import { isCalled, startServer, until, update } from './run-pipeline.ts';
import type { Running, Server } from './run-pipeline.ts';

const patience = { timeout: 30_000, interval: 50 };
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
let server: Server;

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.stop();
});

test('applies what is claimed, once, whatever order claims come in', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  const { handle } = running;
  await handle.signal(messages.claim, { 'elmis.public.products/0': 7 });
  await handle.signal(messages.claim, { 'elmis.public.products/0': 3, 'elmis.public.programs/0': 2 });
  await until(
    running,
    ({ applied }) => applied['elmis.public.products/0'] === 7 && applied['elmis.public.programs/0'] === 2,
  );
  expect((await handle.query(messages.lag)).events).toBe(0);
});

test('is listed by state, and says in its details where it is', async () => {
  const running = await server.run(literalSchema());
  const { handle } = running;
  await handle.signal(messages.claim, { 'elmis.public.products/0': 7 });
  await until(running, ({ applied }) => applied['elmis.public.products/0'] === 7);
  await vi.waitFor(async () => {
    const description = await handle.describe();
    expect(description.typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value])).toContainEqual([
      'PipelineState',
      'running',
    ]);
  }, patience);
  const metadata = await handle.query<{ currentDetails: string; definition: Definition }>(
    '__temporal_workflow_metadata',
  );
  expect(metadata.currentDetails).toContain('### running');
  expect(metadata.currentDetails).toContain('- elmis.public.products/0: 7');
  const { signalDefinitions, updateDefinitions, queryDefinitions } = metadata.definition;
  for (const list of [signalDefinitions, updateDefinitions]) {
    expect(list.map(({ name }) => name)).toEqual(expect.arrayContaining([...messages.operationNames]));
  }
  // The queries that the SDK adds itself have no description.
  const ours = [...signalDefinitions, ...updateDefinitions, ...queryDefinitions].filter(
    ({ name }) => name !== '' && !name?.startsWith('__'),
  );
  expect(ours.filter(({ description }) => !description)).toEqual([]);
});

test('pauses and resumes by update, and says so', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  const { name } = running;
  const paused = await update(running, 'pause', { reason: 'stock count', by: 'Asha' });
  expect(paused.answer).toBe(`${name} is paused: changes keep landing, v3 stands still until resume.`);
  expect(paused.status).toMatchObject({ mode: 'paused', reason: 'stock count', by: 'Asha' });
  expect(schema.state.mode).toBe('paused');
  expect((await update(running, 'resume', 'counted')).status).toMatchObject({ state: 'running', reason: 'counted' });
});

test('a pause that knows its end resumes by itself, and says so before', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  const { handle, name } = running;
  const paused = await update(running, 'pause', { reason: 'stock count', by: 'Asha', for: '1h' });
  const end = paused.status.until;
  expect(paused.answer).toBe(
    `${name} is paused until ${end}, when it resumes by itself: changes keep landing, v3 stands still until then.`,
  );
  await vi.waitFor(
    async () => expect(await timersOf(running)).toContain(`paused until ${end}, then resumes`),
    patience,
  );
  const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toMatch(/### paused since \S+ \S+ until .* by Asha: stock count/);
  expect(await refusalOf(running, 'pause', { reason: 'again', until: end ?? '' })).toMatch(/it is paused already/);

  // A nearer end takes the place of the first.
  await update(running, 'pause', { reason: 'nearly counted', by: 'Juma', for: '1s' });
  await until(running, ({ state, until: left }) => state === 'running' && left === null);
  const { recentOperations, reason, by } = await handle.query(messages.status);
  expect(recentOperations[0]).toMatchObject({ name: 'resume', via: 'timer', by: 'Juma', state: 'done' });
  expect([reason, by]).toEqual(['the end of the pause (nearly counted)', 'Juma']);
});

test('a pause without an end takes the place of one with an end', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  await update(running, 'pause', { reason: 'stock count', for: '1h' });
  expect((await update(running, 'pause', { reason: 'takes longer' })).status).toMatchObject({ until: null });
  await vi.waitFor(async () => expect(await timersOf(running)).toEqual([]), patience);
  expect((await running.handle.query(messages.status)).state).toBe('paused');
});

test('an end that passed while nobody looked is made up for; v3 being away only delays it', async () => {
  const schema = literalSchema({
    mode: 'paused',
    reason: 'stock count',
    by: 'Asha',
    until: '2026-01-31T00:00:00.000Z',
  });
  schema.refuseModes = 1;
  const running = await server.run(schema);
  await until(running, ({ state }) => state === 'running');
  expect(schema.calls.filter(({ activity }) => activity === 'setMode')).toHaveLength(2);
});

test('the end of a pause does not resume what the engine has stopped meanwhile', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  await update(running, 'pause', { reason: 'stock count', for: '2s' });
  const calls = (): readonly string[] => schema.calls.map(({ activity }) => activity);
  await vi.waitFor(() => expect(calls().lastIndexOf('apply')).toBeGreaterThan(calls().indexOf('setMode')), patience);
  await until(running, ({ applyingSince }) => applyingSince === null);
  // Our schema knows; the workflow has not heard of it.
  schema.state = {
    ...schema.state,
    mode: 'drifted',
    stop: { code: 'SCHEMA_DRIFT', message: 'products.code is gone' },
    until: null,
    since: new Date().toISOString(),
  };
  await until(running, ({ state }) => state === 'drifted');
  const { recentOperations } = await running.handle.query(messages.status);
  expect(recentOperations[0]?.answer).toMatch(/is over, but it is drifted .*: it was not resumed/);
});

test('while landing stands still, says until when Kafka keeps what waits there', async () => {
  const schema = literalSchema();
  schema.retention = { until: '2026-03-01T00:00:00.000Z', topic: 'elmis.public.products' };
  const running = await server.run(schema);
  const { handle } = running;
  await until(running, ({ state }) => state === 'running');
  schema.applies.push(() => Promise.reject(drifted()));
  await handle.signal(messages.claim, { 'elmis.public.products/0': 7 });
  await until(running, ({ retention }) => retention !== null);
  expect(schema.calls).toContainEqual({
    activity: 'readRetention',
    input: { pipeline: running.name, applied: {} },
  });
  const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('**Kafka keeps what has not landed (7 events) until 2026-03-01 00:00:00Z**');
  expect(await timersOf(running)).toContain('until the next look at what Kafka keeps');
  await until(running, ({ applied, retention }) => applied['elmis.public.products/0'] === 7 && retention === null);
  await vi.waitFor(async () => expect(await timersOf(running)).toEqual([]), patience);
});

test('refuses what makes no sense, with what to do instead, and leaves no trace of it in the history', async () => {
  const running = await server.run(literalSchema());
  const { handle } = running;
  await until(running, ({ state }) => state === 'running');
  await update(running, 'pause', { reason: 'stock count', by: 'Asha' });
  expect(await refusalOf(running, 'pause', 'again')).toMatch(
    /^pause of \S+ was refused: it is paused already, since .* by Asha \(stock count\)/,
  );
  expect(await refusalOf(running, 'reset', 'clean')).toMatch(/Resume it first, then ask again/);
  expect(await refusalOf(running, 'resume', { reason: ' ' })).toMatch(/it needs a reason/);
  expect(await refusalOf(running, 'replay', { reason: 'again', from: 'yesterday' })).toMatch(/no ISO 8601 time/);
  expect(await refusalOf(running, 'pause', { reason: 'x', force: true } as OperationInput)).toMatch(
    /unknown fields: force/,
  );
  const { events } = await handle.fetchHistory();
  expect(events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toHaveLength(1);
});

test('refuses messages that it does not know politely', async () => {
  const running = await server.run(literalSchema());
  const { handle } = running;
  await handle.signal('halt', 'now');
  await until(running, ({ recentOperations }) =>
    recentOperations.some(({ answer }) => answer.startsWith("There is no signal 'halt'")),
  );
  await expect(handle.executeUpdate('halt', { args: ['now'] })).rejects.toThrow(WorkflowUpdateFailedError);
});

test('no signal of whatever shape holds it up', async () => {
  const running = await server.run(literalSchema());
  const { handle } = running;
  for (const input of [null, 7, 'text', [], {}, { 'elmis.public.products/0': 'many' }]) {
    for (const name of ['claim', 'wake', 'operationEnded', 'pause', 'replay']) await handle.signal(name, input);
  }
  await handle.signal('claim');
  await handle.signal(messages.claim, { 'elmis.public.products/0': 7 });
  await until(running, ({ applied }) => applied['elmis.public.products/0'] === 7);
  expect((await handle.query(messages.status)).claimed).toEqual({ 'elmis.public.products/0': 7 });
});

test('does by signal what it does by update, and records what it refuses', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  const { handle } = running;
  await handle.signal('pause', { reason: 'stock count' });
  await handle.signal('pause', { reason: 'stock count' });
  await handle.signal('resume', {});
  await until(running, ({ recentOperations }) => recentOperations.length === 3);
  const { recentOperations, state } = await handle.query(messages.status);
  expect(state).toBe('paused');
  expect(recentOperations.map((record) => [record.name, record.state, record.via])).toEqual([
    ['resume', 'refused', 'signal'],
    ['pause', 'refused', 'signal'],
    ['pause', 'done', 'signal'],
  ]);
  expect(schema.refusals).toHaveLength(2);
});

test('runs a reset as a workflow of its own, goes on meanwhile, and refuses a second operation', async () => {
  const schema = literalSchema();
  schema.held = true;
  const running = await server.run(schema);
  const { handle, client } = running;
  await until(running, ({ state }) => state === 'running');
  const begun = await update(running, 'reset', { reason: 'rows were lost', by: 'Asha', id: 'reset-1' });
  expect(begun.operation.workflowId).toBe(`${handle.workflowId}/reset/reset-1`);
  expect(await refusalOf(running, 'reprocess', 'too')).toMatch(/reset is running since .* asked for by Asha/);
  await handle.signal(messages.claim, { 'elmis.public.products/0': 9 });
  await until(running, ({ applied }) => applied['elmis.public.products/0'] === 9);
  const again = await update(running, 'reset', { reason: 'rows were lost', by: 'Asha', id: 'reset-1' });
  expect(again.operation).toEqual(begun.operation);
  schema.held = false;
  await client.workflow.getHandle(begun.operation.workflowId ?? '').result();
  await until(
    running,
    ({ operation, recentOperations }) => operation === null && recentOperations[0]?.state === 'done',
  );
  expect((await handle.query(messages.status)).recentOperations[0]?.answer).toBe('Cleared 3 rows. Derived 3 roots.');
});

test('an operation is cancelled with a reason, when its step has come to its end, and another one may follow', async () => {
  const schema = literalSchema();
  schema.held = true;
  const running = await server.run(schema);
  const { handle, client } = running;
  await expect(update(running, 'cancel', 'too late')).rejects.toMatchObject({
    cause: { message: expect.stringContaining('no operation is under way') as string },
  });
  await update(running, 'reset', { reason: 'rows were lost', id: 'r-1' });
  await isCalled(schema, 'clearOwned');
  await expect(update(running, 'cancel', { reason: 'x', operation: 'r-2' })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('the operation r-2 is not under way; reset is (id r-1)') as string },
  });
  const said = await update(running, 'cancel', { reason: 'the wrong pipeline', by: 'Asha', operation: 'r-1' });
  expect(said.answer).toBe(
    `reset of ${running.name} (id r-1) ends at its next step. What it has cleared comes back by itself; the rest was not touched.`,
  );
  await until(running, ({ operation }) => operation === null);
  const { recentOperations } = await handle.query(messages.status);
  expect(recentOperations.map(({ name, state, by }) => [name, state, by])).toEqual([
    ['reset', 'cancelled', 'operator'],
    ['cancel', 'done', 'Asha'],
  ]);
  expect(schema.ended).toEqual([
    {
      id: 'r-1',
      state: 'cancelled',
      answer:
        'Cancelled by Asha: the wrong pipeline. What it has cleared comes back by itself; the rest was not touched.',
    },
  ]);
  // Recorded before its workflow is told, so that nobody finds a cancelled operation without a reason.
  const order = schema.calls.map(({ activity }) => activity).filter((activity) => /Cancel|endOperation/.test(activity));
  expect(order).toEqual(['recordCancel', 'endOperation']);
  const ended = await client.workflow.getHandle(`${handle.workflowId}/reset/r-1`).describe();
  expect(ended.status.name).toBe('COMPLETED');
  schema.held = false;
  await update(running, 'reprocess', 'again');
  await until(running, ({ recentOperations: [last] }) => last?.name === 'reprocess' && last.state === 'done');
});

test('an operation whose workflow was terminated is cancelled all the same', async () => {
  const schema = literalSchema();
  schema.held = true;
  const running = await server.run(schema);
  await update(running, 'reprocess', { reason: 'new transformation', id: 'r-1' });
  await isCalled(schema, 'markAll');
  await running.client.workflow.getHandle(`${running.handle.workflowId}/reprocess/r-1`).terminate();
  await running.handle.signal(messages.operationSignals.cancel, { reason: 'it hangs', by: 'Asha' });
  await until(running, ({ operation }) => operation === null);
  expect(schema.ended).toMatchObject([{ id: 'r-1', state: 'cancelled', answer: 'Cancelled by Asha: it hangs.' }]);
});

test('an operation that is cancelled by its own page is recorded as cancelled, and another one may follow', async () => {
  const schema = literalSchema();
  schema.held = true;
  const running = await server.run(schema);
  const { client } = running;
  const begun = await update(running, 'reprocess', { reason: 'new transformation' });
  await vi.waitFor(() => expect(schema.calls.some(({ activity }) => activity === 'markAll')).toBe(true), patience);
  await client.workflow.getHandle(begun.operation.workflowId ?? '').cancel();
  await until(
    running,
    ({ operation, recentOperations }) => operation === null && recentOperations[0]?.state === 'cancelled',
  );
  expect(schema.ended[0]).toMatchObject({
    state: 'cancelled',
    answer: expect.stringMatching(/^It was cancelled\. Roots that it has marked are derived all the same/) as string,
  });
  schema.held = false;
  await update(running, 'replay', {
    reason: 'again',
    from: { topic: 'elmis.public.products', partition: 0, offset: 0 },
  });
  await until(
    running,
    ({ recentOperations }) => recentOperations[0]?.name === 'replay' && recentOperations[0].state === 'done',
  );
});

test('shows a failure that another try does not mend, tries again, and recovers', async () => {
  const schema = literalSchema();
  schema.applies.push(() => Promise.reject(drifted()));
  const running = await server.run(schema);
  const { handle } = running;
  await until(running, ({ failure }) => failure !== null);
  const failing = await handle.query(messages.status);
  expect(failing).toMatchObject({ state: 'failing', failure: { code: 'SCHEMA_DRIFT', advice: 'Mend the mapping.' } });
  await until(running, ({ failure, state }) => failure === null && state === 'running');
});

test('recovers by itself when v3 was away, and tells an operator meanwhile that nothing is in force', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  const { handle } = running;
  await until(running, ({ state }) => state === 'running');
  schema.down = v3Down();
  await handle.signal(messages.claim, { 'elmis.public.products/0': 4 });
  await expect(update(running, 'pause', 'stock count')).rejects.toThrow(WorkflowUpdateFailedError);
  await handle.signal('pause', 'stock count');
  schema.down = null;
  await until(running, ({ applied, state }) => applied['elmis.public.products/0'] === 4 && state === 'paused');
});

test('the API names the error of an apply that is tried again, its advice and the next try', async () => {
  const schema = literalSchema();
  const running = await server.run(schema);
  const { name, client, handle } = running;
  await until(running, ({ state }) => state === 'running');
  expect(await readApplyFailure(client, name)).toBeNull();
  schema.down = v3Down();
  await handle.signal(messages.claim, { 'elmis.public.products/0': 4 });
  await vi.waitFor(async () => {
    const failure = await readApplyFailure(client, name);
    expect(failure).toMatchObject({ code: 'V3_UNAVAILABLE', message: 'v3 does not answer', advice: 'Start it.' });
    expect(failure?.attempt).toBeGreaterThan(2);
    expect(Date.parse(failure?.nextTryAt ?? '')).not.toBeNaN();
  }, patience);
  schema.down = null;
  await until(running, ({ applied }) => applied['elmis.public.products/0'] === 4);
  expect(await readApplyFailure(client, name)).toBeNull();

  // What no catalogue knows is tried again as well.
  schema.applies.push(() => Promise.reject(new TypeError('of null')));
  schema.applies.push(() => Promise.reject(new TypeError('of null')));
  schema.applies.push(() => Promise.reject(new TypeError('of null')));
  await handle.signal(messages.claim, { 'elmis.public.products/0': 5 });
  await vi.waitFor(
    async () =>
      expect(await readApplyFailure(client, name)).toMatchObject({ code: 'UNKNOWN', message: 'TypeError: of null' }),
    patience,
  );
  await until(running, ({ applied }) => applied['elmis.public.products/0'] === 5);

  // Between two applies the workflow alone knows.
  schema.applies.push(() => Promise.reject(drifted()));
  await handle.signal(messages.claim, { 'elmis.public.products/0': 6 });
  await vi.waitFor(
    async () =>
      expect(await readApplyFailure(client, name)).toMatchObject({
        code: 'SCHEMA_DRIFT',
        advice: 'Mend the mapping.',
        attempt: 2,
      }),
    patience,
  );
});

test('of a pipeline that has no workflow yet nothing is known to fail', async () => {
  expect(await readApplyFailure(server.client, 'never-started')).toBeNull();
});

test('an operation ends the back-off', async () => {
  const schema = literalSchema({ mode: 'drifted', stop: { code: 'SCHEMA_DRIFT', message: 'products.code is gone' } });
  schema.applies.push(
    () => Promise.reject(drifted()),
    () => Promise.reject(drifted()),
    () => Promise.reject(drifted()),
  );
  const running = await server.run(schema);
  await until(running, ({ failure }) => failure !== null);
  schema.applies.length = 0;
  const resumed = await update(running, 'resume', 'mapping mended');
  expect(resumed.status.mode).toBe('running');
  await until(running, ({ failure, state }) => failure === null && state === 'running');
});

test('derives roots that are due later, and looks when it is woken', async () => {
  const schema = literalSchema();
  schema.applies.push(async () => ({ retryInMs: 1_000, dirty: 1 }));
  schema.applies.push(async () => ({
    retryInMs: null,
    dirty: 0,
    counts: { events: 0, landed: 0, derived: 1, written: 1, quarantined: 0 },
  }));
  const running = await server.run(schema);
  const { handle } = running;
  await until(running, ({ totals, dirty }) => totals.derived === 1 && dirty === 0);
  const before = schema.calls.length;
  await handle.signal(messages.wake);
  await vi.waitFor(() => expect(schema.calls.length).toBe(before + 1), patience);
});

test('takes up the operation that our schema says is running, when it is started from nothing', async () => {
  const schema = literalSchema({
    mode: 'paused',
    reason: 'stock count',
    applied: { 'elmis.public.products/0': 5 },
    operation: {
      id: 'retry-1',
      name: 'retryQuarantined',
      reason: 'mapping mended',
      by: 'Asha',
      via: 'update',
      since: new Date().toISOString(),
    },
  });
  const running = await server.run(schema);
  const { handle, client } = running;
  await until(running, ({ recentOperations }) =>
    recentOperations.some(({ id, state }) => id === 'retry-1' && state === 'done'),
  );
  await client.workflow.getHandle(`${handle.workflowId}/retryQuarantined/retry-1`).result();
  await until(running, ({ operation, mode }) => operation === null && mode === 'paused');
  expect((await handle.query(messages.status)).applied).toEqual({ 'elmis.public.products/0': 5 });
});

interface Definition {
  readonly signalDefinitions: readonly Message[];
  readonly updateDefinitions: readonly Message[];
  readonly queryDefinitions: readonly Message[];
}
interface Message {
  readonly name?: string;
  readonly description?: string;
}

async function refusalOf(
  running: Running,
  name: keyof typeof messages.operationUpdates,
  input: OperationInput,
): Promise<string> {
  const error: unknown = await update(running, name, input).then(
    () => 'accepted',
    (error: unknown) => error,
  );
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error(`not refused: ${JSON.stringify(error)}`);
  return error.cause?.message ?? '';
}

/** Summaries of the timers that run. */
async function timersOf({ handle }: Running): Promise<readonly string[]> {
  const { events } = await handle.fetchHistory();
  const running = new Map<string, string>();
  for (const event of events ?? []) {
    const { timerStartedEventAttributes: started, timerFiredEventAttributes: fired } = event;
    const { timerCanceledEventAttributes: cancelled } = event;
    if (started?.timerId) {
      const summary = event.userMetadata?.summary?.data;
      running.set(started.timerId, summary ? (JSON.parse(Buffer.from(summary).toString()) as string) : '');
    }
    running.delete(fired?.timerId ?? cancelled?.timerId ?? '');
  }
  return [...running.values()];
}
