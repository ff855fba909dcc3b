// The REST API: what stands in our schema about every pipeline, why one does not get on, and operations through its
// workflow. Reading works while Temporal is away.
import type { Client } from '@temporalio/client';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Pool } from 'pg';
import packageJson from '../package.json' with { type: 'json' };
import { MkondoError } from '../model/errors.ts';
import type { Lag } from '../model/lag.ts';
import type { Logger } from '../model/log.ts';
import type { Metrics } from '../model/metrics.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { Retention } from '../model/retention.ts';
import { registerAdoptions } from './adoptions.ts';
import { registerDrift } from './drift.ts';
import type { EventFeed } from './event-feed.ts';
import { registerEvents } from './events.ts';
import { registerExplain } from './explain.ts';
import { registerFigures } from './figures.ts';
import { registerCharts } from './charts/route.ts';
import { readPipelines } from './control-schema.ts';
import { registerAudit } from './audit.ts';
import { registerAuth } from './auth.ts';
import type { Token } from './auth.ts';
import { experimentRoutes } from './experiments.ts';
import { openApiOf } from './openapi.ts';
import { registerOperations } from './operations.ts';
import { registerPages } from './pages.ts';
import { registerPipelines } from './pipelines.ts';
import { toProblem } from './problem.ts';
import type { RouteDescription } from './route.ts';
import { registerSource } from './source.ts';
import type { SourceHealth } from './source-watch.ts';
import { registerRunbooks } from './runbooks.ts';
import { registerVerification } from './verification.ts';

const VERSION = packageJson.version;

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
  readonly feed: Pick<EventFeed, 'subscribe'>;
  readonly sourceHealth: () => Promise<SourceHealth>;
  /** Debezium's last, ISO 8601; null when it is not known. */
  readonly heartbeatAt: () => string | null;
  /** Null: nobody is asked for one. */
  readonly tokens: readonly Token[] | null;
  /** Undefined: there are no charts. */
  readonly prometheusUrl?: string | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Told of every route, '<method> <path>'. */
  readonly onRoute?: (route: string) => void;
}

export function createApi(deps: ApiDeps): FastifyInstance {
  const { pool, client, taskQueue, uiLink, pipelines, metrics, log } = deps;
  const app = fastify({ logger: false, bodyLimit: 1024 * 1024, forceCloseConnections: true, frameworkErrors: refuse });

  /** '<method> <path>' of all, and those that are more than a refusal. */
  const routes: string[] = [];
  const descriptions: RouteDescription[] = [];
  function refuse(fault: unknown, request: FastifyRequest, reply: FastifyReply): void {
    // Also where Fastify finds fault with what such a request lacks.
    const methods = fault instanceof MkondoError ? [] : methodsOf(request.url, descriptions);
    const error = methods.length === 0 || methods.includes(request.method) ? fault : unknownMethod(request, methods);
    if (error !== fault) void reply.header('allow', methods.join(', '));
    const problem = toProblem(error, request.url);
    metrics.countError(error);
    request.refusal = problem.code;
    if (problem.status >= 500) log.error({ err: error, url: request.url }, problem.detail);
    if (problem.status === 503) void reply.header('retry-after', '5');
    void reply.code(problem.status).type('application/problem+json').send(problem);
  }
  app.setErrorHandler(refuse);
  registerAuth(app, deps.tokens);
  app.addHook('onRoute', ({ method, path }) => {
    if (method !== 'HEAD') routes.push(`${String(method)} ${path}`);
    deps.onRoute?.(`${String(method)} ${path}`);
  });
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsOf(request.url, descriptions);
    if (methods.length > 0) return refuse(new Error('another method'), request, reply);
    return refuse(
      new MkondoError('ROUTE_UNKNOWN', `The API has no ${request.method} ${request.url}.`, {
        advice: `It has: ${routes.join(', ')}.`,
      }),
      request,
      reply,
    );
  });
  app.addHook('onResponse', async (request, reply) => {
    metrics.requests.inc({
      route: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
      status: String(reply.statusCode),
    });
  });

  app.addHook('onRoute', ({ method, config }) => {
    if (config?.description !== undefined && method !== 'HEAD') descriptions.push(config.description);
  });

  registerAudit(app, { pool, log });
  registerPages(app, {
    metrics,
    isHealthy: () => readPipelines(pool),
    document: () => openApiOf(descriptions, VERSION),
  });
  registerCharts(app, { prometheusUrl: deps.prometheusUrl, log });
  registerRunbooks(app);
  registerPipelines(app, { ...deps, known });
  experimentRoutes(app, deps);
  registerVerification(app, { pool, client, taskQueue, uiLink, pipelines, known, metrics });
  registerDrift(app, { pool, known, metrics });
  registerSource(app, deps);
  registerEvents(app, { pool, feed: deps.feed, known });
  registerExplain(app, deps);
  registerFigures(app, deps);
  registerOperations(app, { pool, client, taskQueue, known });
  registerAdoptions(app, { pool, known });

  function known(name: string): Pipeline {
    const pipeline = pipelines.find((each) => each.name === name);
    if (pipeline !== undefined) return pipeline;
    throw new MkondoError('PIPELINE_UNKNOWN', `There is no pipeline '${name}'.`, {
      advice: `There are: ${pipelines.map((each) => each.name).join(', ')}.`,
    });
  }

  return app;
}

function unknownMethod({ method, url }: FastifyRequest, methods: readonly string[]): MkondoError {
  return new MkondoError('METHOD_UNKNOWN', `The API does not ${method} ${url}.`, {
    advice: `It can be asked by ${methods.join(', ')}.`,
  });
}

/** The methods by which a path is served. */
function methodsOf(url: string, routes: readonly RouteDescription[]): readonly string[] {
  const [path = ''] = url.split('?');
  return routes
    .filter((route) => new RegExp(`^${route.url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}/?$`).test(path))
    .map(({ method }) => method);
}
