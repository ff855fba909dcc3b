// Adoptions over REST: which rows of v3's own stand for which of v2's, and an operator's word on it. It is written into our
// schema at once, without a workflow: also while Temporal is away; the roots that it concerns follow as after any change.
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { adopt, adoptionFields, letGo, readAdoptions } from '../activities/operator-adoptions.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { addRoute, by, byActor, time } from './route.ts';
import { text } from '../model/text.ts';

const rootParams = z.object({
  pipeline: z.string().describe('name of the pipeline'),
  root: text.min(1).describe("key of v2's row, as in GET /pipelines/{name}/quarantine"),
});

const adoptionSchema = z.object({
  pipeline: z.string(),
  root: z.string(),
  v2Table: z.string(),
  v3Table: z.string(),
  v3Id: z.string().describe('row of v3 that stands for the root'),
  ourId: z.string().describe('id under which our own row stands, stood or would stand'),
  source: z.enum(['key', 'file', 'rest']).describe('key: found by the natural key, nobody said so'),
  reason: z.string(),
  by: z.string(),
  since: time,
  state: z
    .enum(['settled', 'following', 'barred'])
    .describe('following: roots are still to be derived anew; barred: the root is in quarantine, see code and message'),
  code: z.string().nullable(),
  message: z.string().nullable(),
});

/** GET /adoptions, PUT and DELETE /adoptions/:pipeline/:root. */
export function registerAdoptions(
  app: FastifyInstance,
  { pool, known }: { readonly pool: Pool; readonly known: (pipeline: string) => Pipeline },
): void {
  addRoute(app, {
    method: 'GET',
    url: '/adoptions',
    tag: 'Adoptions',
    summary: "Rows of v3's own that stand for rows of v2",
    query: z.strictObject({ pipeline: z.string().optional().describe('only those of this pipeline') }),
    answer: z.object({ adoptions: z.array(adoptionSchema) }),
    refuses: ['PIPELINE_UNKNOWN'],
    handle: async ({ query: { pipeline } }) => ({
      adoptions: await readAdoptions(pool, pipeline === undefined ? {} : { pipeline: known(pipeline).name }),
    }),
  });

  addRoute(app, {
    method: 'PUT',
    url: '/adoptions/:pipeline/:root',
    tag: 'Adoptions',
    summary: "Says that a row of v3's own stands for a row of v2",
    params: rootParams,
    body: z.strictObject({ ...adoptionFields, by }),
    answer: adoptionSchema,
    refuses: ['PIPELINE_UNKNOWN', 'ADOPTION_REFUSED'],
    handle: ({ params, body, actor }) =>
      adopt(pool, { ...byActor(body, actor), pipeline: known(params.pipeline), root: params.root, source: 'rest' }),
  });

  addRoute(app, {
    method: 'DELETE',
    url: '/adoptions/:pipeline/:root',
    tag: 'Adoptions',
    summary: 'Takes that word back: our own row comes again',
    params: rootParams,
    body: z.strictObject({ reason: adoptionFields.reason, by }),
    answer: z.object({ pipeline: z.string(), root: z.string(), v3Id: z.string() }),
    refuses: ['PIPELINE_UNKNOWN', 'ADOPTION_UNKNOWN', 'ADOPTION_REFUSED'],
    handle: ({ params, body, actor }) =>
      letGo(pool, { ...byActor(body, actor), pipeline: known(params.pipeline), root: params.root, source: 'rest' }),
  });
}
