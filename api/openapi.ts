// The OpenAPI 3.1 document of the API, made of its routes. Pure.
import { z } from 'zod';
import type { ErrorCode } from '../model/errors.ts';
import { problemSchema, statusOfCode, titleOfCode } from './problem.ts';
import type { RouteDescription } from './route.ts';

export interface Document {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly [more: string]: unknown;
}

/** What any route may refuse with that asks for a token, and what any may that reads. */
const ANYWHERE: readonly ErrorCode[] = ['V3_UNAVAILABLE', 'OUR_SCHEMA_BROKEN'];
const WITH_TOKEN: readonly ErrorCode[] = ['TOKEN_REQUIRED', 'ROLE_REQUIRED'];

export function openApiOf(routes: readonly RouteDescription[], version: string): Document {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mkondo',
      version,
      description:
        'What stands in v3, how far it is behind v2, what could not be applied and why; and what operators have pipelines do. Every refusal is application/problem+json, with a code of docs/errors.md.',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token with a role: viewer, operator or admin.' },
      },
      schemas: { Problem: schemaOf(problemSchema, 'output') },
    },
  };
}

function operationOf(route: RouteDescription): object {
  const { method, url, tag, summary, role, params, query, headers, body, answer, status = 200 } = route;
  return {
    operationId: [method.toLowerCase(), ...url.split(/[/:]/).filter((word) => word !== '')].join('-'),
    tags: [tag],
    summary,
    description: `For ${role === 'anybody' ? 'anybody, without a token' : `${role ?? (method === 'GET' ? 'viewer' : 'operator')}s`}.`,
    ...(role === 'anybody' ? { security: [] } : {}),
    parameters: [...parametersOf(params, 'path'), ...parametersOf(query, 'query'), ...parametersOf(headers, 'header')],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse({}).success,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      [status]: {
        description: 'The answer.',
        content:
          'media' in answer
            ? { [answer.media]: { schema: { type: 'string' } } }
            : { 'application/json': { schema: schemaOf(answer, 'output') } },
      },
      ...refusalsOf(route),
    },
  };
}

function parametersOf(schema: z.ZodType | undefined, where: 'path' | 'query' | 'header'): readonly object[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...value }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: value,
  }));
}

/** Refusals by status: several codes may share one. */
function refusalsOf({ role, refuses = [] }: RouteDescription): Readonly<Record<string, object>> {
  const codes = new Map<number, ErrorCode[]>();
  const all: readonly ErrorCode[] = [
    'REQUEST_INVALID',
    ...(role === 'anybody' ? [] : WITH_TOKEN),
    ...refuses,
    ...ANYWHERE,
  ];
  for (const code of new Set(all)) codes.set(statusOfCode(code), [...(codes.get(statusOfCode(code)) ?? []), code]);
  return Object.fromEntries(
    Array.from(codes, ([status, list]) => [
      String(status),
      {
        description: list.map((code) => `${code}: ${titleOfCode(code)}.`).join(' '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
  });
  return rest;
}
