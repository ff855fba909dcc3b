// Turns capture on: the DBA's part on v2, the topics, then the connector. Safe to repeat with the same or other tables.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectorConfig } from '../debezium/connector.ts';
import type { ConnectorConfig } from '../debezium/connector.ts';
import { heartbeatTopicOf, topicOf, topicPartitions, topicSettings } from '../debezium/topics.ts';
import { inspectV2 } from '../v2/inspect.ts';
import { grantsSql, publicationChangeSql, publicationSql, replicaIdentitySql } from '../v2/publication.ts';
import { judgeIdentity } from '../v2/replica-identity.ts';
import type { DeclaredKeys } from '../v2/replica-identity.ts';
import { MkondoError } from '../../model/errors.ts';
import { withKafkaAdmin } from './kafka-admin.ts';
import { replicationRole, v2Database, withClient } from './databases.ts';
import type { Stack } from './stack.ts';

export const captureNames = {
  connector: 'mkondo',
  publication: 'mkondo',
  slot: 'mkondo',
  topicPrefix: 'elmis',
} as const;

export interface CaptureOptions {
  readonly stack: Stack;
  /** v2's tables, `schema.table`; they must exist. */
  readonly tables: readonly string[];
  /** Keys of the tables that have no primary key: their replica identity is chosen by it. */
  readonly declaredKeys?: DeclaredKeys;
  /** Connector settings on top of ours, for a test or a benchmark. */
  readonly extra?: ConnectorConfig;
}

/** Publication, topics and connector for these tables; returns when the connector and its task run. */
export async function startCapture({
  stack,
  tables,
  declaredKeys = new Map(),
  extra = {},
}: CaptureOptions): Promise<void> {
  await Promise.all([
    publish({ url: stack.urls.v2.admin, tables, declaredKeys }),
    createTopics({ kafka: stack.kafka, tables }),
  ]);
  const config = connectorConfig({
    tables,
    v2: {
      host: '127.0.0.1',
      port: stack.ports.v2,
      database: v2Database,
      user: replicationRole,
      password: stack.secrets.replication,
    },
    unavailableValue: stack.secrets.unavailableValue,
    ...captureNames,
  });
  await registerConnector({ connect: stack.connect, name: captureNames.connector, config: { ...config, ...extra } });
}

/** Replica identities, grants and publication, as the DBA would run them; the publication is left alone when it names these tables already. */
async function publish(task: {
  readonly url: string;
  readonly tables: readonly string[];
  readonly declaredKeys: DeclaredKeys;
}): Promise<void> {
  const { url, tables, declaredKeys } = task;
  const { publication } = captureNames;
  await withClient(url, async (client) => {
    const { tables: found } = await inspectV2(client, { tables, ...captureNames, role: replicationRole });
    for (const facts of found) {
      const verdict = judgeIdentity(facts, declaredKeys.get(facts.table));
      if (!verdict.usable) await client.query(replicaIdentitySql({ table: facts.table, index: verdict.index }));
    }
    await client.query(grantsSql({ tables, role: replicationRole }));
    const exists = await client.query('SELECT 1 FROM pg_publication WHERE pubname = $1', [publication]);
    if (exists.rowCount === 0) {
      await client.query(publicationSql({ tables, publication }));
      return;
    }
    const { rows } = await client.query<{ table: string }>(
      `SELECT schemaname || '.' || tablename AS "table" FROM pg_publication_tables WHERE pubname = $1`,
      [publication],
    );
    const published = new Set(rows.map((row) => row.table));
    const same = published.size === tables.length && tables.every((table) => published.has(table));
    if (!same) await client.query(publicationChangeSql({ tables, publication }));
  });
}

/** Makes the topics before the first event, so that readers can follow all of them from the start. */
async function createTopics({
  kafka,
  tables,
}: {
  readonly kafka: string;
  readonly tables: readonly string[];
}): Promise<void> {
  const prefix = captureNames.topicPrefix;
  const wanted = [...tables.map((table) => topicOf({ prefix, table })), heartbeatTopicOf(prefix)];
  await withKafkaAdmin(kafka, async (admin) => {
    const present = new Set(await admin.listTopics());
    const topics = wanted.filter((topic) => !present.has(topic));
    if (topics.length === 0) return;
    const configs = Object.entries(topicSettings).map(([name, value]) => ({ name, value }));
    await admin.createTopics({ topics, partitions: topicPartitions, replicas: 1, configs });
  });
}

interface ConnectorStatus {
  readonly connector: { readonly state: string; readonly trace?: string };
  readonly tasks: readonly { readonly id: number; readonly state: string; readonly trace?: string }[];
}

const connectorReadyWithinMs = 60_000;

/**
 * Registers the connector, or changes its settings, and waits until it and its tasks run.
 * @throws MkondoError PART_FAILED with the trace that Connect gives
 */
export async function registerConnector(task: {
  readonly connect: string;
  readonly name: string;
  readonly config: ConnectorConfig;
}): Promise<void> {
  const url = `${task.connect}/connectors/${task.name}`;
  const deadline = Date.now() + connectorReadyWithinMs;
  while (true) {
    const answer = await fetch(`${url}/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(task.config),
    });
    if (answer.ok) break;
    const text = await answer.text();
    // 409: Connect is rebalancing and asks to be asked again.
    if (answer.status !== 409 || Date.now() > deadline)
      throw connectorFailed(task.name, `was refused with ${answer.status}: ${text}`);
    await sleep(200);
  }
  let state = 'was not heard of';
  while (Date.now() < deadline) {
    const status = await connectorStatus(url);
    if (status !== undefined && status.tasks.length > 0) {
      const everyOne = [status.connector, ...status.tasks];
      if (everyOne.every((one) => one.state === 'RUNNING')) return;
      const broken = everyOne.find((one) => one.state === 'FAILED');
      if (broken !== undefined)
        throw connectorFailed(task.name, `failed: ${broken.trace ?? 'Connect gives no reason'}`);
      state = everyOne.map((one) => one.state).join(', ');
    }
    await sleep(200);
  }
  throw connectorFailed(task.name, `did not run within ${connectorReadyWithinMs / 1000} s: ${state}`);
}

async function connectorStatus(url: string): Promise<ConnectorStatus | undefined> {
  const answer = await fetch(`${url}/status`);
  return answer.ok ? ((await answer.json()) as ConnectorStatus) : undefined; // 404 until Connect has read its own topic
}

function connectorFailed(name: string, what: string): MkondoError {
  return new MkondoError('PART_FAILED', `The connector '${name}' ${what}`, {
    advice: "Read Connect's log; `npm run preflight` tells what v2 lacks.",
  });
}
