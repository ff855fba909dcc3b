// The API's process: wiring only.
import { Client, Connection } from '@temporalio/client';
import { Pool } from 'pg';
import { readConfig } from '../model/config.ts';
import { exitClearly } from '../model/exit-clearly.ts';
import { MkondoError } from '../model/errors.ts';
import { Kafka, logLevel } from '../model/kafka.ts';
import { createLog } from '../model/log.ts';
import { createMetrics } from '../model/metrics.ts';
import { under } from '../model/web-address.ts';
import { pipelines } from '../pipelines/index.ts';
import { topicsOf } from '../pipelines/topics.ts';
import { createApi } from './app.ts';
import { readTokens } from './auth.ts';
import { readPipelines } from './control-schema.ts';
import { createEventFeed } from './event-feed.ts';
import { watchLag } from './lag-watch.ts';
import { createSourceWatch } from './source-watch.ts';

exitClearly();
const config = readConfig(process.env);
const log = createLog('api', config);
const metrics = createMetrics('api');
const tokens = readTokens(config);
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort()).once('SIGINT', () => stopping.abort());

const pool = new Pool({
  connectionString: config.MKONDO_V3_URL,
  max: 5,
  application_name: 'mkondo-api',
  connectionTimeoutMillis: 5_000,
  query_timeout: 10_000,
});
pool.on('error', (error) => log.warn({ err: error }, 'an idle connection to v3 was lost'));
const connection = Connection.lazy({ address: config.MKONDO_TEMPORAL_ADDRESS });
const lag = watchLag({
  kafka: new Kafka({
    clientId: 'mkondo-api',
    brokers: config.MKONDO_KAFKA_BROKERS,
    retry: { retries: 2, initialRetryTime: 200 },
    logLevel: logLevel.NOTHING,
  }),
  heartbeatTopic: `__debezium-heartbeat.${config.MKONDO_KAFKA_TOPIC_PREFIX}`,
  topics: topicsOf(pipelines, config.MKONDO_KAFKA_TOPIC_PREFIX).ofPipeline,
  metrics,
  readPositions: async () => new Map((await readPipelines(pool)).map(({ name, positions }) => [name, positions])),
  onFailure: (error) => log.warn({ err: error }, 'the lag cannot be measured just now'),
  signal: stopping.signal,
});
const feed = createEventFeed({
  pool,
  connectionString: config.MKONDO_V3_URL,
  onFailure: (error) => log.warn({ err: error }, 'events cannot be followed just now'),
  signal: stopping.signal,
});
const app = createApi({
  pool,
  client: new Client({ connection, namespace: config.MKONDO_TEMPORAL_NAMESPACE }),
  taskQueue: config.MKONDO_TASK_QUEUE,
  topicPrefix: config.MKONDO_KAFKA_TOPIC_PREFIX,
  uiLink: (workflowId, runId) =>
    config.MKONDO_TEMPORAL_UI_URL === undefined
      ? null
      : under(
          config.MKONDO_TEMPORAL_UI_URL,
          `namespaces/${config.MKONDO_TEMPORAL_NAMESPACE}/workflows/${encodeURIComponent(workflowId)}${runId ? `/${runId}/history` : ''}`,
        ),
  pipelines,
  lagOf: lag.of,
  retentionOf: lag.retentionOf,
  feed,
  heartbeatAt: lag.heartbeatAt,
  sourceHealth: createSourceWatch({
    connectUrl: config.MKONDO_CONNECT_URL,
    connector: config.MKONDO_CONNECTOR,
    v2Url: config.MKONDO_V2_MONITORING_URL,
    slot: config.MKONDO_V2_SLOT,
  }),
  tokens,
  prometheusUrl: config.MKONDO_PROMETHEUS_URL,
  metrics,
  log,
});

await app
  .listen({ host: config.MKONDO_API_HOST, port: config.MKONDO_API_PORT })
  .catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EADDRINUSE') throw cause;
    throw new MkondoError(
      'PORT_IN_USE',
      `Port ${config.MKONDO_API_PORT} is in use, so that the API cannot be served.`,
      {
        advice: 'Set MKONDO_API_PORT to a free port, or stop what holds it.',
        cause,
      },
    );
  });
log.info({ host: config.MKONDO_API_HOST, port: config.MKONDO_API_PORT }, 'the API listens');
if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve));
await app.close();
await Promise.all([lag.ended, feed.ended]);
await Promise.all([connection.close(), pool.end()]);
log.info('the API has ended');
