// What operators have pipelines do, over REST: each operation through the pipeline's workflow, and how it goes on.
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { MkondoError } from '../model/errors.ts';
import type { OperationName } from '../activities/contract.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { cancelled, operationNames } from '../workflows/messages.ts';
import type { Cancellation } from '../workflows/messages.ts';
import { query, readOperation, readOperations } from './control-schema.ts';
import { operate, unreachable } from './operate.ts';
import { addRoute, by, byActor, limit, pipelineParams, reason, time } from './route.ts';
import { notBlank, text } from '../model/text.ts';

const CANCEL_DEADLINE_MS = 5_000;

export const operationSchema = z.object({
  id: z.string(),
  pipeline: z.string(),
  name: z.enum([...operationNames, 'adopt', 'letGo']),
  reason: z.string(),
  by: z.string(),
  via: z.string().describe('update, signal, ...: how it was asked for'),
  state: z.enum(['running', 'done', 'failed', 'refused', 'cancelled']),
  answer: z.string(),
  progress: z.unknown().describe('of one that takes a while: how far it is'),
  requestedAt: time,
  finishedAt: time.nullable(),
});

const common = {
  reason: notBlank.describe('why: whoever finds the pipeline like this tomorrow wants to know'),
  by: notBlank.optional().describe('who asks; with a token, its holder'),
  id: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'may hold letters, digits and . : _ - only, at most 100 of them')
    .optional()
    .describe('chosen by the caller: asked twice, it is done once. Or the header Idempotency-Key'),
};
const position = z.strictObject({ topic: z.string().min(1), partition: z.int().min(0), offset: z.int().min(0) });

const named = <T extends z.ZodType>(each: T): z.ZodOptional<z.ZodArray<T>> => z.array(each).min(1).max(100).optional();
const filter = {
  ids: named(z.union([z.int().min(0).max(999_999_999_999_999), z.string().regex(/^\d{1,15}$/)])),
  roots: named(text.max(500)),
  kind: z.enum(['event', 'root']).optional(),
  code: notBlank.optional(),
  source: notBlank.optional().describe('v2 table, public.products'),
};
const only = z
  .union([
    z.literal('everything'),
    // An empty one would be taken for everything.
    z
      .strictObject(filter)
      .refine((given) => Object.keys(given).length > 0)
      .meta({ minProperties: 1 }),
  ])
  .describe('which entries of the quarantine: those for which all of it holds');

/**
 * For the document: the judge of all ways in (REST, Temporal UI and CLI) is workflows/parse-request.ts, which says in words how
 * an operation is asked for, and looks more closely.
 */
function bodyOf(name: OperationName): z.ZodType {
  if (name === 'replay')
    return z.strictObject({
      ...common,
      from: z.union([time, z.strictObject({ time }), position]).describe('a time, or a position of a topic'),
    });
  const aReason = notBlank.describe('a reason, and nothing else');
  if (name === 'retryQuarantined') return z.union([aReason, z.strictObject({ ...common, only: only.optional() })]);
  if (name === 'discard') return z.strictObject({ ...common, only });
  if (name === 'cancel')
    return z.union([
      aReason,
      z.strictObject({
        ...common,
        operation: common.id.describe(
          'only if it is the one with this id; whichever is under way where it is left out',
        ),
      }),
    ]);
  if (name !== 'pause') return z.union([aReason, z.strictObject(common)]);
  const lasting = z
    .string()
    .regex(/^([1-9]\d{0,6} ?s|[1-9]\d{0,4} ?m|[1-9]\d{0,2} ?h|[1-9]\d? ?d|[1-9] ?w)$/)
    .describe('"45m", "8h", "3d"; then it resumes by itself. What is longer is better said by "until"');
  return z.union([
    aReason,
    z.strictObject({ ...common, for: lasting.optional() }),
    z.strictObject({ ...common, until: time.describe('it resumes by itself then') }),
  ]);
}

const answerSchema = z.object({
  answer: z.string().describe('what happened and what follows, in a sentence or two'),
  operation: z.object({
    id: z.string(),
    name: z.enum(operationNames),
    workflowId: z.string().nullable().describe('the child workflow that does it; null where it is done already'),
  }),
  status: z.record(z.string(), z.unknown()).describe("the pipeline's status as its workflow has it"),
});

const summaries: Readonly<Record<(typeof operationNames)[number], string>> = {
  pause: 'Changes go on landing, v3 stands still',
  resume: 'Brings v3 up to date after a pause or a stop',
  reset: "Deletes the pipeline's rows in v3, and derives all again",
  reprocess: 'Derives all again, and writes what differs',
  replay: 'Lands again from a Kafka position or time',
  retryQuarantined: 'Tries again what stands in quarantine',
  mend: 'Derives again the roots of which the last verification found rows that differ',
  discard: 'Gives up what stands in quarantine: kept with who and why, no longer counted',
  cancel: 'Ends the long operation that is under way, at its next step',
};

interface OperationsApiDeps {
  readonly pool: Pool;
  readonly client: Client;
  readonly taskQueue: string;
  /** @throws MkondoError PIPELINE_UNKNOWN */
  readonly known: (name: string) => Pipeline;
}

export function registerOperations(app: FastifyInstance, { pool, client, taskQueue, known }: OperationsApiDeps): void {
  addRoute(app, {
    method: 'GET',
    url: '/pipelines/:name/operations',
    tag: 'Operations',
    summary: "The pipeline's operations, newest first",
    params: pipelineParams,
    query: z.strictObject({ limit: limit({ most: 50, otherwise: 50 }) }),
    answer: z.object({ operations: z.array(operationSchema) }),
    refuses: ['PIPELINE_UNKNOWN'],
    handle: async ({ params, query }) => ({
      operations: await readOperations(pool, { pipeline: known(params.name).name, limit: query.limit }),
    }),
  });

  addRoute(app, {
    method: 'GET',
    url: '/operations/:id',
    tag: 'Operations',
    summary: 'One operation: who asked for it and why, how far it is, what came of it',
    params: z.object({ id: text.describe('id of the operation') }),
    answer: operationSchema,
    refuses: ['OPERATION_UNKNOWN'],
    handle: async ({ params }) => {
      const operation = await readOperation(pool, params.id);
      if (operation !== undefined) return operation;
      throw unknownOperation(params.id);
    },
  });

  addRoute(app, {
    method: 'POST',
    url: '/operations/:id/cancel',
    tag: 'Operations',
    summary: 'Ends an operation, or a verification, at its next step; what it has begun is left whole',
    params: z.object({ id: text.describe('id of the operation, or of the verification') }),
    body: z.strictObject({ reason, by }),
    answer: z.object({ answer: z.string().describe('what follows, and what is left behind') }),
    status: 202,
    refuses: ['OPERATION_UNKNOWN', 'OPERATION_ENDED', 'OPERATION_REFUSED', 'TEMPORAL_UNAVAILABLE'],
    handle: async ({ params, body, actor }) => {
      const asked = byActor(body, actor);
      const operation = await readOperation(pool, params.id);
      if (operation === undefined) return { answer: await cancelVerification({ pool, client }, params.id, asked) };
      if (operation.state !== 'running') throw ended(`${operation.name} of ${operation.pipeline}`, operation);
      const { answer } = await operate({
        client,
        taskQueue,
        pipeline: operation.pipeline,
        name: 'cancel',
        body: { ...asked, operation: operation.id },
      });
      return { answer };
    },
  });

  for (const name of operationNames) {
    addRoute(app, {
      method: 'POST',
      url: `/pipelines/:name/${name}`,
      tag: 'Operations',
      summary: summaries[name],
      params: pipelineParams,
      headers: z.object({
        'idempotency-key': z
          .string()
          .regex(/^[\w.:-]{1,100}$/, 'may hold letters, digits and . : _ - only, at most 100 of them')
          .optional()
          .describe('the id of the operation: asked twice with the same key, it is done once'),
      }),
      body: bodyOf(name),
      judgesBody: false,
      answer: answerSchema,
      refuses: ['PIPELINE_UNKNOWN', 'OPERATION_REFUSED', 'IDEMPOTENCY_KEY_REUSED', 'TEMPORAL_UNAVAILABLE'],
      handle: async ({ params, headers, body, actor }) => {
        const pipeline = known(params.name).name;
        const asked = fieldsOf(body);
        const key = headers['idempotency-key'];
        const input = isObject(asked) ? filled(asked, { by: actor?.name, id: key }) : asked;
        if (isObject(asked) && isObject(input) && typeof input.id === 'string')
          await assertSame(pool, { id: input.id, pipeline, name, reason: asked.reason });
        return operate({ client, taskQueue, pipeline, name, body: input });
      },
    });
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
}

function unknownOperation(id: string): MkondoError {
  return new MkondoError('OPERATION_UNKNOWN', `There is no operation '${id}'.`, {
    advice: 'GET /pipelines/{name}/operations lists them; GET /verification has those that look.',
  });
}

function ended(what: string, { state, answer }: { readonly state: string; readonly answer: string }): MkondoError {
  return new MkondoError('OPERATION_ENDED', `${what} has ended already: ${state}. ${answer}`.trim(), {
    advice: 'Nothing is to be done; GET it to see what came of it.',
  });
}

/** A verification has no pipeline that answers for it: its own workflow is told. */
async function cancelVerification(
  { pool, client }: Pick<OperationsApiDeps, 'pool' | 'client'>,
  id: string,
  asked: Cancellation,
): Promise<string> {
  const [found] = await query<{ state: string; against: string }>(
    pool,
    'SELECT state, against FROM cdc.verifications WHERE id = $1',
    [id],
  );
  if (found === undefined) throw unknownOperation(id);
  if (found.state !== 'running') throw ended(`The verification against ${found.against}`, { ...found, answer: '' });
  // Of all pipelines in turn each has an id of its own, below its run's.
  const [run = ''] = id.split('/');
  try {
    return await client.withDeadline(Date.now() + CANCEL_DEADLINE_MS, async () => {
      for await (const { workflowId } of client.workflow.list({
        query: `RunId = "${run.replaceAll(/[^\w-]/g, '')}"`,
      })) {
        await client.workflow.getHandle(workflowId, run).signal(cancelled, asked);
        return 'It ends at its next step. What an earlier one has found stays as it is.';
      }
      throw ended(`The verification against ${found.against}`, { state: 'its workflow is not there', answer: '' });
    });
  } catch (error) {
    if (error instanceof MkondoError) throw error;
    throw error instanceof WorkflowNotFoundError
      ? ended(`The verification against ${found.against}`, { state: 'its workflow is over', answer: '' })
      : unreachable(error);
  }
}

interface Fields {
  readonly reason?: unknown;
  readonly id?: unknown;
  readonly [field: string]: unknown;
}

/** A text is a reason; what is neither text nor object is left to the judge. */
function fieldsOf(body: unknown): unknown {
  return typeof body === 'string' ? { reason: body } : body;
}

/** What the token and the header say goes before what the body says; what is not valid there is left to the judge. */
function filled(asked: Fields, said: Readonly<Record<'by' | 'id', string | undefined>>): Fields {
  const fields: Record<string, unknown> = { ...asked };
  for (const field of ['by', 'id'] as const)
    if (said[field] !== undefined && common[field].safeParse(fields[field]).success) fields[field] = said[field];
  return fields;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same id for something else would get the answer of what it was first used for. */
async function assertSame(
  pool: Pool,
  asked: { readonly id: string; readonly pipeline: string; readonly name: string; readonly reason: unknown },
): Promise<void> {
  const before = await readOperation(pool, asked.id);
  if (before === undefined) return;
  const isSame =
    before.pipeline === asked.pipeline &&
    before.name === asked.name &&
    before.reason === (typeof asked.reason === 'string' ? asked.reason.trim() : asked.reason);
  if (isSame) return;
  throw new MkondoError(
    'IDEMPOTENCY_KEY_REUSED',
    `The id ${asked.id} belongs to another operation: ${before.name} of ${before.pipeline} (${before.reason}).`,
    { advice: 'Take another id, or send the first request again as it was.' },
  );
}
