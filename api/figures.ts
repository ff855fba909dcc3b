// From a figure of a report to the rows behind it, of v2 and of v3, over REST.
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { MkondoError } from '../model/errors.ts';
import { text } from '../model/text.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { checks } from '../verification/checks/index.ts';
import { behindFigure } from '../verification/landing/behind-figure.ts';
import { addRoute, limit } from './route.ts';

const texts = z.record(z.string(), z.string().nullable());

/** What PostgreSQL takes for a text. */
const value = z.string().refine((each) => each.isWellFormed() && !each.includes('\0'), 'is no text');

const groupSchema = z.record(z.string(), value.nullable());

/** JSON, as a query can carry it. @throws MkondoError FIGURE_UNKNOWN */
function groupOf(json: string): z.infer<typeof groupSchema> {
  try {
    return groupSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new MkondoError('FIGURE_UNKNOWN', 'The group that names a figure must be a JSON object of texts.', {
      advice: 'Write {"column": "value", ...}, every column of the group; GET /reports has them.',
      cause,
    });
  }
}

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
      report: text.min(1, 'is missing').describe('its name, or as much of it as no other begins with'),
      group: text.describe('JSON: {"column": "value", ...}, every column of the group'),
      limit: limit({ most: 1_000, otherwise: 100 }),
    }),
    answer: z.object({
      report: z.string(),
      group: texts,
      figures: z.object({ v2: texts.nullable(), v3: texts.nullable() }).describe('null where a side has no such group'),
      rows: z.array(z.object({ side: z.enum(['v2', 'v3']), row: texts })),
      moreRows: z.int(),
    }),
    refuses: ['REPORT_UNKNOWN', 'FIGURE_UNKNOWN'],
    handle: async ({ query }) => {
      const found = await behindFigure({ pool, pipelines, ...query, group: groupOf(query.group) });
      if (found !== null) return found;
      throw new MkondoError('OUR_SCHEMA_BROKEN', 'Landing lacks a table that the report is checked by.', {
        advice: 'A worker makes it when it starts: see that one runs.',
      });
    },
  });
}
