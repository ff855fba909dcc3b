// Pipelines over REST: what stands in our schema about each, why one does not get on, what it could not apply.
import { isUtf8 } from 'node:buffer';
import type { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { errorCodes } from '../model/errors.ts';
import type { Lag } from '../model/lag.ts';
import type { Retention } from '../model/retention.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { pipelineWorkflowId } from '../workflows/messages.ts';
import { readApplyFailure } from './apply-failure.ts';
import { readOperations, readPipelines, readQuarantine } from './control-schema.ts';
import type { PipelineRow, QuarantineRow } from './control-schema.ts';
import { operationSchema } from './operations.ts';
import { addRoute, limit, pipelineParams, time, workflowLink } from './route.ts';
import { text } from '../model/text.ts';

const pipelineSchema = z.object({
  name: z.string(),
  summary: z.string(),
  mode: z
    .enum(['running', 'paused', 'resetting', 'drifted'])
    .nullable()
    .describe('null until a worker has seen the pipeline for the first time'),
  reason: z.string().describe('of the mode'),
  by: z.string(),
  since: time.nullable(),
  until: time.nullable().describe('when a pause ends by itself'),
  stop: z.object({ code: z.string(), message: z.string() }).nullable().describe('why the engine stopped it'),
  lag: z
    .object({ events: z.int(), seconds: z.number() })
    .nullable()
    .describe('what Kafka holds and landing does not; null where it is not known yet'),
  retention: z
    .object({ until: time, topic: z.string() })
    .nullable()
    .describe('until when Kafka keeps what is not landed; null where it keeps it for ever, or does not answer'),
  lastEventAt: time.nullable().describe('when v2 committed the newest landed event'),
  lastDerivedAt: time.nullable(),
  dirty: z.int().describe('roots that are to be derived'),
  waiting: z.int().describe('of those, roots that wait for a parent'),
  quarantined: z.int(),
  workflow: workflowLink,
});

const failureSchema = z.object({
  code: z.enum([...errorCodes, 'UNKNOWN']),
  message: z.string(),
  advice: z.string(),
  attempt: z.int().nullable(),
  nextTryAt: time.nullable(),
});

const bytes = z
  .object({ encoding: z.enum(['utf-8', 'base64']), data: z.string() })
  .nullable()
  .describe('text where the bytes are text, else base64');

const quarantinedSchema = z.object({
  id: z.string(),
  kind: z.enum(['event', 'root']),
  source: z.string().describe('v2 table'),
  root: z.string().nullable(),
  code: z.string(),
  message: z.string(),
  advice: z.string(),
  headers: z.unknown(),
  attempts: z.int(),
  firstAt: time,
  lastAt: time,
  resolvedAt: time.nullable(),
  discarded: z
    .object({ at: time, by: z.string(), reason: z.string() })
    .nullable()
    .describe('given up by an operator; it comes back when it is tried again and fails again'),
  position: z.object({ topic: z.string(), partition: z.int(), offset: z.int() }).nullable(),
  key: bytes,
  payload: bytes,
});

interface PipelinesApiDeps {
  readonly pool: Pool;
  readonly client: Client;
  readonly uiLink: (workflowId: string) => string | null;
  readonly pipelines: readonly Pipeline[];
  readonly lagOf: (pipeline: string) => Lag | null;
  readonly retentionOf: (pipeline: string) => Retention | null;
  /** @throws MkondoError PIPELINE_UNKNOWN */
  readonly known: (name: string) => Pipeline;
}

export function registerPipelines(app: FastifyInstance, deps: PipelinesApiDeps): void {
  const { pool, client, uiLink, pipelines, lagOf, retentionOf, known } = deps;

  addRoute(app, {
    method: 'GET',
    url: '/pipelines',
    tag: 'Pipelines',
    summary: 'All pipelines: mode, lag, what is left to do',
    answer: z.object({ pipelines: z.array(pipelineSchema) }),
    handle: async () => {
      const rows = new Map((await readPipelines(pool)).map((row) => [row.name, row]));
      return { pipelines: pipelines.map((pipeline) => described(pipeline, rows.get(pipeline.name))) };
    },
  });

  addRoute(app, {
    method: 'GET',
    url: '/pipelines/:name',
    tag: 'Pipelines',
    summary: 'One pipeline, with its positions, its last operations, and the error of what is tried again',
    params: pipelineParams,
    answer: pipelineSchema.extend({
      failure: failureSchema.nullable(),
      positions: z.record(z.string(), z.int()).describe("'<topic>/<partition>' -> next offset"),
      operations: z.array(operationSchema),
    }),
    refuses: ['PIPELINE_UNKNOWN'],
    handle: async ({ params }) => {
      const pipeline = known(params.name);
      const [rows, operations, failure] = await Promise.all([
        readPipelines(pool),
        readOperations(pool, { pipeline: pipeline.name, limit: 10 }),
        readApplyFailure(client, pipeline.name),
      ]);
      const row = rows.find(({ name }) => name === pipeline.name);
      return { ...described(pipeline, row), failure, positions: row?.positions ?? {}, operations };
    },
  });

  addRoute(app, {
    method: 'GET',
    url: '/pipelines/:name/quarantine',
    tag: 'Pipelines',
    summary: 'What the pipeline could not apply, in the order in which it came',
    params: pipelineParams,
    query: z.strictObject({
      limit: limit({ most: 200, otherwise: 50 }),
      after: z.coerce
        .number('must be an id')
        .int('must be an id')
        .min(0, 'must be an id')
        .max(Number.MAX_SAFE_INTEGER, 'must be an id')
        .default(0)
        .describe('`next` of the page before'),
      state: z.enum(['open', 'discarded', 'resolved', 'all']).default('open'),
      kind: z.enum(['event', 'root']).optional(),
      code: z.enum(errorCodes).optional(),
      source: text.optional().describe('v2 table, public.products'),
      root: text.optional().describe("key of the root's row in v2"),
    }),
    answer: z.object({
      quarantine: z.array(quarantinedSchema),
      next: z.string().nullable().describe('`after` of the next page; null on the last'),
    }),
    refuses: ['PIPELINE_UNKNOWN'],
    handle: async ({ params, query }) => {
      const rows = await readQuarantine(pool, { pipeline: known(params.name).name, ...query });
      // A full page may have another one behind it.
      const next = rows.length === query.limit ? (rows.at(-1)?.id ?? null) : null;
      return { quarantine: rows.map(quarantined), next };
    },
  });

  function described(pipeline: Pipeline, row: PipelineRow | undefined): object {
    const workflowId = pipelineWorkflowId(pipeline.name);
    return {
      name: pipeline.name,
      summary: pipeline.summary,
      mode: row?.mode ?? null,
      reason: row?.reason ?? '',
      by: row?.by ?? '',
      since: row?.since ?? null,
      until: row?.until ?? null,
      stop: row?.stop ?? null,
      lag: lagOf(pipeline.name),
      retention: retentionOf(pipeline.name),
      lastEventAt: row?.lastEventAt ?? null,
      lastDerivedAt: row?.lastDerivedAt ?? null,
      dirty: row?.dirty ?? 0,
      waiting: row?.waiting ?? 0,
      quarantined: row?.quarantined ?? 0,
      workflow: { id: workflowId, url: uiLink(workflowId) },
    };
  }
}

function quarantined(row: QuarantineRow): object {
  const { topic, partition, offset, key, payload, ...rest } = row;
  return {
    ...rest,
    position: topic === null ? null : { topic, partition, offset: Number(offset) },
    key: readable(key),
    payload: readable(payload),
  };
}

/** Text where the bytes are text; what is none must still be seen, so it is given as base64. */
function readable(buffer: Buffer | null): z.infer<typeof bytes> {
  if (buffer === null) return null;
  return isUtf8(buffer)
    ? { encoding: 'utf-8', data: buffer.toString('utf8') }
    : { encoding: 'base64', data: buffer.toString('base64') };
}
