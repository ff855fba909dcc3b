// The small HTTP server beside a process: /healthz for whoever restarts it, /metrics for Prometheus.
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { MkondoError } from './errors.ts';
import type { Metrics } from './metrics.ts';

/** Null when all is well; else what is wrong, in a sentence. */
export type Health = () => string | null;

export interface HealthServer {
  readonly close: () => Promise<void>;
}

/** @throws MkondoError PORT_IN_USE */
export async function serveHealth(options: {
  readonly host: string;
  readonly port: number;
  readonly metrics: Metrics;
  readonly health: Health;
}): Promise<HealthServer> {
  const { host, port, metrics, health } = options;
  const server = createServer((request, response) => {
    void answer(request.url ?? '', response);
  });

  async function answer(url: string, response: ServerResponse): Promise<void> {
    if (url === '/healthz') {
      const fault = health();
      send(
        response,
        fault === null ? 200 : 503,
        'application/json',
        JSON.stringify({ healthy: fault === null, fault }),
      );
    } else if (url === '/metrics') {
      send(response, 200, metrics.registry.contentType, await metrics.registry.metrics());
    } else {
      send(response, 404, 'text/plain', 'There are /healthz and /metrics here.\n');
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new MkondoError('PORT_IN_USE', `Port ${port} on ${host} is in use, so that /metrics cannot be served.`, {
              advice: 'Set the MKONDO_..._PORT of this process to a free port, or stop what holds it.',
              cause,
            })
          : cause,
      );
    });
    server.listen(port, host, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}
