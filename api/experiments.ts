// Experiments over REST: started, followed, promoted, discarded. They run as workflows; what they find stands in our schema.
import {
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
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
import { query } from './control-schema.ts';
import { addRoute, by, byActor, limit, pipelineParams, reason, time, workflowLink } from './route.ts';
import { text } from '../model/text.ts';
import { summaryOf } from '../workflows/experiment-summary.ts';
import type { experiment as experimentWorkflowFunction } from '../workflows/experiment.ts';

const experimentBody = z.strictObject({
  pipeline: z.string().describe('The pipeline whose transformation is to be tried otherwise.'),
  change: z
    .string()
    .nullable()
    .describe('A module of pipelines/changes/<pipeline>; null: the transformation as it is deployed.'),
  share: z.number().gt(0).max(1).default(0.25).describe('Most of its time that it works; it rests for the remainder.'),
  reason,
  by,
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'may hold small letters, digits and - only, at most 40 of them')
    .optional()
    .describe('Chosen by the caller: asking twice with the same id is one experiment.'),
});
const decisionBody = z.strictObject({
  reason,
  by,
  despiteFailures: z.boolean().default(false).describe('Promote: also where roots fail with the change.'),
});

const experimentParams = z.object({ id: text.describe('id of the experiment') });

const counts = z.object({ equal: z.int(), changed: z.int(), created: z.int(), gone: z.int() });
const reportSchema = z.object({
  roots: z.object({
    total: z.int(),
    derived: z.int(),
    differing: z.int().describe('of those derived, how many have a row that would change'),
    failed: z.int(),
    skipped: z.int(),
  }),
  tables: z.record(z.string(), counts).describe('v3 table -> rows'),
  columns: z
    .record(
      z.string(),
      z.object({
        changed: z.int(),
        examples: z.array(
          z.object({
            key: z.string(),
            root: z.string(),
            v3: z.string().nullable(),
            changed: z.string().nullable(),
          }),
        ),
      }),
    )
    .describe("'<v3 table> <column>' -> values that would change, with some of them"),
  failures: z.record(
    z.string(),
    z.object({ roots: z.int(), examples: z.array(z.object({ root: z.string(), message: z.string() })) }),
  ),
  losses: z.record(z.string(), z.int()),
  reports: z
    .array(
      z.object({
        report: z.string(),
        figures: z.int().describe('groups that it shows a figure for'),
        changed: z.int().describe('those of which a figure would change'),
        examples: z.array(
          z.object({
            group: z.record(z.string(), z.string().nullable()),
            figures: z.array(
              z.object({ figure: z.string(), v3: z.string().nullable(), changed: z.string().nullable() }),
            ),
          }),
        ),
      }),
    )
    .optional()
    .describe('what the reports that read these tables would show; absent until every root was looked at'),
});
const experimentSchema = z.object({
  id: z.string(),
  pipeline: z.string(),
  change: z.string().nullable(),
  version: z.string().nullable(),
  share: z.number(),
  reason: z.string(),
  by: z.string(),
  state: z.enum(['running', 'finished', 'promoted', 'discarded', 'failed']),
  answer: z.string(),
  requestedAt: time,
  finishedAt: time.nullable(),
  report: reportSchema.nullable().describe('as far as it has come; null before the first chunk'),
  summary: z.string().nullable(),
  workflow: workflowLink,
});

const DEADLINE_MS = 10_000;

export interface ExperimentRoutes {
  readonly pool: Pool;
  readonly client: Client;
  readonly taskQueue: string;
  readonly uiLink: (workflowId: string) => string | null;
  readonly pipelines: readonly Pipeline[];
}

export function experimentRoutes(app: FastifyInstance, deps: ExperimentRoutes): void {
  const { pool, client, taskQueue, uiLink, pipelines } = deps;

  addRoute(app, {
    method: 'GET',
    url: '/experiments',
    tag: 'Experiments',
    summary: 'Experiments, newest first',
    query: z.strictObject({
      pipeline: text.optional().describe('only those of this pipeline'),
      limit: limit({ most: 100, otherwise: 20 }),
    }),
    answer: z.object({ experiments: z.array(experimentSchema) }),
    handle: async ({ query: { pipeline, limit: most } }) => {
      const records = await readExperiments(pool, { limit: most, ...(pipeline === undefined ? {} : { pipeline }) });
      return { experiments: records.map(shown) };
    },
  });

  addRoute(app, {
    method: 'GET',
    url: '/experiments/:id',
    tag: 'Experiments',
    summary: 'What an experiment has found so far',
    params: experimentParams,
    answer: experimentSchema,
    refuses: ['EXPERIMENT_UNKNOWN'],
    handle: async ({ params }) => shown(await known(params.id)),
  });

  addRoute(app, {
    method: 'GET',
    url: '/pipelines/:name/changes',
    tag: 'Experiments',
    summary: "Other versions of the pipeline's transformation that this build has, and the promoted one",
    params: pipelineParams,
    answer: z.object({ promoted: z.string().nullable(), changes: z.array(z.string()) }),
    refuses: ['PIPELINE_UNKNOWN'],
    handle: async ({ params }) => {
      const pipeline = named(params.name);
      const rows = await query<{ change: string | null }>(pool, 'SELECT change FROM cdc.pipelines WHERE name = $1', [
        pipeline.name,
      ]);
      return { promoted: rows[0]?.change ?? null, changes: changesOf(pipeline.name) };
    },
  });

  addRoute(app, {
    method: 'POST',
    url: '/experiments',
    tag: 'Experiments',
    summary: 'Tries another version of a transformation over the same landing rows, beside v3',
    body: experimentBody,
    answer: z.object({ id: z.string(), workflow: workflowLink }),
    status: 202,
    refuses: ['PIPELINE_UNKNOWN', 'CHANGE_INVALID', 'EXPERIMENT_REFUSED', 'TEMPORAL_UNAVAILABLE'],
    handle: async ({ body, actor }) => {
      const asked = byActor(body, actor);
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
      return { id: request.id, workflow: { id: workflowId, url: uiLink(workflowId) } };
    },
  });

  for (const [name, update, summary] of [
    ['promote', promoteExperiment, "Makes the change the pipeline's transformation, and reprocesses"],
    ['discard', discardExperiment, 'Ends the experiment; v3 was never touched'],
  ] as const) {
    addRoute(app, {
      method: 'POST',
      url: `/experiments/:id/${name}`,
      tag: 'Experiments',
      summary,
      params: experimentParams,
      body: decisionBody,
      answer: z.object({ answer: z.string() }),
      refuses: ['EXPERIMENT_UNKNOWN', 'EXPERIMENT_REFUSED', 'TEMPORAL_UNAVAILABLE'],
      handle: async ({ params, body, actor }) => {
        const decision = byActor(body, actor);
        const { id, pipeline } = await known(params.id);
        const answer = await reach(() =>
          client.workflow.getHandle(experimentWorkflowId({ id, pipeline })).executeUpdate(update, { args: [decision] }),
        );
        return { answer };
      },
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
      if (error instanceof WorkflowExecutionAlreadyStartedError)
        throw new MkondoError('EXPERIMENT_REFUSED', 'There was an experiment with this id already.', {
          advice: 'Take another id, or none.',
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
