// The REST API as the command line uses it: what it reads of the answers, and what its refusals mean for the shell.
import { z } from 'zod';
import { CommandError, exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

// Loose: an API that says more is no fault.
export const pipelineSchema = z.looseObject({
  name: z.string(),
  mode: z.string().nullable(),
  reason: z.string(),
  by: z.string(),
  since: z.string().nullable(),
  until: z.string().nullish(),
  stop: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  lag: z.looseObject({ events: z.number(), seconds: z.number() }).nullable(),
  retention: z.looseObject({ until: z.string(), topic: z.string() }).nullish(),
  lastEventAt: z.string().nullable(),
  dirty: z.number(),
  waiting: z.number(),
  quarantined: z.number(),
});
export type PipelineView = z.infer<typeof pipelineSchema>;

export const operationSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  reason: z.string(),
  by: z.string(),
  answer: z.string(),
  progress: z.looseObject({ step: z.string(), done: z.number(), total: z.number() }).nullish(),
  requestedAt: z.string(),
});
export type OperationView = z.infer<typeof operationSchema>;

export const wholePipelineSchema = pipelineSchema.extend({
  summary: z.string(),
  failure: z.looseObject({ code: z.string(), message: z.string(), advice: z.string().nullish() }).nullish(),
  positions: z.record(z.string(), z.number()),
  operations: z.array(operationSchema),
  workflow: z.looseObject({ id: z.string(), url: z.string().nullable() }),
});
export type WholePipelineView = z.infer<typeof wholePipelineSchema>;

const problemSchema = z.looseObject({ code: z.string(), detail: z.string(), advice: z.string() });

export interface Api {
  readonly url: string;
  get<T>(path: string, schema: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: unknown, schema: z.ZodType<T>): Promise<T>;
  /** Server-sent events, until the API or the signal ends them. */
  follow(
    path: string,
    options: { readonly lastEventId: string | null; readonly signal: AbortSignal },
  ): AsyncGenerator<SentEvent>;
}

export interface SentEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Longer than the API gives a workflow to answer. */
const ANSWER_MS = 40_000;

export function connectApi({ url, token }: { readonly url: string; readonly token: string | undefined }): Api {
  async function request<T>(path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch((cause: unknown) => {
      throw new CommandError(
        exitCodes.unavailable,
        `The API at ${url} does not answer (${reasonOf(cause)}). Is it running?`,
      );
    });
    const text = await response.text();
    const given = parseJson(text);
    if (!response.ok) throw refusalOf(response.status, given ?? text);
    const result = schema.safeParse(given);
    if (result.success) return result.data;
    throw new CommandError(
      exitCodes.unavailable,
      `What answers at ${url}${path} is not the API of this version: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`,
    );
  }
  async function* follow(
    path: string,
    { lastEventId, signal }: { readonly lastEventId: string | null; readonly signal: AbortSignal },
  ): AsyncGenerator<SentEvent> {
    try {
      const response = await fetch(`${url}${path}`, {
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
        },
        signal,
      });
      if (!response.ok) throw refusalOf(response.status, parseJson(await response.text()));
      let text = '';
      for await (const chunk of (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(
        new TextDecoderStream(),
      )) {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const event = sentEvent(text.slice(0, end));
          text = text.slice(end + 2);
          if (event !== null) yield event;
        }
      }
    } catch (cause) {
      if (signal.aborted) return;
      if (cause instanceof CommandError) throw cause;
      throw new CommandError(
        exitCodes.unavailable,
        `The API at ${url} does not answer (${reasonOf(cause)}). Is it running?`,
      );
    }
  }
  return {
    url,
    follow,
    get: (path, schema) => request(path, schema),
    post: (path, body, schema) => request(path, schema, body),
  };
}

/** Null for comments, and for what only says when to come back. Pure. */
export function sentEvent(block: string): SentEvent | null {
  const fields = new Map(
    block.split('\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    }),
  );
  const event = fields.get('event');
  const data = parseJson(fields.get('data') ?? '');
  if (event === undefined || typeof data !== 'object' || data === null) return null;
  return { id: fields.get('id') ?? null, event, data: data as SentEvent['data'] };
}

/** What a refusal of the API means for whoever asked. */
export function refusalOf(status: number, body: unknown): CommandError {
  const exits: Readonly<Record<number, ExitCode>> = {
    400: exitCodes.usage,
    404: exitCodes.usage,
    422: exitCodes.usage,
    401: exitCodes.forbidden,
    403: exitCodes.forbidden,
    409: exitCodes.refused,
  };
  const problem = problemSchema.safeParse(body);
  const exitCode = exits[status] ?? exitCodes.unavailable;
  if (!problem.success) return new CommandError(exitCode, `The API answered ${status}: ${String(body).slice(0, 300)}`);
  const { code, detail, advice } = problem.data;
  return new CommandError(exitCode, `${detail}\n${advice} (${code})`, problem.data);
}

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) return String(inner);
  return 'code' in inner && inner.message === '' ? String(inner.code) : inner.message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
