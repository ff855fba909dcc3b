// A route of the API, with what it takes, gives and may refuse: requests are judged by it, and the OpenAPI document
// (openapi.ts) is made of it, so that the two cannot differ.
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { MkondoError } from '../model/errors.ts';
import type { ErrorCode } from '../model/errors.ts';
import { notBlank } from '../model/text.ts';
import type { Actor, Role } from './auth.ts';

export interface RouteDescription {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As Fastify writes it: /pipelines/:name. */
  readonly url: string;
  readonly tag:
    | 'Pipelines'
    | 'Source'
    | 'Events'
    | 'Operations'
    | 'Verification'
    | 'Experiments'
    | 'Adoptions'
    | 'Explain'
    | 'The API itself';
  readonly summary: string;
  /** Least role; by default a viewer's for GET, an operator's for all else. */
  readonly role?: Role | 'anybody';
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly headers?: z.ZodType;
  readonly body?: z.ZodType;
  /** False where the handler judges the body itself, by more than a schema can say. */
  readonly judgesBody?: false;
  /** JSON, or a text of that media type. */
  readonly answer: z.ZodType | { readonly media: string };
  /** 200 unless it is given. */
  readonly status?: 200 | 202;
  /** Beyond what any route may refuse with. */
  readonly refuses?: readonly ErrorCode[];
}

type Given<Schema> = Schema extends z.ZodType<infer T> ? T : undefined;

export interface Asked<Params, Query, Body, Headers> {
  readonly params: Given<Params>;
  readonly query: Given<Query>;
  readonly body: Given<Body>;
  readonly headers: Given<Headers>;
  readonly actor: Actor | null;
  readonly reply: FastifyReply;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent only from routes that say no more than that there is nothing. */
    readonly description?: RouteDescription;
  }
}

export function addRoute<
  Params extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
  Headers extends z.ZodType | undefined = undefined,
>(
  app: FastifyInstance,
  route: Omit<RouteDescription, 'params' | 'query' | 'body' | 'headers'> & {
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
    readonly headers?: Headers;
    readonly handle: (asked: Asked<Params, Query, Body, Headers>) => unknown;
  },
): void {
  const { handle, ...description } = route;
  const { method, url, params, query, headers, body, judgesBody = true, status = 200, role } = description;
  app.route({
    method,
    url,
    config: { description: description as RouteDescription, ...(role === undefined ? {} : { role }) },
    async handler(request, reply) {
      const asked = {
        // The path first: where there is no such thing, the rest does not matter.
        params: judge(params, request.params, 'path'),
        query: judge(query ?? noQuery, request.query, 'query'),
        headers: judge(headers, request.headers, 'header'),
        body: judgesBody ? judge(body, request.body === undefined ? {} : request.body, 'body') : request.body,
        actor: request.actor,
        reply,
      };
      const answer = await handle(asked as Asked<Params, Query, Body, Headers>);
      return reply.sent ? reply : reply.code(status).send(answer);
    },
  });
}

/** A query that nobody reads would be obeyed by nobody. */
const noQuery = z.strictObject({});

/** @throws MkondoError REQUEST_INVALID, with every fault at once */
function judge(schema: z.ZodType | undefined, given: unknown, where: 'path' | 'query' | 'header' | 'body'): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new MkondoError('REQUEST_INVALID', `The ${where} is not valid: ${faults.join('; ')}.`, {
    advice: `Correct the ${where} and send it again; GET /openapi.json says how it is written.`,
  });
}

/** Who holds a token is who asks, whatever the body says. */
export function byActor<T extends object>(asked: T, actor: Actor | null): T {
  return actor === null ? asked : { ...asked, by: actor.name };
}

export const pipelineParams = z.object({ name: z.string().describe('name of the pipeline') });
export const by = notBlank.default('operator').describe('who asks; with a token, its holder');
export const reason = notBlank.describe('why: whoever finds it like this tomorrow wants to know');
export const time = z.iso.datetime();
export const workflowLink = z.object({
  id: z.string(),
  url: z.string().nullable().describe('in the Temporal UI; null where none is configured'),
});

/** How many at most. */
export const limit = ({ most, otherwise }: { readonly most: number; readonly otherwise: number }): z.ZodType<number> =>
  z.coerce
    .number('must be a whole number')
    .int('must be a whole number')
    .min(1, 'must be 1 or more')
    .max(most, `must be at most ${most}`)
    .default(otherwise);
