// Settings of Debezium's PostgreSQL connector, each with its reason. Several defaults lose data, types or v2's peace.
import { topicPartitions, topicSettings } from './topics.ts';

export interface ConnectorOptions {
  /** v2's tables, `schema.table`. Exactly those of the publication. */
  readonly tables: readonly string[];
  readonly v2: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    /** The replication role, with least rights. */
    readonly user: string;
    readonly password: string;
  };
  readonly topicPrefix: string;
  /** Stands where a large value did not change. Random for each deployment, so that no user can have typed it. */
  readonly unavailableValue: string;
  readonly publication: string;
  readonly slot: string;
  readonly replicationFactor?: number;
}

export type ConnectorConfig = Readonly<Record<string, string>>;

export function connectorConfig(options: ConnectorOptions): ConnectorConfig {
  return {
    ...source(options),
    ...whatIsRead(options),
    ...howValuesAreWritten(options),
    ...pace(),
    ...topics(options),
    ...failures(),
  };
}

/** Where v2 is, and how the connector behaves so that v2 does not notice it. */
function source({ v2, publication, slot }: ConnectorOptions): ConnectorConfig {
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1', // one slot, one reader
    'database.hostname': v2.host,
    'database.port': String(v2.port),
    'database.user': v2.user,
    'database.password': v2.password,
    'database.dbname': v2.database,
    'plugin.name': 'pgoutput', // PostgreSQL's own; the default, decoderbufs, has to be installed on v2
    'publication.name': publication,
    'publication.autocreate.mode': 'disabled', // the default publishes all tables: v2's own updates of those without a key would fail
    'slot.name': slot,
    'slot.drop.on.stop': 'false', // a stopped connector must find its place again
    // Confirms WAL that holds nothing for us, too, when v2 is busy elsewhere: without it v2 keeps that WAL, or a heartbeat
    // has to write into v2.
    'lsn.flush.mode': 'connector_and_driver',
    // Follows from the line above: after a quiet time the slot stands ahead of the stored offset, by WAL that held nothing
    // for us. `trust_offset` would call that a loss and fail; the default would not look at all.
    'offset.mismatch.strategy': 'trust_slot',
    'heartbeat.interval.ms': '5000', // into Kafka alone; there is no heartbeat.action.query, for v2 is not written
  };
}

/** Columns that are never sent. */
const secrets = ['public.users.password'];

/** A regular expression for just this name. */
function pattern(name: string): string {
  return name.replaceAll('.', String.raw`\.`);
}

/** Which changes become events. */
function whatIsRead({ tables }: ConnectorOptions): ConnectorConfig {
  return {
    'table.include.list': tables.map(pattern).join(','),
    'column.exclude.list': secrets.map(pattern).join(','), // landing keeps whole rows: what nobody may read stays in v2
    'snapshot.mode': 'initial',
    'snapshot.locking.mode': 'none', // no lock in v2
    'snapshot.isolation.mode': 'repeatable_read', // one moment for all tables; serializable would add predicate locks to v2
    'skipped.operations': 'none', // truncates are dropped by default
    'include.unknown.datatypes': 'true', // columns of types it does not know vanish by default, without a word
    'tombstones.on.delete': 'true',
  };
}

/** Every value exactly, as text that PostgreSQL itself can read back. */
function howValuesAreWritten({ unavailableValue }: ConnectorOptions): ConnectorConfig {
  return {
    'decimal.handling.mode': 'string', // carries NaN and Infinity, and needs no schema to be decoded
    'time.precision.mode': 'microseconds', // exact integers, infinity included; isostring loses 24:00 and writes infinity as a year
    'interval.handling.mode': 'string', // the default counts a month as 30.4375 days
    'binary.handling.mode': 'hex', // cannot be mistaken for text, and PostgreSQL reads it
    'hstore.handling.mode': 'json',
    'unavailable.value.placeholder': unavailableValue,
    // The schema would be most of each message; types are known from the catalog.
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'key.converter.replace.null.with.default': 'false',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
    'value.converter.replace.null.with.default': 'false', // by default a NULL in a column that has a default arrives as that default
  };
}

/** Soon, but in batches when there is much. */
function pace(): ConnectorConfig {
  return {
    // A change waits about this long on average, half of it for the slot to be asked and half in Debezium's queue: the default of
    // 500 would be most of our latency. Within the last millisecond of each wait the queue spins (ChangeEventQueue.poll, 3.7):
    // with 10 that and the asking took 11 % of a core while nothing changed.
    'poll.interval.ms': '20',
    'max.batch.size': '4096',
    'max.queue.size': '16384', // at least twice the batch, so that reading v2 and writing Kafka overlap
    'max.queue.size.in.bytes': String(128 * 1024 * 1024), // a queue full of documents must not fill the heap
    'producer.override.linger.ms': '0', // Kafka 4 waits 5 ms by default for more; under load batches form by themselves
    'producer.override.batch.size': String(256 * 1024),
    'producer.override.compression.type': 'none', // what is gained on a loopback or a local network is lost in every reader
    'producer.override.max.request.size': topicSettings['max.message.bytes'],
  };
}

function topics({ topicPrefix, replicationFactor = 1 }: ConnectorOptions): ConnectorConfig {
  return {
    'topic.prefix': topicPrefix,
    'topic.creation.default.partitions': String(topicPartitions),
    'topic.creation.default.replication.factor': String(replicationFactor),
    ...Object.fromEntries(
      Object.entries(topicSettings).map(([key, value]) => [`topic.creation.default.${key}`, value]),
    ),
  };
}

/** v2 or Kafka may go away for a while; no event may be skipped for it. */
function failures(): ConnectorConfig {
  return {
    'errors.tolerance': 'none', // the alternative is to lose events silently
    'errors.log.enable': 'true',
    'errors.max.retries': '-1', // v2 comes back some day
    'errors.retry.delay.initial.ms': '300',
    'errors.retry.delay.max.ms': '10000',
    'retriable.restart.connector.wait.ms': '1000', // default 10 s
    // After a crash v2 may hold the slot for the old connection until it notices that nobody is there.
    'slot.max.retries': '120',
    'slot.retry.delay.ms': '1000',
  };
}
