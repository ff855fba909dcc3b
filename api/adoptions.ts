// Adoptions over REST: which rows of v3's own stand for which of v2's, and an operator's word on it. It is written into our
// schema at once, without a workflow: also while Temporal is away; the roots that it concerns follow as after any change.
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { adopt, adoptionFields, letGo, readAdoptions } from '../activities/operator-adoptions.ts';
import { MkondoError } from '../model/errors.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { Actor } from './auth.ts';

const by = z.string().trim().min(1, 'must not be blank').default('operator').describe('who asks');

/** What the routes take and give. */
export const adoptionSchemas = {
  query: z.strictObject({ pipeline: z.string().optional().describe('only those of this pipeline') }),
  params: z.object({
    pipeline: z.string().describe('name of the pipeline'),
    root: z.string().min(1).describe("key of v2's row, as in GET /pipelines/{name}/quarantine"),
  }),
  put: z.strictObject({ ...adoptionFields, by }),
  delete: z.strictObject({ reason: adoptionFields.reason, by }),
  adoption: z.object({
    pipeline: z.string(),
    root: z.string(),
    v2Table: z.string(),
    v3Table: z.string(),
    v3Id: z.string().describe('row of v3 that stands for the root'),
    ourId: z.string().describe('id under which our own row stands, stood or would stand'),
    source: z.enum(['key', 'file', 'rest']).describe('key: found by the natural key, nobody said so'),
    reason: z.string(),
    by: z.string(),
    since: z.date(),
    state: z
      .enum(['settled', 'following', 'barred'])
      .describe(
        'following: roots are still to be derived anew; barred: the root is in quarantine, see code and message',
      ),
    code: z.string().nullable(),
    message: z.string().nullable(),
  }),
  letGo: z.object({ pipeline: z.string(), root: z.string(), v3Id: z.string() }),
} as const;

/** GET /adoptions, PUT and DELETE /adoptions/:pipeline/:root. */
export function registerAdoptions(
  app: FastifyInstance,
  deps: { readonly pool: Pool; readonly known: (pipeline: string) => Pipeline },
): void {
  const { pool, known } = deps;

  app.get('/adoptions', async ({ query }) => {
    const { pipeline } = parse(adoptionSchemas.query, query, 'query');
    return {
      adoptions: await readAdoptions(pool, pipeline === undefined ? {} : { pipeline: known(pipeline).name }),
    };
  });

  app.put('/adoptions/:pipeline/:root', async ({ params, body, actor }) => {
    const { pipeline, root } = parse(adoptionSchemas.params, params, 'path');
    const asked = known(pipeline);
    const said = { ...parse(adoptionSchemas.put, body, 'body'), ...who(actor) };
    return adopt(pool, { pipeline: asked, root, source: 'rest', ...said });
  });

  app.delete('/adoptions/:pipeline/:root', async ({ params, body, actor }) => {
    const { pipeline, root } = parse(adoptionSchemas.params, params, 'path');
    const asked = known(pipeline);
    const said = { ...parse(adoptionSchemas.delete, body, 'body'), ...who(actor) };
    return letGo(pool, { pipeline: asked, root, source: 'rest', ...said });
  });
}

/** Who holds a token is who asks, whatever the body says. */
function who(actor: Actor | null): { readonly by?: string } {
  return actor === null ? {} : { by: actor.name };
}

/** @throws MkondoError REQUEST_INVALID, with every fault at once */
function parse<T>(schema: z.ZodType<T>, value: unknown, what: 'query' | 'path' | 'body'): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  throw new MkondoError('REQUEST_INVALID', `The ${what} is not valid: ${faults.join('; ')}.`, {
    advice: 'Write for instance {"v3Id": "<id of the row in v3>", "reason": "both mean the warehouse"}.',
  });
}
