// One row explained, over REST: what activities/explain.ts finds, with links to the workflow runs that wrote it.
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { explain } from '../activities/explain.ts';
import { ourSchemaBroken, unavailable } from '../activities/database-errors.ts';
import { MkondoError } from '../model/errors.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { pipelineWorkflowId } from '../workflows/messages.ts';

export interface ExplainApiDeps {
  readonly pool: Pool;
  readonly pipelines: readonly Pipeline[];
  readonly topicPrefix: string;
  readonly uiLink: (workflowId: string, runId?: string) => string | null;
}

const explainQuerySchema = z.strictObject({
  table: z
    .string('is missing')
    .min(1, 'is missing')
    .describe('a v3 table (referencedata.orderables) or a v2 table (public.products, products)'),
  key: z
    .string('is missing')
    .min(1, 'is missing')
    .describe("v3: the row's id; v2: its key; of several columns, a JSON array of their texts"),
});

export function registerExplain(app: FastifyInstance, { pool, pipelines, topicPrefix, uiLink }: ExplainApiDeps): void {
  app.get('/explain', async ({ query }) => {
    const asked = explainQuerySchema.safeParse(query);
    if (!asked.success)
      throw new MkondoError(
        'REQUEST_INVALID',
        `The query is not valid: ${asked.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}.`,
        { advice: 'Ask for instance /explain?table=products&key=1.' },
      );
    const found = await explain(pool, { pipelines, topicPrefix, ...asked.data }).catch((error: unknown) => {
      throw unavailable(error) ?? ourSchemaBroken(error) ?? error;
    });
    if (found === undefined)
      throw new MkondoError('REQUEST_INVALID', `Neither v2 nor v3 has a table '${asked.data.table}'.`, {
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
  });
}
