// Waits until what v2 has committed so far is in v3, or says what is still on its way.
import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTopicReader } from '../../activities/topic-reader.ts';
import type { TopicReader } from '../../activities/topic-reader.ts';
import { publishedTables } from '../../pipelines/index.ts';
import { topicOf } from '../debezium/topics.ts';

export interface SettledOptions {
  readonly v2Url: string;
  readonly v3Url: string;
  /** host:port */
  readonly kafka: string;
  readonly topicPrefix: string;
  readonly slot: string;
  readonly waitMs: number;
}

const LOOK_MS = 500;

/** Returns what is still on its way when the time is over; empty when all is applied. */
export async function waitUntilSettled(options: SettledOptions): Promise<readonly string[]> {
  const deadline = Date.now() + options.waitMs;
  const topics = publishedTables.map((table) => topicOf({ prefix: options.topicPrefix, table }));
  const reader = createTopicReader({ brokers: [options.kafka], topics, clientId: 'mkondo-verify' });
  try {
    // In the order of the flow: what has left one place may be in the next.
    const mark = await withClient(
      options.v2Url,
      async (v2) => (await v2.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn')).rows[0]?.lsn ?? '',
    );
    const stages = [() => beforeKafka(options, mark), () => beforeV3(options, reader)];
    let rest: readonly string[] = [];
    for (const stage of stages) {
      for (;;) {
        rest = await stage().catch((error: unknown) => [String(error)]);
        if (rest.length === 0) break;
        if (Date.now() >= deadline) return rest;
        await sleep(LOOK_MS);
      }
    }
    return rest;
  } finally {
    await reader.close();
  }
}

/** The slot confirms what Debezium has written to Kafka, every few seconds. */
async function beforeKafka({ v2Url, slot }: SettledOptions, mark: string): Promise<readonly string[]> {
  const { rows } = await withClient(v2Url, (v2) =>
    v2.query<{ behind: string; active: boolean }>(
      'SELECT greatest(0, $1::pg_lsn - confirmed_flush_lsn)::text AS behind, active FROM pg_replication_slots WHERE slot_name = $2',
      [mark, slot],
    ),
  );
  const [found] = rows;
  if (found === undefined) return [`v2 has no replication slot '${slot}'`];
  return found.behind === '0'
    ? []
    : [
        `${found.behind} bytes of v2's WAL are not confirmed to be in Kafka${found.active ? '' : ', and nobody reads the slot'}`,
      ];
}

async function beforeV3({ v3Url }: SettledOptions, reader: TopicReader): Promise<readonly string[]> {
  const bounds = await reader.bounds();
  const ends = Object.entries(bounds).map(([at, { end }]) => ({ at, end }));
  const { rows } = await withClient(v3Url, (v3) =>
    v3.query<{ line: string }>(
      `SELECT pos.pipeline || ': ' || sum(e."end" - pos.next_offset) || ' events are not landed' AS line
       FROM cdc.positions pos JOIN json_to_recordset($1) AS e (at text, "end" bigint) ON e.at = pos.topic || '/' || pos.partition
       WHERE pos.next_offset < e."end" GROUP BY pos.pipeline
       UNION ALL
       SELECT e.at || ': nobody has read it yet' FROM json_to_recordset($1) AS e (at text, "end" bigint)
       WHERE e."end" > 0 AND NOT EXISTS (SELECT FROM cdc.positions pos WHERE e.at = pos.topic || '/' || pos.partition)
       UNION ALL
       SELECT d.pipeline || ': ' || count(*) || ' roots are to be derived' FROM cdc.dirty d JOIN cdc.pipelines p ON p.name = d.pipeline
       WHERE isfinite(d.not_before) OR d.not_before < now() GROUP BY d.pipeline`,
      [JSON.stringify(ends)],
    ),
  );
  return rows.map(({ line }) => line);
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: 'mkondo-verify',
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
