// The peer: Debezium's JDBC sink, fed from our own topics. Those carry no schemas, which the sink needs; Connect's
// JsonConverter takes one for all messages as a setting (KIP-1054), and it is made from the catalog.
import { setTimeout as sleep } from 'node:timers/promises';
import { registerConnector } from '../../infra/local/capture.ts';
import { withClient } from '../../infra/local/databases.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { v2Tables } from '../../pipelines/catalog/v2.ts';
import type { V2Table } from '../../pipelines/definition.ts';
import { topicOf } from '../../infra/debezium/topics.ts';
import { captureNames } from '../../infra/local/capture.ts';

export interface SinkTuning {
  readonly name: string;
  /** Settings on top of the sink's own defaults. */
  readonly settings: Readonly<Record<string, string>>;
  /** Every column has the type of the message: text for a decimal, a number for a time. */
  readonly rawTypes: boolean;
}

const BATCH_RECORDS = '5000';

const largeBatches = {
  'batch.size': BATCH_RECORDS,
  'consumer.override.max.poll.records': BATCH_RECORDS,
  'consumer.override.max.partition.fetch.bytes': String(16 * 1024 * 1024),
  'consumer.override.fetch.max.bytes': String(64 * 1024 * 1024),
};

/** As it comes, and tuned by what its documentation offers for throughput. */
export const sinkTunings: readonly SinkTuning[] = [
  { name: 'defaults', settings: {}, rawTypes: false },
  { name: 'large batches', settings: largeBatches, rawTypes: false },
  {
    name: 'large batches, unnest',
    settings: { ...largeBatches, 'use.reduction.buffer': 'true', 'dialect.postgres.unnest.insert.enabled': 'true' },
    // This way it casts to the type of the message, and neither text to numeric nor microseconds to a timestamp is a cast.
    rawTypes: true,
  },
];

const SINK_DATABASE = 'sink';

/** URL of the sink's database, beside v3 on the same server. */
export function sinkUrl(stack: Stack): string {
  const url = new URL(stack.urls.v3.application);
  url.pathname = `/${SINK_DATABASE}`;
  return url.href;
}

/** An empty table like v2's, with v2's key. */
export async function makeSinkTable(stack: Stack, table: V2Table, { rawTypes }: SinkTuning): Promise<void> {
  const { columns, primaryKey } = v2Tables[table];
  await withClient(stack.urls.v3.admin, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [SINK_DATABASE]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${SINK_DATABASE} OWNER openlmis`);
  });
  await withClient(sinkUrl(stack), async (client) => {
    const definitions = Object.entries(columns).map(([name, type]) => `"${name}" ${rawTypes ? rawType(type) : type}`);
    await client.query(`DROP TABLE IF EXISTS ${table}`);
    await client.query(`CREATE TABLE ${table} (${definitions.join(', ')}, PRIMARY KEY (${primaryKey.join(', ')}))`);
  });
}

export interface Sink {
  /** @throws Error with Connect's trace when its task has died */
  readonly check: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts the sink for one table with one task. It reads the topic from its beginning, or only what comes from now on. */
export async function startSink(task: {
  readonly stack: Stack;
  readonly name: string;
  readonly table: V2Table;
  readonly tuning: SinkTuning;
  readonly from: 'earliest' | 'latest';
}): Promise<Sink> {
  const { stack, name, table, tuning } = task;
  const url = new URL(sinkUrl(stack));
  const converter = 'org.apache.kafka.connect.json.JsonConverter';
  await registerConnector({
    connect: stack.connect,
    name,
    config: {
      'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
      'tasks.max': '1',
      topics: topicOf({ prefix: captureNames.topicPrefix, table }),
      // Our topics carry decimals as text: PostgreSQL itself is to read them by the column's type.
      'connection.url': `jdbc:postgresql://${url.host}${url.pathname}?stringtype=unspecified`,
      'connection.username': url.username,
      'connection.password': url.password,
      'insert.mode': 'upsert',
      'delete.enabled': 'true',
      'primary.key.mode': 'record_key',
      'schema.evolution': 'none',
      'collection.name.format': table.split('.').at(-1) as string,
      'key.converter': converter,
      'key.converter.schemas.enable': 'true',
      'key.converter.schema.content': JSON.stringify(keySchema(table, tuning)),
      'value.converter': converter,
      'value.converter.schemas.enable': 'true',
      'value.converter.schema.content': JSON.stringify(envelopeSchema(table, tuning)),
      'consumer.override.auto.offset.reset': task.from,
      ...tuning.settings,
    },
  });
  return {
    async check() {
      const status = (await (await fetch(`${stack.connect}/connectors/${name}/status`)).json()) as {
        readonly tasks?: readonly { readonly state: string; readonly trace?: string }[];
      };
      const dead = status.tasks?.find(({ state }) => state === 'FAILED');
      if (dead !== undefined) throw new Error(`The sink's task has failed: ${dead.trace ?? 'no trace'}`);
    },
    async stop() {
      await fetch(`${stack.connect}/connectors/${name}`, { method: 'DELETE' });
      // Connect forgets the connector at once and ends its task a little later.
      await sleep(1_000);
    },
  };
}

interface ConnectSchema {
  readonly type: string;
  readonly optional: boolean;
  readonly name?: string;
  readonly version?: number;
  readonly field?: string;
  readonly fields?: readonly ConnectSchema[];
}

function keySchema(table: V2Table, tuning: SinkTuning): ConnectSchema {
  const { columns, primaryKey } = v2Tables[table];
  const types: Readonly<Record<string, string>> = columns;
  const fields = primaryKey.map((column) => ({
    ...valueSchema(types[column] ?? 'text', tuning),
    optional: false,
    field: column,
  }));
  return { type: 'struct', name: `${captureNames.topicPrefix}.${table}.Key`, optional: false, fields };
}

function envelopeSchema(table: V2Table, tuning: SinkTuning): ConnectSchema {
  const { columns, primaryKey } = v2Tables[table];
  const name = `${captureNames.topicPrefix}.${table}`;
  const keys: readonly string[] = primaryKey;
  const fields = Object.entries(columns).map(([column, type]) => ({
    ...valueSchema(type, tuning),
    optional: !keys.includes(column),
    field: column,
  }));
  const row = (field: string): ConnectSchema => ({
    type: 'struct',
    name: `${name}.Value`,
    optional: true,
    field,
    fields,
  });
  const text = (field: string): ConnectSchema => ({ type: 'string', optional: true, field });
  const whole = (field: string): ConnectSchema => ({ type: 'int64', optional: true, field });
  const source: ConnectSchema = {
    type: 'struct',
    name: 'io.debezium.connector.postgresql.Source',
    optional: false,
    field: 'source',
    fields: [
      text('version'),
      text('connector'),
      text('name'),
      whole('ts_ms'),
      text('snapshot'),
      text('db'),
      text('sequence'),
      text('schema'),
      text('table'),
      whole('txId'),
      whole('lsn'),
    ],
  };
  return {
    type: 'struct',
    name: `${name}.Envelope`,
    version: 2,
    optional: false,
    fields: [row('before'), row('after'), source, { ...text('op'), optional: false }, whole('ts_ms')],
  };
}

/** As our connector's settings have Debezium write the type. */
function valueSchema(type: string, { rawTypes }: SinkTuning): Omit<ConnectSchema, 'field'> {
  const optional = true;
  if (type === 'integer') return { type: 'int32', optional };
  if (type === 'smallint') return { type: 'int16', optional };
  if (type === 'bigint') return { type: 'int64', optional };
  if (type === 'boolean') return { type: 'boolean', optional };
  if (type === 'double precision') return { type: 'double', optional };
  if (type === 'date')
    return { type: 'int32', optional, ...(rawTypes ? {} : { name: 'io.debezium.time.Date', version: 1 }) };
  if (type.startsWith('timestamp without'))
    return { type: 'int64', optional, ...(rawTypes ? {} : { name: 'io.debezium.time.MicroTimestamp', version: 1 }) };
  return { type: 'string', optional };
}

function rawType(type: string): string {
  if (type === 'date') return 'integer';
  if (type.startsWith('timestamp without')) return 'bigint';
  return /^(integer|smallint|bigint|boolean|double precision)$/.test(type) ? type : 'text';
}
