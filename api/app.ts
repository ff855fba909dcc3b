// The REST API: what stands in our schema about every pipeline, why one does not get on, and operations through its
// workflow. Reading works while Temporal is away.
import type { Client } from '@temporalio/client';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Pool } from 'pg';
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { MkondoError } from '../model/errors.ts';
import type { Lag } from '../model/lag.ts';
import type { Logger } from '../model/log.ts';
import type { Metrics } from '../model/metrics.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { Retention } from '../model/retention.ts';
import { operationNames, pipelineWorkflowId } from '../workflows/messages.ts';
import { registerAdoptions } from './adoptions.ts';
import { readApplyFailure } from './apply-failure.ts';
import { registerExplain } from './explain.ts';
import { readOperations, readPipelines, readQuarantine } from './control-schema.ts';
import type { PipelineRow, QuarantineRow } from './control-schema.ts';
import { registerAudit } from './audit.ts';
import { registerAuth } from './auth.ts';
import type { Actor, Token } from './auth.ts';
import { experimentRoutes } from './experiments.ts';
import { operate } from './operate.ts';
import { toProblem } from './problem.ts';
import { registerVerification } from './verification.ts';

export interface ApiDeps {
  readonly pool: Pool;
  readonly client: Client;
  readonly taskQueue: string;
  /** Of a workflow in the Temporal UI; null where no UI is configured. */
  readonly uiLink: (workflowId: string, runId?: string) => string | null;
  /** Of the topics. */
  readonly topicPrefix: string;
  readonly pipelines: readonly Pipeline[];
  readonly lagOf: (pipeline: string) => Lag | null;
  readonly retentionOf: (pipeline: string) => Retention | null;
  /** Null: nobody is asked for one. */
  readonly tokens: readonly Token[] | null;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const MOST_OPERATIONS = 50;

export function createApi(deps: ApiDeps): FastifyInstance {
  const { pool, client, taskQueue, uiLink, pipelines, lagOf, retentionOf, metrics, log } = deps;
  const app = fastify({ logger: false, bodyLimit: 64 * 1024, forceCloseConnections: true, frameworkErrors: refuse });

  function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = toProblem(error, request.url);
    metrics.countError(error);
    request.refusal = problem.code;
    if (problem.status >= 500) log.error({ err: error, url: request.url }, problem.detail);
    if (problem.status === 503) void reply.header('retry-after', '5');
    void reply.code(problem.status).type('application/problem+json').send(problem);
  }
  app.setErrorHandler(refuse);
  registerAuth(app, deps.tokens);
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, path }) => {
    if (method !== 'HEAD') routes.push(`${String(method)} ${path}`);
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(
      new MkondoError('ROUTE_UNKNOWN', `The API has no ${request.method} ${request.url}.`, {
        advice: `It has: ${routes.join(', ')}.`,
      }),
      request,
      reply,
    ),
  );
  app.addHook('onResponse', async (request, reply) => {
    metrics.requests.inc({
      route: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
      status: String(reply.statusCode),
    });
  });

  registerAudit(app, { pool, log, parse: parseQuery });

  app.get('/healthz', { config: { role: 'anybody' } }, async () => {
    await readPipelines(pool);
    return { healthy: true };
  });

  app.get('/metrics', { config: { role: 'anybody' } }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  app.get('/pipelines', async () => {
    const rows = new Map((await readPipelines(pool)).map((row) => [row.name, row]));
    return { pipelines: pipelines.map((pipeline) => described(pipeline, rows.get(pipeline.name))) };
  });

  app.get<{ Params: { name: string } }>('/pipelines/:name', async ({ params }) => {
    const pipeline = known(params.name);
    const [rows, operations, failure] = await Promise.all([
      readPipelines(pool),
      readOperations(pool, { pipeline: pipeline.name, limit: 10 }),
      readApplyFailure(client, pipeline.name),
    ]);
    const row = rows.find(({ name }) => name === pipeline.name);
    return { ...described(pipeline, row), failure, positions: row?.positions ?? {}, operations };
  });

  app.get<{ Params: { name: string } }>('/pipelines/:name/operations', async ({ params, query }) => {
    const { limit } = parseQuery(
      z.strictObject({
        limit: count.max(MOST_OPERATIONS, `must be at most ${MOST_OPERATIONS}`).default(MOST_OPERATIONS),
      }),
      query,
    );
    return { operations: await readOperations(pool, { pipeline: known(params.name).name, limit }) };
  });

  app.get<{ Params: { name: string } }>('/pipelines/:name/quarantine', async ({ params, query }) => {
    const page = parseQuery(quarantinePage, query);
    const rows = await readQuarantine(pool, { pipeline: known(params.name).name, ...page });
    // A full page may have another one behind it.
    const next = rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null;
    return { quarantine: rows.map(quarantined), next };
  });

  experimentRoutes(app, { ...deps, parse: parseQuery });
  registerVerification(app, { pool, client, taskQueue, uiLink, pipelines, known, metrics });
  registerExplain(app, deps);

  for (const name of operationNames) {
    app.post<{ Params: { name: string } }>(`/pipelines/:name/${name}`, async ({ params, body, actor }) =>
      operate({ client, taskQueue, pipeline: known(params.name).name, name, body: byActor(body, actor) }),
    );
  }
  app.post<{ Params: { name: string; operation: string } }>(
    '/pipelines/:name/:operation',
    // Before the body is looked at: whatever it is, the name is what is wrong.
    {
      onRequest: async ({ params }) => {
        const pipeline = known(params.name);
        throw new MkondoError('OPERATION_UNKNOWN', `${pipeline.name} has no operation '${params.operation}'.`, {
          advice: `There are: ${operationNames.join(', ')}, verify.`,
        });
      },
    },
    () => undefined,
  );

  registerAdoptions(app, { pool, known });

  function described(pipeline: Pipeline, row: PipelineRow | undefined): object {
    const workflowId = pipelineWorkflowId(pipeline.name);
    const lag = lagOf(pipeline.name);
    return {
      name: pipeline.name,
      summary: pipeline.summary,
      // Null until a worker has seen the pipeline for the first time.
      mode: row?.mode ?? null,
      reason: row?.reason ?? '',
      by: row?.by ?? '',
      since: row?.since ?? null,
      until: row?.until ?? null,
      stop: row?.stop ?? null,
      lag,
      // Until when Kafka keeps what is not landed; null where it keeps it for ever, or does not answer.
      retention: retentionOf(pipeline.name),
      lastEventAt: row?.lastEventAt ?? null,
      lastDerivedAt: row?.lastDerivedAt ?? null,
      dirty: row?.dirty ?? 0,
      waiting: row?.waiting ?? 0,
      quarantined: row?.quarantined ?? 0,
      workflow: { id: workflowId, url: uiLink(workflowId) },
    };
  }

  function known(name: string): Pipeline {
    const pipeline = pipelines.find((each) => each.name === name);
    if (pipeline !== undefined) return pipeline;
    throw new MkondoError('PIPELINE_UNKNOWN', `There is no pipeline '${name}'.`, {
      advice: `There are: ${pipelines.map((each) => each.name).join(', ')}.`,
    });
  }

  return app;
}

const count = z.coerce.number('must be a whole number').int('must be a whole number').min(1, 'must be 1 or more');
const quarantinePage = z.strictObject({
  limit: count.max(200, 'must be at most 200').default(50),
  after: z.coerce.number('must be an id').int('must be an id').min(0, 'must be an id').default(0),
  state: z.enum(['open', 'resolved', 'all']).default('open'),
});

/** Who holds a token is who asks, whatever the body says. */
function byActor(body: unknown, actor: Actor | null): unknown {
  if (actor === null) return body;
  if (typeof body === 'string') return { reason: body, by: actor.name };
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body, by: actor.name } : body;
}

function parseQuery<T>(schema: z.ZodType<T>, query: unknown): T {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new MkondoError('REQUEST_INVALID', `The query is not valid: ${faults.join('; ')}.`, {
    advice: 'Correct the query and send it again.',
  });
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
function readable(bytes: Buffer | null): { readonly encoding: 'utf-8' | 'base64'; readonly data: string } | null {
  if (bytes === null) return null;
  return isUtf8(bytes)
    ? { encoding: 'utf-8', data: bytes.toString('utf8') }
    : { encoding: 'base64', data: bytes.toString('base64') };
}
