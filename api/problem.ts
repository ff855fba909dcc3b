// Every failure of the API has one form: application/problem+json (RFC 9457) with our code and what to do.
import { z } from 'zod';
import { errorCode, errorCodes, MkondoError } from '../model/errors.ts';
import type { ErrorCode } from '../model/errors.ts';

export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  code: z.enum([...errorCodes, 'UNKNOWN']).describe('see docs/errors.md'),
  detail: z.string().describe('what happened, and why'),
  advice: z.string().describe('what to do'),
  instance: z.string().describe('the path that was asked for'),
});

export type Problem = z.infer<typeof problemSchema>;

const kinds: Readonly<Partial<Record<ErrorCode, { readonly status: number; readonly title: string }>>> = {
  OPERATION_REFUSED: { status: 409, title: 'The operation was refused' },
  ADOPTION_REFUSED: { status: 409, title: 'The adoption was refused' },
  ADOPTION_UNKNOWN: { status: 404, title: 'There is no such adoption' },
  REQUEST_INVALID: { status: 400, title: 'The request is not valid' },
  CHANGE_INVALID: { status: 422, title: 'The change is of no use' },
  EXPERIMENT_REFUSED: { status: 409, title: 'The experiment does not allow it' },
  EXPERIMENT_UNKNOWN: { status: 404, title: 'There is no such experiment' },
  TOKEN_REQUIRED: { status: 401, title: 'A token is needed' },
  ROLE_REQUIRED: { status: 403, title: 'Another role is needed' },
  PIPELINE_UNKNOWN: { status: 404, title: 'There is no such pipeline' },
  METHOD_UNKNOWN: { status: 405, title: 'That cannot be done here' },
  TABLE_UNKNOWN: { status: 404, title: 'There is no such table' },
  OPERATION_ENDED: { status: 409, title: 'It has ended already' },
  FIGURE_UNKNOWN: { status: 422, title: 'That names no figure of the report' },
  REPORT_UNKNOWN: { status: 404, title: 'There is no such report' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The id belongs to something else' },
  OPERATION_UNKNOWN: { status: 404, title: 'There is no such operation' },
  ROUTE_UNKNOWN: { status: 404, title: 'There is nothing here' },
  TEMPORAL_UNAVAILABLE: { status: 503, title: 'Temporal does not answer' },
  OUR_SCHEMA_BROKEN: { status: 503, title: 'Our schema in the v3 database is not whole' },
  V3_UNAVAILABLE: { status: 503, title: 'The v3 database does not answer' },
};

export function statusOfCode(code: ErrorCode): number {
  return kinds[code]?.status ?? 500;
}

export function titleOfCode(code: ErrorCode): string {
  return kinds[code]?.title ?? 'The request failed';
}

export function toProblem(error: unknown, instance: string): Problem {
  const code = errorCode(error);
  if (code !== undefined && error instanceof MkondoError) {
    const [status, title] = [statusOfCode(code), titleOfCode(code)];
    return { type: 'about:blank', title, status, code, detail: error.message, advice: error.advice, instance };
  }
  // Fastify's own refusals: a URL that cannot be read, a body that is no JSON, or too large.
  const status = statusOf(error);
  if (status < 500) {
    const detail = error instanceof Error ? error.message : String(error);
    const title = kinds.REQUEST_INVALID?.title ?? '';
    return {
      type: 'about:blank',
      title,
      status,
      code: 'REQUEST_INVALID',
      detail,
      advice: 'Correct the request; a body is a JSON object such as {"reason": "..."}.',
      instance,
    };
  }
  return {
    type: 'about:blank',
    title: 'The request failed for a reason that is not known',
    status: 500,
    code: 'UNKNOWN',
    detail: 'This is a bug: the log of the API has the error.',
    advice: 'Report it, with the log line.',
    instance,
  };
}

function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}
