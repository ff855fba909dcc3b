// GET /charts: the main figures for who has no Grafana. Figures only, as /metrics has them, and no row: so it needs no token.
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Logger } from '../../model/log.ts';
import { addRoute } from '../route.ts';
import { charts, prometheusAt } from './figures.ts';
import { chartsPage, messagePage } from './page.ts';

export function registerCharts(
  app: FastifyInstance,
  { prometheusUrl, log }: { readonly prometheusUrl: string | undefined; readonly log: Logger },
): void {
  const prometheus = prometheusUrl === undefined ? null : prometheusAt(prometheusUrl);

  addRoute(app, {
    method: 'GET',
    url: '/charts',
    tag: 'The API itself',
    summary: 'A page with the main figures as charts, from Prometheus',
    role: 'anybody',
    query: z.strictObject({
      minutes: z.coerce
        .number('must be a whole number')
        .int('must be a whole number')
        .min(1, 'must be 1 or more')
        .max(10_080, 'must be at most 10080, a week')
        .default(60)
        .describe('how far back'),
    }),
    answer: { media: 'text/html' },
    handle: async ({ query: { minutes }, reply }) => {
      void reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
        .header('cache-control', 'no-store');
      if (prometheus === null)
        return messagePage('There are no charts here: no Prometheus is known. Set MKONDO_PROMETHEUS_URL for the API.');
      const toSeconds = Math.floor(Date.now() / 1000);
      const span = { fromSeconds: toSeconds - minutes * 60, toSeconds };
      try {
        const [standing, ...drawn] = await Promise.all([
          prometheus.standing(),
          ...charts.map(async (chart) => ({ chart, series: await prometheus.series(chart, span) })),
        ]);
        return chartsPage({ standing, drawn, span, minutes });
      } catch (error) {
        log.warn({ err: error }, 'Prometheus does not answer');
        return messagePage(
          'There are no charts just now: Prometheus does not answer. The API and the pipelines do not need it.',
        );
      }
    },
  });
}
