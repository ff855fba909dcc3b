// Drift over REST: where v2 or v3 is not as the pipelines expect it, since when, and which pipelines.
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { driftKinds } from '../activities/drift.ts';
import type { Drift, DriftSide } from '../activities/drift.ts';
import type { Metrics } from '../model/metrics.ts';
import { text } from '../model/text.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { query } from './control-schema.ts';
import { addRoute, time } from './route.ts';

const driftSchema = z.object({
  side: z.enum(['v2', 'v3']),
  table: z.string(),
  column: z.string().nullable().describe('null: the whole table'),
  kind: z
    .enum(driftKinds)
    .describe(
      'new: a column that no mapping knows; missing: one that is not there; type: it holds another type; required: a new one of v3 that must be filled, and is not',
    ),
  hinders: z.boolean().describe('rows may not come to v3 as they should; false: worth knowing'),
  expected: z.string().nullable().describe('type that the mapping expects'),
  seen: z.string().nullable().describe('type that was found; of v2, the kind of value that its events carry'),
  since: time.describe('when it was seen first'),
  pipelines: z.array(z.string()).describe('that read or write the table'),
});

interface DriftRow extends Omit<Drift, 'relation'> {
  readonly side: DriftSide;
  readonly table: string;
  readonly since: Date;
  readonly pipelines: readonly string[];
}

export function registerDrift(
  app: FastifyInstance,
  {
    pool,
    known,
    metrics,
  }: {
    readonly pool: Pool;
    /** @throws MkondoError PIPELINE_UNKNOWN */
    readonly known: (name: string) => Pipeline;
    readonly metrics: Metrics;
  },
): void {
  addRoute(app, {
    method: 'GET',
    url: '/drift',
    tag: 'Pipelines',
    summary: 'Where the schemas of v2 and v3 are not as the pipelines expect them',
    query: z.strictObject({ pipeline: text.optional().describe('only what concerns this one') }),
    answer: z.object({ drift: z.array(driftSchema) }),
    refuses: ['PIPELINE_UNKNOWN'],
    handle: async ({ query: { pipeline } }) => {
      const rows = await query<DriftRow>(
        pool,
        `SELECT side, relation AS "table", column_name AS "column", kind, max(expected) AS expected, max(seen) AS seen,
                min(since) AS since, array_agg(pipeline ORDER BY pipeline) AS pipelines
         FROM cdc.drift GROUP BY side, relation, column_name, kind
         HAVING $1::text IS NULL OR bool_or(pipeline = $1) ORDER BY min(since), side, relation, column_name`,
        [pipeline === undefined ? null : known(pipeline).name],
      );
      return { drift: rows.map(shown) };
    },
  });

  // What stands in our schema, whichever worker saw it.
  app.addHook('onRequest', async ({ routeOptions }) => {
    if (routeOptions.url !== '/metrics') return;
    const rows = await query<{ pipeline: string; side: string; kind: string; count: number }>(
      pool,
      'SELECT pipeline, side, kind, count(*)::int AS count FROM cdc.drift GROUP BY pipeline, side, kind',
    ).catch(() => null);
    if (rows === null) return;
    metrics.drift.reset();
    for (const { count, ...labels } of rows) metrics.drift.set(labels, count);
  });
}

function shown({ column, expected, seen, ...row }: DriftRow): object {
  return {
    ...row,
    column: column || null,
    hinders: row.kind !== 'new',
    expected: expected || null,
    seen: seen || null,
  };
}
