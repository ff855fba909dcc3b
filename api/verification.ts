// Verification over REST: what was found last, how it was found, and looking again. What it found is mended by the operation
// `mend`, as any other operation of a pipeline.
import type { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Metrics } from '../model/metrics.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { VerificationRequest } from '../verification/contract.ts';
import { verificationWorkflow, verificationWorkflowId } from '../workflows/messages.ts';
import type { verification } from '../workflows/verification.ts';
import { query } from './control-schema.ts';
import { unreachable } from './operate.ts';
import { addRoute, limit, pipelineParams, workflowLink } from './route.ts';

export interface VerificationApiDeps {
  readonly pool: Pool;
  readonly client: Client;
  readonly taskQueue: string;
  readonly uiLink: (workflowId: string) => string | null;
  readonly pipelines: readonly Pipeline[];
  /** @throws MkondoError PIPELINE_UNKNOWN */
  readonly known: (name: string) => Pipeline;
  readonly metrics: Metrics;
}

const against = z.enum(['landing', 'v2', 'reports']);

/** One verification, as it stands in our schema. */
const verificationSchema = z.object({
  id: z.string(),
  /** Null: the reports. */
  pipeline: z.string().nullable(),
  against,
  state: z.enum(['running', 'done', 'failed']),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  differences: z.number().int().nullable().describe('how many; null until it is done'),
  result: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('answer, ranges, rows, positions, load and samples; code and message of one that failed'),
});

const differenceSchema = z.object({
  kind: z.enum(['missing', 'extra', 'different', 'refused']),
  table: z.string(),
  key: z.string(),
  root: z.string(),
  columns: z.array(z.object({ column: z.string(), expected: z.string().nullable(), actual: z.string().nullable() })),
  cause: z.enum(['v3', 'landing', 'transformation', 'unowned']),
});

const verificationsSchema = z.object({ verifications: z.array(verificationSchema) });

const pipelineVerificationSchema = z.object({
  landing: verificationSchema.nullable().describe('the last one that ended'),
  v2: verificationSchema.nullable(),
  running: z.array(verificationSchema),
  differences: z.array(differenceSchema).describe('rows that the last one against landing found, from the first'),
});

const begunSchema = z.object({ answer: z.string(), workflow: workflowLink });

type Verification = z.infer<typeof verificationSchema>;

export function registerVerification(app: FastifyInstance, deps: VerificationApiDeps): void {
  const { pool, pipelines, known, metrics } = deps;

  addRoute(app, {
    method: 'GET',
    url: '/verification',
    tag: 'Verification',
    summary: 'Of each pipeline, and of the reports, the newest verification of each kind',
    answer: verificationsSchema,
    handle: async () => ({ verifications: await readNewest(pool) }),
  });

  addRoute(app, {
    method: 'GET',
    url: '/pipelines/:name/verification',
    tag: 'Verification',
    summary: 'What the last verifications of a pipeline found, with the rows that differ',
    params: pipelineParams,
    query: z.strictObject({ limit: limit({ most: 1_000, otherwise: 100 }) }),
    answer: pipelineVerificationSchema,
    refuses: ['PIPELINE_UNKNOWN'],
    handle: async ({ params, query: page }) => {
      const pipeline = known(params.name).name;
      const newest = (await readNewest(pool)).filter((each) => each.pipeline === pipeline);
      const ended = (wanted: Verification['against']): Verification | null =>
        newest.find((each) => each.against === wanted && each.state !== 'running') ?? null;
      return {
        landing: ended('landing'),
        v2: ended('v2'),
        running: newest.filter(({ state }) => state === 'running'),
        differences: await readDifferences(pool, { pipeline, limit: page.limit }),
      };
    },
  });

  addRoute(app, {
    method: 'POST',
    url: '/pipelines/:name/verify',
    tag: 'Verification',
    summary: 'Compares v3 with landing, or with v2, now',
    params: pipelineParams,
    body: z.strictObject({ against: z.enum(['landing', 'v2']).default('landing') }),
    answer: begunSchema,
    status: 202,
    refuses: ['PIPELINE_UNKNOWN', 'TEMPORAL_UNAVAILABLE'],
    handle: ({ params, body }) => start(deps, { pipeline: known(params.name).name, against: body.against }),
  });

  addRoute(app, {
    method: 'POST',
    url: '/verification/reports',
    tag: 'Verification',
    summary: "Compares the figures of v3's reports now",
    answer: begunSchema,
    status: 202,
    refuses: ['TEMPORAL_UNAVAILABLE'],
    handle: () => start(deps, { pipeline: null, against: 'reports' }),
  });

  // What stands in our schema, whichever worker looked, and after every restart.
  app.addHook('onRequest', async ({ routeOptions }) => {
    if (routeOptions.url !== '/metrics') return;
    const newest = await readNewest(pool).catch(() => []);
    for (const { pipeline, against: was, differences, finishedAt, state, result } of newest) {
      if (state !== 'done') continue;
      if (was === 'landing' && pipeline !== null && pipelines.some(({ name }) => name === pipeline)) {
        metrics.verificationDifferences.set({ pipeline }, differences ?? 0);
        metrics.verificationLastSuccess.set({ pipeline }, Date.parse(finishedAt ?? '') / 1000);
      }
      if (was === 'reports') {
        const { checks } = reportsResult.parse(result);
        for (const { check, differences: groups } of checks) metrics.reportDifferences.set({ report: check }, groups);
      }
    }
  });
}

const reportsResult = z.object({ checks: z.array(z.object({ check: z.string(), differences: z.number() })) });

async function start(
  { client, taskQueue, uiLink }: VerificationApiDeps,
  request: VerificationRequest,
): Promise<z.infer<typeof begunSchema>> {
  // One that just ends would not look again, so each has an id of its own. Two at once do the same twice, and no harm.
  const id = `${verificationWorkflowId(request)}-${new Date().toISOString()}`;
  try {
    await client.withDeadline(Date.now() + 5_000, () =>
      client.workflow.start<typeof verification>(verificationWorkflow, { workflowId: id, taskQueue, args: [request] }),
    );
  } catch (error) {
    throw unreachable(error);
  }
  return {
    answer: 'It has begun; GET the verification to see what it finds.',
    workflow: { id, url: uiLink(id) },
  };
}

/** Of each kind the newest that ended, and what runs. */
async function readNewest(pool: Pool): Promise<readonly Verification[]> {
  const rows = await query<Omit<Verification, 'startedAt' | 'finishedAt'> & Times>(
    pool,
    `SELECT id, pipeline, against, state, started_at AS "startedAt", finished_at AS "finishedAt", differences::int, result FROM (
       SELECT DISTINCT ON (pipeline, against, state = 'running') * FROM cdc.verifications
       ORDER BY pipeline, against, state = 'running', started_at DESC) newest
     ORDER BY pipeline NULLS LAST, against, started_at DESC`,
  );
  return rows.map((row) => ({
    ...row,
    startedAt: row.startedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }));
}

interface Times {
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
}

async function readDifferences(
  pool: Pool,
  page: { readonly pipeline: string; readonly limit: number },
): Promise<readonly z.infer<typeof differenceSchema>[]> {
  return query<z.infer<typeof differenceSchema>>(
    pool,
    `SELECT kind, v3_table AS "table", key, root, columns, cause FROM cdc.verification_differences
     WHERE verification = (SELECT id FROM cdc.verifications WHERE pipeline = $1 AND against = 'landing' AND state = 'done'
                           ORDER BY started_at DESC LIMIT 1)
     ORDER BY id LIMIT $2`,
    [page.pipeline, page.limit],
  );
}
