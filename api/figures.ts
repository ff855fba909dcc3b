// From a figure of a report to the rows behind it, of v2 and of v3, over REST.
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { MkondoError } from '../model/errors.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { checks } from '../verification/checks/index.ts';
import { behindFigure } from '../verification/landing/behind-figure.ts';
import { addRoute, limit } from './route.ts';

const text = z.record(z.string(), z.string().nullable());

/** What PostgreSQL takes for a text. */
const value = z.string().refine((each) => each.isWellFormed() && !each.includes('\0'), 'is no text');

/** JSON, as a query can carry it. */
const groupSchema = z
  .string('is missing')
  .transform((json, context) => {
    try {
      return JSON.parse(json) as unknown;
    } catch {
      context.addIssue('must be JSON');
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), value.nullable(), 'must be a JSON object of texts'))
  .describe('{"column": "value", ...}, every column of the group');

export function registerFigures(
  app: FastifyInstance,
  { pool, pipelines }: { readonly pool: Pool; readonly pipelines: readonly Pipeline[] },
): void {
  addRoute(app, {
    method: 'GET',
    url: '/reports',
    tag: 'Verification',
    summary: 'The reports that are checked, and what names a figure of each',
    answer: z.object({
      reports: z.array(
        z.object({
          report: z.string(),
          group: z.array(z.string()).describe('columns that name a figure'),
          figures: z.array(z.string()),
          row: z.array(z.string()).describe('columns that name a row behind it'),
        }),
      ),
    }),
    handle: () => ({
      reports: checks.map(({ check, counted, group, figures, row }) => ({
        report: check,
        group,
        figures: [counted, ...figures],
        row,
      })),
    }),
  });

  addRoute(app, {
    method: 'GET',
    url: '/reports/figure',
    tag: 'Verification',
    summary: "One figure of a report with the rows behind it: v2's as they landed, and v3's",
    query: z.strictObject({
      report: z
        .string('is missing')
        .min(1, 'is missing')
        .describe('its name, or as much of it as no other begins with'),
      group: groupSchema,
      limit: limit({ most: 1_000, otherwise: 100 }),
    }),
    answer: z.object({
      report: z.string(),
      group: text,
      figures: z.object({ v2: text.nullable(), v3: text.nullable() }).describe('null where a side has no such group'),
      rows: z.array(z.object({ side: z.enum(['v2', 'v3']), row: text })),
      moreRows: z.int(),
    }),
    refuses: ['REPORT_UNKNOWN'],
    handle: async ({ query }) => {
      const found = await behindFigure({ pool, pipelines, ...query });
      if (found !== null) return found;
      throw new MkondoError('OUR_SCHEMA_BROKEN', 'Landing lacks a table that the report is checked by.', {
        advice: 'A worker makes it when it starts: see that one runs.',
      });
    },
  });
}
