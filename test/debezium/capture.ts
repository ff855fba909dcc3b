// Tables of a test's own, captured by the real connector with our settings and landed by the engine. What a test changes
// in v2 must stand in landing as v2's own SELECT shows it, however the events are cut into batches and repeated.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool, escapeIdentifier as name } from 'pg';
import { pino } from 'pino';
import { expect, inject } from 'vitest';
import { applyBatch } from '../../activities/batch.ts';
import { decodeChunk } from '../../activities/decode-chunk.ts';
import { typedValue } from '../../activities/column-types.ts';
import { readPositions, setMode, writePositions } from '../../activities/control.ts';
import { createEngines } from '../../activities/engine.ts';
import type { Engine } from '../../activities/engine.ts';
import { landingTable } from '../../activities/identifiers.ts';
import { migrate } from '../../activities/schema/migrate.ts';
import { createTopicReader } from '../../activities/topic-reader.ts';
import type { TopicReader } from '../../activities/topic-reader.ts';
import { inTransaction } from '../../activities/transaction.ts';
import { connectorConfig } from '../../infra/debezium/connector.ts';
import type { ConnectorConfig } from '../../infra/debezium/connector.ts';
import { registerConnector } from '../../infra/local/capture.ts';
import { replicationRole, v2Database } from '../../infra/local/databases.ts';
import type { DatabaseUrls } from '../../infra/local/databases.ts';
import { grantsSql, publicationSql } from '../../infra/v2/publication.ts';
import type { KafkaMessage } from '../../model/change-event.ts';
import { createMetrics } from '../../model/metrics.ts';
import type { Pipeline, V2Table } from '../../pipelines/definition.ts';

export interface CaptureStack {
  readonly stateDir: string;
  readonly v2Port: number;
  readonly v2: DatabaseUrls['v2'];
  readonly v3: DatabaseUrls['v3'];
  readonly replicationPassword: string;
  readonly placeholder: string;
  readonly kafka: string;
  readonly connect: string;
}

export interface CaptureOptions {
  /** Of the v2 schema, the slot, the publication, the connector and the topics. */
  readonly name: string;
  /** Makes the tables, and the rows that the snapshot will read. Runs as the application, in the schema of that name. */
  readonly before: string;
  /** Table -> key columns. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  readonly extra?: ConnectorConfig;
  /** Runs when everything is there but the connector. */
  readonly beforeConnector?: (schema: string) => Promise<void>;
}

/** A change event as Kafka holds it. */
export interface Envelope {
  readonly op: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly source: Readonly<Record<string, unknown>>;
}

type Row = Readonly<Record<string, string | null>>;

export interface Capture {
  readonly stack: CaptureStack;
  /** Begins the names of all its topics. */
  readonly prefix: string;
  /** The eLMIS application's connection; the schema is its search path. */
  readonly v2: Client;
  /** A second one, for transactions that run side by side. */
  connectV2(): Promise<Client>;
  /** Everything in the table's topic, once all that was committed so far is in it. */
  messages(table: string): Promise<readonly KafkaMessage[]>;
  /** Waits until the table's topic holds so many events. Writes nothing to v2. */
  untilEvents(table: string, events: number): Promise<void>;
  /** Lands what is new, in one batch. */
  land(table: string): Promise<void>;
  /** Passes over what is new, as if landing had never been told. */
  skip(table: string): Promise<void>;
  /** Lands what is new, then compares landing with v2. */
  expectLanded(table: string): Promise<void>;
  /**
   * Lands everything from the first event on, into an empty landing, in batches of several sizes, each twice; compares
   * landing with v2 each time.
   */
  expectLandedAnyHow(table: string, batchSizes?: readonly number[]): Promise<void>;
  landed(table: string): Promise<readonly Row[]>;
  /** Open quarantine of the table's events: code and message. */
  quarantined(table: string): Promise<readonly { readonly code: string; readonly message: string }[]>;
  close(): Promise<void>;
}

/** Above any number of events here. */
const wholeTopic = 1_000_000;

export async function openCapture(options: CaptureOptions): Promise<Capture> {
  const stack = inject('captureStack');
  const { name: schema } = options;
  const tables = [...Object.keys(options.tables), 'barrier'];
  const clients: Client[] = [];
  const connectV2 = async (): Promise<Client> => {
    const client = new Client({ connectionString: stack.v2.application });
    client.on('error', () => undefined); // a killed server is noticed by the next query
    await client.connect();
    await client.query(`SET search_path TO ${name(schema)}, public; SET timezone TO 'UTC'`);
    clients.push(client);
    return client;
  };

  const setUp = new Client({ connectionString: stack.v2.application });
  await setUp.connect();
  await setUp.query(`CREATE SCHEMA ${name(schema)}; SET search_path TO ${name(schema)}`);
  await setUp.query('CREATE TABLE barrier (id int PRIMARY KEY)');
  await setUp.query(options.before);
  await setUp.end();
  const qualified = tables.map((table) => `${schema}.${table}`);
  const admin = new Client({ connectionString: stack.v2.admin });
  await admin.connect();
  await admin.query(grantsSql({ tables: qualified, role: replicationRole }));
  await admin.query(publicationSql({ tables: qualified, publication: schema }));
  await admin.end();
  await options.beforeConnector?.(schema);
  const config = connectorConfig({
    tables: qualified,
    v2: {
      host: '127.0.0.1',
      port: stack.v2Port,
      database: v2Database,
      user: replicationRole,
      password: stack.replicationPassword,
    },
    unavailableValue: stack.placeholder,
    publication: schema,
    slot: schema,
    topicPrefix: schema,
  });
  await registerConnector({ connect: stack.connect, name: schema, config: { ...config, ...options.extra } });

  const v2 = await connectV2();
  const pool = new Pool({ connectionString: stack.v3.mkondo, max: 5 });
  await migrate(pool);
  const pipelines = Object.entries(options.tables).map(([table, key]) => pipelineOver({ schema, table, key }));
  const engines = createEngines({
    pool,
    metrics: createMetrics('worker'),
    log: pino({ level: 'silent' }),
    brokers: [stack.kafka],
    topicPrefix: schema,
    placeholder: stack.placeholder,
    pipelines,
  });
  const engineOf = async (table: string): Promise<Engine> => {
    const engine = await engines(pipelineName({ schema, table }));
    // Landing alone is looked at here: what pipelines make of it is tested elsewhere.
    await inTransaction(pool, (client) =>
      setMode(client, { pipeline: engine.name, mode: 'paused', reason: 'landing is tested', by: 'test' }),
    );
    return engine;
  };
  const barrier = createTopicReader({
    brokers: [stack.kafka],
    topics: [`${schema}.${schema}.barrier`],
    clientId: `${schema}-barrier`,
  });
  let barriers = 0;

  /** Waits until a row that is inserted now has come through. */
  async function passBarrier(): Promise<void> {
    barriers += 1;
    const id = barriers;
    await v2.query('INSERT INTO barrier VALUES ($1)', [id]);
    for (;;) {
      if ((await barrier.partitions()).length > 0) {
        const messages = await readAll(barrier);
        if (messages.some(({ value }) => value !== null && parse(value).after?.['id'] === id)) return;
      }
      await sleep(50);
    }
  }

  /**
   * Twice: what was committed before the first row had left the connector when the first row came, and the second row
   * leaves in a later request to Kafka.
   */
  async function settle(): Promise<void> {
    await passBarrier();
    await passBarrier();
  }

  async function messages(table: string): Promise<readonly KafkaMessage[]> {
    await settle();
    const { reader } = await engineOf(table);
    await reader.partitions();
    // The first message of a topic may be late: its producer tries again when the topic is new to the broker.
    const { rows } = await v2.query(`SELECT FROM ${name(table)} LIMIT 1`);
    const end = async (): Promise<number> =>
      Math.max(0, ...Object.values(await reader.bounds()).map((bound) => bound.end));
    while (rows.length > 0 && (await end()) === 0) await sleep(20);
    return readAll(reader);
  }

  async function landBatches(engine: Engine, all: readonly KafkaMessage[], batchSize: number): Promise<void> {
    const at = `${engine.topics[0] ?? ''}/0`;
    for (let from = 0; from < all.length; from += batchSize) {
      const batch = all.slice(from, from + batchSize);
      const first = batch[0]?.offset ?? 0;
      const report = await applyBatch(engine, {
        from: { [at]: first },
        next: { [at]: (batch.at(-1)?.offset ?? 0) + 1 },
        decoded: await decodeChunk(engine, batch),
        isDeferred: false,
        run: 'test',
      });
      expect(report.isApplied).toBe(true);
    }
  }

  async function land(table: string): Promise<void> {
    const all = await messages(table);
    const engine = await engineOf(table);
    const next = (await readPositions(pool, engine.name))[`${engine.topics[0] ?? ''}/0`] ?? 0;
    await landBatches(
      engine,
      all.filter(({ offset }) => offset >= next),
      wholeTopic,
    );
  }

  async function setPosition(engine: Engine, offset: number): Promise<void> {
    await pool.query('UPDATE cdc.positions SET next_offset = $2 WHERE pipeline = $1', [engine.name, offset]);
  }

  async function landed(table: string): Promise<readonly Row[]> {
    const types = await columnTypes(v2, { schema, table });
    const { rows } = await pool.query<Row>(
      `SELECT * FROM ${landingTable(pipelineName({ schema, table }), `${schema}.${table}`)} WHERE _live > 0`,
    );
    expect(rows.filter((row) => String(row['_live']) !== '1')).toEqual([]);
    return sorted(
      rows.map((row) => Object.fromEntries([...types].map(([column, type]) => [column, shown(type, row[column])]))),
    );
  }

  async function source(table: string): Promise<readonly Row[]> {
    const types = await columnTypes(v2, { schema, table });
    const columns = [...types.keys()].map((column) => `${name(column)}::text`);
    const { rows } = await v2.query<Row>(`SELECT ${columns.join(', ')} FROM ${name(table)}`);
    return sorted(
      rows.map((row) =>
        Object.fromEntries([...types].map(([column, type]) => [column, sameFloat(type, row[column] ?? null)])),
      ),
    );
  }

  return {
    stack,
    prefix: schema,
    v2,
    connectV2,
    messages,
    landed,

    async untilEvents(table, events) {
      const { reader, topics } = await engineOf(table);
      while (((await reader.bounds())[`${topics[0] ?? ''}/0`]?.end ?? 0) < events) await sleep(5);
    },

    land,

    async skip(table) {
      const last = (await messages(table)).at(-1)?.offset ?? -1;
      const engine = await engineOf(table);
      await inTransaction(pool, (client) =>
        writePositions(client, engine.name, { [`${engine.topics[0] ?? ''}/0`]: last + 1 }),
      );
    },

    async expectLanded(table) {
      await land(table);
      expect(await landed(table)).toEqual(await source(table));
    },

    async expectLandedAnyHow(table, batchSizes = [1, 3, wholeTopic]) {
      const all = await messages(table);
      const engine = await engineOf(table);
      const expected = await source(table);
      for (const batchSize of batchSizes) {
        const { rows: known } = await pool.query('SELECT FROM cdc.positions WHERE pipeline = $1', [engine.name]);
        if (known.length > 0) {
          await pool.query(`TRUNCATE ${landingTable(engine.name, `${schema}.${table}`)}`);
          for (const memory of ['truncates', 'snapshots'])
            await pool.query(`DELETE FROM cdc.${memory} WHERE pipeline = $1`, [engine.name]);
        }
        for (const round of ['first', 'repeated']) {
          await setPosition(engine, 0);
          await landBatches(engine, all, batchSize);
          expect(await landed(table), `batches of ${batchSize}, ${round}`).toEqual(expected);
        }
      }
    },

    async quarantined(table) {
      const { rows } = await pool.query<{ code: string; message: string }>(
        'SELECT code, message FROM cdc.quarantine WHERE pipeline = $1 AND resolved_at IS NULL ORDER BY id',
        [pipelineName({ schema, table })],
      );
      return rows;
    },

    async close() {
      await fetch(`${stack.connect}/connectors/${schema}`, { method: 'DELETE' });
      await dropSlot({ url: stack.v2.admin, slot: schema });
      const open = await Promise.all(Object.keys(options.tables).map(engineOf));
      await Promise.all([barrier.close(), ...open.map((engine) => engine.reader.close())]);
      await pool.end();
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    },
  };
}

/** The envelope in a message of a table's topic. */
export function parse(value: Buffer): Envelope {
  return JSON.parse(value.toString('utf8')) as Envelope;
}

/** The operations in a topic, `tombstone` for an empty value. */
export function operations(messages: readonly KafkaMessage[]): readonly string[] {
  return messages.map(({ value }) => (value === null ? 'tombstone' : parse(value).op));
}

/** Ends a part by SIGKILL; global-setup starts it again. */
export async function killPart(stack: CaptureStack, part: 'connect' | 'v2'): Promise<void> {
  const list = JSON.parse(await readFile(join(stack.stateDir, 'processes.json'), 'utf8')) as {
    readonly parts: readonly { readonly name: string; readonly pid: number }[];
  };
  const pid = list.parts.find((each) => each.name === part)?.pid;
  if (pid === undefined) throw new Error(`${part} does not run`);
  process.kill(-pid, 'SIGKILL');
}

/** A slot that nobody reads would keep v2's log, and v2 has only so many. Waits until the connector has let go. */
async function dropSlot({ url, slot }: { readonly url: string; readonly slot: string }): Promise<void> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  const exists = async (): Promise<boolean> =>
    (await admin.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [slot])).rowCount === 1;
  while (await exists()) {
    await admin.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active',
      [slot],
    );
    await sleep(50);
  }
  await admin.end();
}

function pipelineName({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `test-${schema}-${table.replaceAll('_', '-')}`;
}

/** A pipeline that reads one made-up table and owns nothing. */
function pipelineOver(of: {
  readonly schema: string;
  readonly table: string;
  readonly key: readonly string[];
}): Pipeline {
  return {
    name: pipelineName(of),
    summary: 'Lands one table.',
    // The catalog knows v2's tables only; landing takes the columns of others from their events.
    root: { table: `${of.schema}.${of.table}` as V2Table, key: of.key, columns: of.key, joins: {} },
    owns: {},
    derive: () => ({}),
  };
}

async function readAll(reader: TopicReader): Promise<readonly KafkaMessage[]> {
  const messages: KafkaMessage[] = [];
  const bounds = await reader.bounds();
  let positions: Readonly<Record<string, number>> = Object.fromEntries(Object.keys(bounds).map((at) => [at, 0]));
  while (Object.entries(bounds).some(([at, { end }]) => (positions[at] ?? 0) < end)) {
    const chunk = await reader.read(positions, { maxWaitMs: 500, maxBytes: 32 * 1024 * 1024 });
    messages.push(...chunk.messages);
    positions = { ...positions, ...chunk.next };
  }
  return messages;
}

async function columnTypes(
  client: Client,
  of: { readonly schema: string; readonly table: string },
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ column: string; type: string }>(
    `SELECT attname AS column, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = format('%I.%I', $1::text, $2::text)::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [of.schema, of.table],
  );
  return new Map(rows.map(({ column, type }) => [column, type]));
}

function shown(type: string, text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : sameFloat(type, String(typedValue(type)(text)));
}

/** The same float is written in different ways: 1e-07 and 1e-7, and in single precision 1e-45 and 1.4e-45. */
function sameFloat(type: string, text: string | null): string | null {
  if (text === null) return null;
  if (type === 'double precision') return String(Number(text));
  return type === 'real' ? String(Math.fround(Number(text))) : text;
}

function sorted(rows: readonly Row[]): readonly Row[] {
  const text = (row: Row): string => JSON.stringify(row);
  return rows.toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
}
