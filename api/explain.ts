// One row explained, over REST: what activities/explain.ts finds, with links to the workflow runs that wrote it.
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { explain } from '../activities/explain.ts';
import { ourSchemaBroken, unavailable } from '../activities/database-errors.ts';
import { MkondoError } from '../model/errors.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { pipelineWorkflowId } from '../workflows/messages.ts';
import { addRoute, time } from './route.ts';
import { text } from '../model/text.ts';

export interface ExplainApiDeps {
  readonly pool: Pool;
  readonly pipelines: readonly Pipeline[];
  readonly topicPrefix: string;
  readonly uiLink: (workflowId: string, runId?: string) => string | null;
}

const position = z.object({ topic: z.string(), partition: z.int(), offset: z.int() }).nullable();
const quarantinedSchema = z.object({
  id: z.string(),
  pipeline: z.string(),
  code: z.string(),
  message: z.string(),
  advice: z.string(),
  attempts: z.int(),
  firstAt: time,
  lastAt: time,
  resolvedAt: time.nullable(),
  discardedAt: time.nullable(),
  position,
});
const landedRow = z.object({
  pipeline: z.string(),
  table: z.string(),
  path: z.string().nullable().describe("place in the root's tree; null for a row that was asked for by itself"),
  key: z.string().nullable(),
  position,
  committedAt: time.nullable().describe('when v2 committed it'),
  isLive: z.boolean().describe('false when it is deleted in v2'),
  row: z.unknown(),
});
const v3Row = z.object({
  table: z.string(),
  key: z.string(),
  part: z.string().describe('the part of the root that it follows from; empty for the rest'),
  row: z.unknown().describe('as it stands in v3; null when it is not there'),
});
const rootSchema = z.object({
  pipeline: z.string(),
  table: z.string(),
  key: z.string(),
  moreParts: z.int().describe('parts (lines of a requisition) that are not shown, since the row is not about them'),
  state: z.enum(['in v3', 'due', 'waiting', 'in quarantine', 'deleted', 'nothing in v3']),
  v2: z.array(landedRow),
  v3: z.array(v3Row),
  adopted: z.array(z.object({ table: z.string(), id: z.string(), adoptedAt: time })),
  written: z
    .object({
      run: z.string(),
      at: time,
      version: z.string().describe('hash of the transformation that made it'),
      isOutdated: z.boolean().describe('the pipeline has another transformation now'),
    })
    .nullable()
    .describe('which run wrote it last, when, and by which transformation'),
  losses: z.array(z.object({ part: z.string(), code: z.string(), column: z.string(), count: z.int() })),
  due: z.object({ attempts: z.int(), notBefore: z.string().nullable(), operation: z.string().nullable() }).nullable(),
  waitsFor: z.array(z.object({ table: z.string(), key: z.string(), since: time })),
  quarantine: z.array(quarantinedSchema),
  workflow: z.object({ id: z.string(), run: z.string().nullable(), url: z.string().nullable() }),
});

export function registerExplain(app: FastifyInstance, { pool, pipelines, topicPrefix, uiLink }: ExplainApiDeps): void {
  addRoute(app, {
    method: 'GET',
    url: '/explain',
    tag: 'Explain',
    summary: 'A v3 row by the v2 rows behind it, or a v2 row by what became of it',
    query: z.strictObject({
      table: text
        .min(1, 'is missing')
        .describe('a v3 table (referencedata.orderables) or a v2 table (public.products, products)'),
      key: text
        .min(1, 'is missing')
        .describe("v3: the row's id; v2: its key; of several columns, a JSON array of their texts"),
      show: z
        .enum(['concerned', 'whole'])
        .default('concerned')
        .describe('of a root with parts (a requisition with its lines): those that the row is about, or all'),
    }),
    answer: z.object({
      asked: z.object({ side: z.enum(['v2', 'v3']), table: z.string(), key: z.string() }),
      answer: z.string(),
      rows: z.array(z.union([landedRow, v3Row])),
      roots: z.array(rootSchema),
      moreRoots: z.int(),
      quarantinedEvents: z.array(quarantinedSchema),
    }),
    refuses: ['TABLE_UNKNOWN'],
    handle: async ({ query: { show, ...asked } }) => {
      const isWhole = show === 'whole';
      const found = await explain(pool, { pipelines, topicPrefix, ...asked, isWhole }).catch((error: unknown) => {
        throw unavailable(error) ?? ourSchemaBroken(error) ?? error;
      });
      if (found === undefined)
        throw new MkondoError('TABLE_UNKNOWN', `Neither v2 nor v3 has a table '${asked.table}'.`, {
          advice: 'Give the table with its schema: public.products, referencedata.orderables.',
        });
      return {
        ...found,
        roots: found.roots.map((root) => {
          const id = pipelineWorkflowId(root.pipeline);
          const url = uiLink(id, root.written?.run);
          return { ...root, workflow: { id, run: root.written?.run ?? null, url } };
        }),
      };
    },
  });
}
