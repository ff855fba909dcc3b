// What a pipeline goes through in its life, played on the real development server to record its history.
import { setTimeout as wait } from 'node:timers/promises';
import * as messages from '../../workflows/messages.ts';
import type { OperationInput } from '../../workflows/messages.ts';
import { drifted, foundByExperiment, literalSchema, v3Down } from '../workflows/literal-activities.ts';
import type { LiteralSchema } from '../workflows/literal-activities.ts';
import { isCalled, startExperiment, until, update } from '../workflows/run-pipeline.ts';
import type { Running } from '../workflows/run-pipeline.ts';

export interface Situation {
  readonly name: string;
  readonly schema: () => LiteralSchema;
  /** Plays it to its end; the workflow runs on. */
  readonly play: (running: Running, schema: LiteralSchema) => Promise<void>;
  /** A long operation that it contains: its workflow's history is kept as well. */
  readonly operation?: keyof typeof messages.operationUpdates;
  /** The same for an experiment, of the id 'recorded'. */
  readonly hasExperiment?: true;
}

const products = 'elmis.public.products/0';
const some = { events: 3, landed: 3, derived: 3, written: 3, quarantined: 0 };

export const situations: readonly Situation[] = [
  {
    name: 'idle-then-claimed',
    schema: literalSchema,
    async play(running) {
      const { handle } = running;
      await until(running, ({ state }) => state === 'running');
      await handle.signal(messages.claim, { [products]: 7 });
      await until(running, ({ applied }) => applied[products] === 7);
      await handle.signal(messages.wake);
    },
  },
  {
    name: 'busy-continues-as-new',
    schema: literalSchema,
    async play(running) {
      const { handle } = running;
      const first = await handle.describe();
      for (let offset = 1; (await handle.describe()).runId === first.runId; offset += 1)
        await handle.signal(messages.claim, { [products]: offset });
      await until(running, ({ lag }) => lag.events === 0);
    },
  },
  {
    name: 'paused-and-resumed-by-update',
    schema: literalSchema,
    async play(running) {
      const { handle } = running;
      await update(running, 'pause', { reason: 'stock count', by: 'Asha' });
      await handle.signal(messages.claim, { [products]: 7 });
      await update(running, 'resume', 'counted');
      await until(running, ({ applied }) => applied[products] === 7);
    },
  },
  {
    name: 'paused-and-resumed-by-signal',
    schema: literalSchema,
    async play(running) {
      const { handle } = running;
      await handle.signal(messages.operationSignals.pause, { reason: 'stock count' });
      await until(running, ({ state }) => state === 'paused');
      await handle.signal(messages.operationSignals.resume, 'counted');
      await until(running, ({ state }) => state === 'running');
    },
  },
  {
    name: 'pause-that-ends-by-itself',
    schema: literalSchema,
    async play(running, schema) {
      const { handle } = running;
      await update(running, 'pause', { reason: 'stock count', by: 'Asha', for: '1h' });
      // Another end, then none, then v3 refuses when the pause ends.
      await update(running, 'pause', { reason: 'stock count', by: 'Asha', for: '2h' });
      await update(running, 'pause', { reason: 'stock count', by: 'Asha' });
      await update(running, 'pause', { reason: 'stock count', by: 'Asha', for: '1s' });
      schema.refuseModes = 1;
      await handle.signal(messages.claim, { [products]: 7 });
      await until(running, ({ state, applied }) => state === 'running' && applied[products] === 7);
    },
  },
  {
    name: 'refused',
    schema: literalSchema,
    async play(running) {
      const { handle } = running;
      await until(running, ({ state }) => state === 'running');
      await update(running, 'resume', 'why not').catch(() => undefined);
      await handle.executeUpdate('halt', { args: ['now'] }).catch(() => undefined);
      await handle.signal('halt', 'now');
      await handle.signal(messages.operationSignals.resume, 'why not');
      // Two at once: the second passes its validator, and is refused when it is its turn.
      await Promise.allSettled([
        update(running, 'pause', { reason: 'one', id: '1' }),
        update(running, 'pause', { reason: 'two', id: '2' }),
      ]);
      await until(
        running,
        ({ recentOperations }) => recentOperations.filter(({ state }) => state === 'refused').length === 2,
      );
    },
  },
  long('reset', 'rows were lost'),
  long('reprocess', 'new transformation'),
  long('replay', { reason: 'deleted by hand', from: '2026-01-31T00:00:00Z' }),
  long('retryQuarantined', 'mapping mended'),
  long('mend', 'somebody edited v3'),
  long('discard', { reason: 'v2 will not mend it', only: 'everything' }),
  {
    name: 'verified',
    schema: literalSchema,
    async play(running) {
      const { handle } = running;
      await until(running, ({ state }) => state === 'running');
      await handle.signal(messages.verified, {
        id: 'recorded',
        against: 'landing',
        pipeline: running.name,
        at: new Date().toISOString(),
        seconds: 1,
        differences: 3,
        answer: '3 rows differ.',
      });
      await until(running, ({ verification }) => verification?.differences === 3);
      await handle.signal(messages.claim, { [products]: 7 });
      await until(running, ({ applied }) => applied[products] === 7);
    },
  },
  {
    name: 'operation-by-signal-cancelled',
    schema: held,
    operation: 'reprocess',
    async play(running, schema) {
      const { handle, client } = running;
      await handle.signal(messages.operationSignals.reprocess, { reason: 'new transformation', id: 'recorded' });
      while (!schema.calls.some(({ activity }) => activity === 'markAll')) await wait(50);
      await client.workflow.getHandle(`${handle.workflowId}/reprocess/recorded`).cancel();
      await until(running, ({ recentOperations }) => recentOperations[0]?.state === 'cancelled');
    },
  },
  {
    name: 'operation-cancelled',
    schema: held,
    operation: 'reset',
    async play(running, schema) {
      await update(running, 'reset', { reason: 'rows were lost', id: 'recorded' });
      await isCalled(schema, 'clearOwned');
      await update(running, 'cancel', { reason: 'the wrong pipeline', operation: 'recorded' });
      await until(running, ({ recentOperations }) => recentOperations[0]?.state === 'cancelled');
    },
  },
  {
    name: 'drifted-and-resumed',
    schema: literalSchema,
    async play(running, schema) {
      const { handle } = running;
      await until(running, ({ state }) => state === 'running');
      const stopped = {
        ...schema.state,
        mode: 'drifted',
        stop: { code: 'SCHEMA_DRIFT', message: 'products.code is gone' },
        since: new Date().toISOString(),
      } as const;
      schema.applies.push(async () => ({ ...stopped, applied: { [products]: 7 }, counts: some }));
      await handle.signal(messages.claim, { [products]: 7 });
      await until(running, ({ state }) => state === 'drifted');
      await update(running, 'resume', 'mapping mended');
      await until(running, ({ state }) => state === 'running');
    },
  },
  {
    name: 'apply-fails-and-recovers',
    schema: literalSchema,
    async play(running, schema) {
      const { handle } = running;
      await until(running, ({ state }) => state === 'running');
      schema.applies.push(
        () => Promise.reject(v3Down()),
        () => Promise.reject(drifted()),
      );
      await handle.signal(messages.claim, { [products]: 7 });
      await until(running, ({ failure }) => failure !== null);
      await until(running, ({ applied, failure }) => applied[products] === 7 && failure === null);
    },
  },
  {
    name: 'landing-stopped',
    schema: literalSchema,
    async play(running, schema) {
      const { handle } = running;
      await until(running, ({ state }) => state === 'running');
      schema.applies.push(() => Promise.reject(drifted()));
      schema.retention = { until: '2026-03-01T00:00:00.000Z', topic: 'elmis.public.products' };
      await handle.signal(messages.claim, { [products]: 7 });
      await until(running, ({ retention }) => retention !== null);
      await update(running, 'pause', { reason: 'mapping is mended', by: 'Asha', for: '1d' });
      await until(running, ({ applied, failure }) => applied[products] === 7 && failure === null);
      await update(running, 'resume', 'mapping mended');
      await until(running, ({ state }) => state === 'running');
    },
  },
  {
    name: 'experiment-promoted',
    schema: literalSchema,
    hasExperiment: true,
    async play(running, schema) {
      const experiment = await startExperiment(running);
      await isCalled(schema, 'finishExperiment');
      await experiment.executeUpdate(messages.promoteExperiment, { args: [{ reason: 'it is right', by: 'Asha' }] });
      await experiment.result();
      await until(running, ({ recentOperations }) => recentOperations[0]?.state === 'done');
    },
  },
  {
    name: 'experiment-discarded-while-it-derives',
    schema: literalSchema,
    hasExperiment: true,
    async play(running, schema) {
      schema.held = true;
      const experiment = await startExperiment(running);
      await isCalled(schema, 'runExperiment');
      await experiment.executeUpdate(messages.discardExperiment, { args: [{ reason: 'not now' }] });
      await experiment.result();
      schema.held = false;
    },
  },
  {
    name: 'experiment-that-would-change-nothing',
    schema: literalSchema,
    hasExperiment: true,
    async play(running, schema) {
      schema.found = foundByExperiment({ differing: 0 });
      await (await startExperiment(running, { by: 'system' })).result();
    },
  },
  {
    name: 'experiment-that-fails',
    schema: literalSchema,
    hasExperiment: true,
    async play(running, schema) {
      schema.found = drifted();
      await (await startExperiment(running)).result().catch(() => undefined);
    },
  },
  {
    name: 'roots-due-later',
    schema: literalSchema,
    async play(running, schema) {
      const { handle } = running;
      await until(running, ({ state }) => state === 'running');
      schema.applies.push(async () => ({ retryInMs: 1_000, dirty: 1, waiting: 1, counts: some }));
      schema.applies.push(async () => ({ retryInMs: null, dirty: 0, waiting: 0, counts: some }));
      await handle.signal(messages.claim, { [products]: 7 });
      await until(running, ({ dirty, applied }) => dirty === 0 && applied[products] === 7);
    },
  },
  {
    name: 'rebuilt-with-an-operation-under-way',
    schema: () =>
      literalSchema({
        mode: 'paused',
        reason: 'stock count',
        operation: {
          id: 'recorded',
          name: 'replay',
          reason: 'again',
          by: 'Asha',
          via: 'update',
          from: { time: '2026-01-31T00:00:00.000Z' },
          since: '2026-01-31T00:00:00.000Z',
        },
      }),
    operation: 'replay',
    async play(running) {
      await until(
        running,
        ({ recentOperations, operation }) => operation === null && recentOperations[0]?.state === 'done',
      );
    },
  },
];

function long(operation: NonNullable<Situation['operation']>, input: OperationInput): Situation {
  return {
    name: operation,
    schema: literalSchema,
    operation,
    async play(running) {
      await until(running, ({ state }) => state === 'running');
      await update(running, operation, { ...(typeof input === 'string' ? { reason: input } : input), id: 'recorded' });
      await until(running, ({ recentOperations }) => recentOperations[0]?.state === 'done');
    },
  };
}

function held(): LiteralSchema {
  const schema = literalSchema();
  schema.held = true;
  return schema;
}
