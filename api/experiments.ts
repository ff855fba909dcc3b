// Experiments over REST: started, followed, promoted, discarded. They run as workflows; what they find stands in our schema.
import {
  ApplicationFailure,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { z } from 'zod';
import { changesOf, loadTransformation } from '../activities/transformation.ts';
import { readExperiments } from '../experiments/books.ts';
import type { ExperimentRecord } from '../experiments/books.ts';
import type { ExperimentRequest } from '../experiments/contract.ts';
import { MkondoError } from '../model/errors.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import {
  discardExperiment,
  experimentWorkflow,
  experimentWorkflowId,
  promoteExperiment,
} from '../workflows/messages.ts';
import { summaryOf } from '../workflows/experiment-summary.ts';
import type { experiment as experimentWorkflowFunction } from '../workflows/experiment.ts';

const experimentBody = z.strictObject({
  pipeline: z.string().describe('The pipeline whose transformation is to be tried otherwise.'),
  change: z
    .string()
    .nullable()
    .describe('A module of pipelines/changes/<pipeline>; null: the transformation as it is deployed.'),
  share: z.number().gt(0).max(1).default(0.25).describe('Most of its time that it works; it rests for the remainder.'),
  reason: z.string().trim().min(1),
  by: z.string().trim().min(1).default('operator'),
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'may hold small letters, digits and - only, at most 40 of them')
    .optional()
    .describe('Chosen by the caller: asking twice with the same id is one experiment.'),
});
const decisionBody = z.strictObject({
  reason: z.string().trim().min(1),
  by: z.string().trim().min(1).default('operator'),
  despiteFailures: z.boolean().default(false).describe('Promote: also where roots fail with the change.'),
});
const experimentsQuery = z.strictObject({
  pipeline: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

const DEADLINE_MS = 10_000;

export interface ExperimentRoutes {
  readonly pool: Pool;
  readonly client: Client;
  readonly taskQueue: string;
  readonly uiLink: (workflowId: string) => string | null;
  readonly pipelines: readonly Pipeline[];
  readonly parse: <T>(schema: z.ZodType<T>, input: unknown) => T;
}

export function experimentRoutes(app: FastifyInstance, deps: ExperimentRoutes): void {
  const { pool, client, taskQueue, uiLink, pipelines, parse } = deps;

  app.get('/experiments', async ({ query }) => {
    const { pipeline, limit } = parse(experimentsQuery, query);
    const records = await readExperiments(pool, { limit, ...(pipeline === undefined ? {} : { pipeline }) });
    return { experiments: records.map(shown) };
  });

  app.get<{ Params: { id: string } }>('/experiments/:id', async ({ params }) => shown(await known(params.id)));

  app.get<{ Params: { name: string } }>('/pipelines/:name/changes', async ({ params }) => {
    const pipeline = named(params.name);
    const { rows } = await pool.query<{ change: string | null }>('SELECT change FROM cdc.pipelines WHERE name = $1', [
      pipeline.name,
    ]);
    return { promoted: rows[0]?.change ?? null, changes: changesOf(pipeline.name) };
  });

  app.post('/experiments', async ({ body, actor }, reply) => {
    const asked = { ...parse(experimentBody, body), ...(actor === null ? {} : { by: actor.name }) };
    const pipeline = named(asked.pipeline);
    await loadTransformation(pipeline, asked.change);
    const request: ExperimentRequest = { ...asked, decides: 'operator', id: asked.id ?? randomUUID().slice(0, 8) };
    const open = (await readExperiments(pool, { pipeline: pipeline.name, limit: 100 })).find(
      ({ id, state }) => id !== request.id && (state === 'running' || state === 'finished'),
    );
    if (open !== undefined)
      throw new MkondoError(
        'EXPERIMENT_REFUSED',
        `${pipeline.name} has an experiment already: ${open.id} is ${open.state}.`,
        {
          advice: `POST /experiments/${open.id}/promote or /experiments/${open.id}/discard first.`,
        },
      );
    const workflowId = experimentWorkflowId(request);
    await reach(() =>
      client.workflow.start<typeof experimentWorkflowFunction>(experimentWorkflow, {
        workflowId,
        taskQueue,
        args: [request],
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `Tries ${request.change ?? 'the deployed transformation'} on ${pipeline.name}, beside v3`,
      }),
    );
    return reply.code(202).send({ id: request.id, workflow: { id: workflowId, url: uiLink(workflowId) } });
  });

  for (const [name, update] of [
    ['promote', promoteExperiment],
    ['discard', discardExperiment],
  ] as const) {
    app.post<{ Params: { id: string } }>(`/experiments/:id/${name}`, async ({ params, body, actor }) => {
      const decision = { ...parse(decisionBody, body), ...(actor === null ? {} : { by: actor.name }) };
      const { id, pipeline } = await known(params.id);
      const answer = await reach(() =>
        client.workflow.getHandle(experimentWorkflowId({ id, pipeline })).executeUpdate(update, { args: [decision] }),
      );
      return { answer };
    });
  }

  async function known(id: string): Promise<ExperimentRecord> {
    const [record] = await readExperiments(pool, { id, limit: 1 });
    if (record !== undefined) return record;
    throw new MkondoError('EXPERIMENT_UNKNOWN', `There is no experiment '${id}'.`, {
      advice: 'GET /experiments lists them. One that was started just now appears when a worker has begun it.',
    });
  }

  function named(name: string): Pipeline {
    const pipeline = pipelines.find((each) => each.name === name);
    if (pipeline !== undefined) return pipeline;
    throw new MkondoError('PIPELINE_UNKNOWN', `There is no pipeline '${name}'.`, {
      advice: `There are: ${pipelines.map((each) => each.name).join(', ')}.`,
    });
  }

  function shown(record: ExperimentRecord): object {
    const workflowId = experimentWorkflowId(record);
    return {
      ...record,
      summary: record.report === null ? null : summaryOf(record.report),
      workflow: { id: workflowId, url: uiLink(workflowId) },
    };
  }

  async function reach<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await client.withDeadline(Date.now() + DEADLINE_MS, work);
    } catch (error) {
      const failure = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
      if (failure instanceof ApplicationFailure && failure.type === 'EXPERIMENT_REFUSED')
        throw new MkondoError('EXPERIMENT_REFUSED', failure.message, {
          advice: 'GET the experiment to see its state.',
          cause: error,
        });
      if (error instanceof WorkflowNotFoundError)
        throw new MkondoError('EXPERIMENT_REFUSED', 'The experiment has ended.', {
          advice: 'Start another one.',
          cause: error,
        });
      throw new MkondoError('TEMPORAL_UNAVAILABLE', 'Temporal did not answer.', {
        advice: 'Send it again; asked twice with the same id, it is done once.',
        cause: error,
      });
    }
  }
}
