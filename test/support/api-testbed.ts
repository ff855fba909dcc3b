// The API on a database of the test's own, with Temporal, Kafka and v2 away; each of its answers is held to its document.
import { Client, Connection } from '@temporalio/client';
import { Pool } from 'pg';
import { migrate } from '../../activities/schema/migrate.ts';
import { createApi } from '../../api/app.ts';
import type { ApiDeps } from '../../api/app.ts';
import { createSourceWatch } from '../../api/source-watch.ts';
import { createLog } from '../../model/log.ts';
import { createMetrics } from '../../model/metrics.ts';
import { pipelines } from '../../pipelines/index.ts';
import { watchContract } from './contract.ts';
import type { Contract } from './contract.ts';
import { createDatabase } from './databases.ts';
import type { Template, TestDatabase } from './databases.ts';

export interface ApiTestbed {
  readonly database: TestDatabase;
  readonly pool: Pool;
  readonly api: ReturnType<typeof createApi>;
  readonly contract: Contract;
  readonly close: () => Promise<void>;
}

export async function createApiTestbed(
  options: {
    readonly template?: Template;
    /** As before any worker has run. */
    readonly isWithoutOurSchema?: boolean;
    /** What is to be otherwise than nothing and nobody. */
    readonly deps?: (given: Pick<ApiTestbed, 'database' | 'pool'>) => Partial<ApiDeps>;
  } = {},
): Promise<ApiTestbed> {
  const { template = 'empty', isWithoutOurSchema = false, deps = () => ({}) } = options;
  const database = await createDatabase(template);
  const pool = new Pool({ connectionString: database.url });
  if (!isWithoutOurSchema) await migrate(pool);
  // Nothing listens there.
  const connection = Connection.lazy({ address: '127.0.0.1:1' });
  const api = createApi({
    pool,
    client: new Client({ connection }),
    taskQueue: 'mkondo',
    uiLink: () => null,
    topicPrefix: 'elmis',
    pipelines,
    lagOf: () => null,
    retentionOf: () => null,
    feed: { subscribe: async () => () => undefined },
    heartbeatAt: () => null,
    sourceHealth: createSourceWatch({ connectUrl: undefined, connector: 'mkondo', v2Url: undefined, slot: 'mkondo' }),
    tokens: null,
    metrics: createMetrics('api'),
    log: createLog('api', { MKONDO_LOG_LEVEL: 'fatal' }),
    ...deps({ database, pool }),
  });
  return {
    database,
    pool,
    api,
    contract: watchContract(api),
    async close() {
      await api.close();
      await pool.end();
      await connection.close();
      await database.drop();
    },
  };
}
