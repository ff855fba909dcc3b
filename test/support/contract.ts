// Watches what an API answers: each answer is to be as its route's description, and so the OpenAPI document, says it is.
import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance } from 'fastify';
import { openApiOf } from '../../api/openapi.ts';
import { problemSchema } from '../../api/problem.ts';
import type { RouteDescription } from '../../api/route.ts';

export interface Contract {
  /** Answers that were not as described. */
  readonly faults: string[];
  /** '<method> <url> <status>' of every answer. */
  readonly seen: Set<string>;
  /** @throws Error with every answer that was not as described */
  readonly assertKept: () => void;
}

/** To be called before the first request. */
export function watchContract(app: FastifyInstance): Contract {
  const faults: string[] = [];
  const contract: Contract = {
    faults,
    seen: new Set(),
    assertKept() {
      if (faults.length > 0) throw new Error(`Not as the OpenAPI document says:\n${faults.join('\n')}`);
    },
  };
  app.addHook('onSend', async ({ method, url, routeOptions }, { statusCode }, payload) => {
    const description = routeOptions.config?.description;
    if (description === undefined) return;
    contract.seen.add(`${method} ${description.url} ${statusCode}`);
    const fault = typeof payload === 'string' ? faultOf(description, statusCode, payload) : 'it is no text';
    if (fault !== undefined) contract.faults.push(`${method} ${url} answered ${statusCode}: ${fault}`);
  });
  return contract;
}

function faultOf(description: RouteDescription, status: number, payload: string): string | undefined {
  const { answer } = description;
  const isDone = status === (description.status ?? 200);
  if (!isDone && !statusesOf(description).has(String(status))) return 'a status that the document lacks';
  if (isDone && 'media' in answer) return undefined;
  const schema = isDone && !('media' in answer) ? answer : problemSchema;
  const value: unknown = JSON.parse(payload);
  const result = schema.safeParse(value);
  if (!result.success)
    return result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return isDeepStrictEqual(result.data, value) ? undefined : 'it has fields that the document lacks';
}

function statusesOf(description: RouteDescription): ReadonlySet<string> {
  const [path] = Object.values(openApiOf([description], '').paths);
  const [operation] = Object.values(path ?? {}) as { readonly responses: Readonly<Record<string, object>> }[];
  return new Set(Object.keys(operation?.responses ?? {}));
}
