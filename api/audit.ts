// The audit: every request that would have something done, and every one that was refused for want of a token or a role.
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Logger } from '../model/log.ts';
import { query } from './control-schema.ts';
import { addRoute, limit, time } from './route.ts';

interface AuditRow {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly role: string | null;
  readonly method: string;
  readonly path: string;
  readonly reason: string | null;
  readonly status: number;
  readonly code: string | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The catalogue's code with which it was refused. */
    refusal: string | null;
  }
}

export function registerAudit(
  app: FastifyInstance,
  { pool, log }: { readonly pool: Pool; readonly log: Logger },
): void {
  app.decorateRequest('refusal', null);
  app.addHook('onResponse', async (request, { statusCode }) => {
    const isAsked = request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS';
    if (!isAsked && statusCode !== 401 && statusCode !== 403) return;
    const { by, reason } = (request.body ?? {}) as { readonly by?: unknown; readonly reason?: unknown };
    const { actor } = request;
    await pool
      .query(
        `INSERT INTO cdc.audit (actor, role, method, path, reason, status, code) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [
          actor?.name ?? (typeof by === 'string' ? by : ''),
          actor?.role ?? null,
          request.method,
          request.url.slice(0, 500),
          typeof reason === 'string' ? reason : null,
          statusCode,
          request.refusal,
        ],
      )
      // What was asked is done by now; the log has it where the database does not.
      .catch((error: unknown) =>
        log.error({ err: error, actor, url: request.url, statusCode }, 'the audit could not be written'),
      );
  });

  addRoute(app, {
    method: 'GET',
    url: '/audit',
    tag: 'The API itself',
    summary: 'Who asked for what, why, and what came of it; newest first',
    role: 'admin',
    query: z.strictObject({
      limit: limit({ most: 200, otherwise: 50 }),
      before: z.coerce.number('must be an id').int('must be an id').min(1).max(Number.MAX_SAFE_INTEGER).optional(),
    }),
    answer: z.object({
      audit: z.array(
        z.object({
          id: z.int(),
          at: time,
          actor: z.string(),
          role: z.string().nullable(),
          method: z.string(),
          path: z.string(),
          reason: z.string().nullable(),
          status: z.int(),
          code: z.string().nullable(),
        }),
      ),
      next: z.int().nullable().describe('`before` of the next page; null on the last'),
    }),
    handle: async ({ query: page }) => {
      const rows = await query<AuditRow>(
        pool,
        `SELECT id, at, actor, role, method, path, reason, status, code FROM cdc.audit
         WHERE $2::bigint IS NULL OR id < $2 ORDER BY id DESC LIMIT $1`,
        [page.limit, page.before ?? null],
      );
      return {
        audit: rows.map((row) => ({ ...row, id: Number(row.id) })),
        next: rows.length === page.limit ? Number(rows.at(-1)?.id) : null,
      };
    },
  });
}
