// What the API says of itself: whether it is well, its metrics, its OpenAPI document and a page to browse it.
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Metrics } from '../model/metrics.ts';
import type { Document } from './openapi.ts';
import { addRoute } from './route.ts';

export function registerPages(
  app: FastifyInstance,
  {
    metrics,
    isHealthy,
    document,
  }: {
    readonly metrics: Metrics;
    /** @throws MkondoError V3_UNAVAILABLE */
    readonly isHealthy: () => Promise<unknown>;
    /** Asked for when all routes are known. */
    readonly document: () => Document;
  },
): void {
  addRoute(app, {
    method: 'GET',
    url: '/healthz',
    tag: 'The API itself',
    summary: 'Whether the API reaches the v3 database',
    role: 'anybody',
    answer: z.object({ healthy: z.literal(true) }),
    handle: async () => {
      await isHealthy();
      return { healthy: true };
    },
  });

  addRoute(app, {
    method: 'GET',
    url: '/metrics',
    tag: 'The API itself',
    summary: 'Metrics for Prometheus',
    role: 'anybody',
    answer: { media: 'text/plain' },
    handle: async ({ reply }) => {
      void reply.type(metrics.registry.contentType);
      return metrics.registry.metrics();
    },
  });

  addRoute(app, {
    method: 'GET',
    url: '/openapi.json',
    tag: 'The API itself',
    summary: 'This document. GET /docs shows it as a page',
    role: 'anybody',
    answer: z.object({ openapi: z.literal('3.1.0') }).catchall(z.unknown()),
    handle: document,
  });

  // The page takes its own files from the package: it works without a way out.
  void app.register(fastifySwagger, { openapi: { openapi: '3.1.0', info: { title: 'mkondo', version: '' } } });
  void app.register(async (pages) => {
    pages.addHook('onRoute', (route) => {
      route.config = { ...route.config, role: 'anybody' };
    });
    await pages.register(fastifySwaggerUi, {
      routePrefix: '/docs',
      transformSpecification: () => document() as unknown as Readonly<Record<string, unknown>>,
      transformSpecificationClone: false,
    });
  });
}
