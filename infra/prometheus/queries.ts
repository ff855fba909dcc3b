// What the PostgreSQL exporters ask, and under which names it is shown: <name>_<column>.
import { stringify } from 'yaml';
import { IS_OPEN } from '../../activities/quarantine.ts';

interface Column {
  readonly usage: 'LABEL' | 'GAUGE' | 'COUNTER';
  readonly description: string;
}

export interface ExporterQuery {
  readonly name: string;
  readonly sql: string;
  readonly columns: Readonly<Record<string, Column>>;
  /** An answer is given again for so long. */
  readonly cacheSeconds?: number;
}

const label = (description: string): Column => ({ usage: 'LABEL', description });
const gauge = (description: string): Column => ({ usage: 'GAUGE', description });
const counter = (description: string): Column => ({ usage: 'COUNTER', description });

const connections = (side: 'v2' | 'v3'): ExporterQuery => ({
  name: `mkondo_${side}_connections`,
  sql: `SELECT CASE WHEN usename LIKE 'mkondo%' THEN usename ELSE 'all others' END AS role, count(*) AS open,
       current_setting('max_connections')::int AS most
FROM pg_stat_activity WHERE usename IS NOT NULL GROUP BY 1`,
  columns: {
    role: label('role of ours, or all others'),
    open: gauge(`connections to ${side}`),
    most: gauge(`connections that ${side} allows in all`),
  },
});

/** Every role may read these views; no table of v2's is asked, and none could be. */
export const v2Queries: readonly ExporterQuery[] = [
  {
    name: 'mkondo_v2_slot',
    sql: `WITH here AS (
  SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS lsn)
SELECT slot_name AS slot,
       active::int AS active,
       pg_wal_lsn_diff(here.lsn, restart_lsn) AS retained_bytes,
       pg_wal_lsn_diff(here.lsn, confirmed_flush_lsn) AS unconfirmed_bytes,
       safe_wal_size AS room_bytes,
       (wal_status IN ('unreserved', 'lost'))::int AS lost,
       age(catalog_xmin) AS catalog_age_transactions
FROM pg_replication_slots, here
WHERE database = current_database() AND slot_type = 'logical' AND NOT temporary`,
    columns: {
      slot: label('name of the replication slot'),
      active: gauge('1 while somebody reads the slot'),
      retained_bytes: gauge('WAL that v2 keeps for the slot'),
      unconfirmed_bytes: gauge('WAL that the reader has not confirmed'),
      room_bytes: gauge('WAL that v2 may still write before it gives the slot up; none where there is no limit'),
      lost: gauge('1 when v2 has given up, or is about to give up, WAL that the slot needs'),
      catalog_age_transactions: gauge('transactions since the oldest row of the catalogs that the slot keeps'),
    },
  },
  {
    name: 'mkondo_v2_decoding',
    sql: `SELECT slot_name AS slot, total_txns, total_bytes, spill_bytes FROM pg_stat_replication_slots`,
    columns: {
      slot: label('name of the replication slot'),
      total_txns: counter('transactions that v2 decoded for the slot'),
      total_bytes: counter('bytes that v2 decoded for the slot'),
      spill_bytes: counter('of those, bytes that did not fit into memory and went to a file first'),
    },
  },
  connections('v2'),
  {
    name: 'mkondo_v2_database',
    sql: `SELECT xact_commit AS commits, xact_rollback AS rollbacks, deadlocks,
       blks_read AS blocks_read, temp_bytes
FROM pg_stat_database WHERE datname = current_database()`,
    columns: {
      commits: counter('transactions that v2 committed'),
      rollbacks: counter('transactions that v2 rolled back'),
      deadlocks: counter('deadlocks in v2'),
      blocks_read: counter('blocks that v2 read from its disk'),
      temp_bytes: counter('bytes that v2 wrote into temporary files'),
    },
  },
];

export const v3Queries: readonly ExporterQuery[] = [
  {
    name: 'mkondo_v3_quarantine',
    // Every pipeline has a row, so that a first entry is seen as one more.
    sql: `SELECT pipelines.name AS pipeline, coalesce(code, '') AS code, count(quarantine.id) AS open,
       coalesce(extract(epoch FROM now() - min(first_at)), 0) AS oldest_seconds
FROM cdc.pipelines LEFT JOIN cdc.quarantine ON quarantine.pipeline = pipelines.name AND ${IS_OPEN}
GROUP BY 1, 2`,
    columns: {
      pipeline: label('name of the pipeline'),
      code: label('code of the error, empty where there is none'),
      open: gauge('events and roots in quarantine'),
      oldest_seconds: gauge('how long the oldest of them has been there'),
    },
  },
  {
    name: 'mkondo_v3_pipeline',
    sql: `SELECT name AS pipeline,
       (SELECT count(*) FROM cdc.dirty WHERE dirty.pipeline = name) AS dirty,
       (SELECT count(DISTINCT root) FROM cdc.waiting WHERE waiting.pipeline = name) AS waiting,
       (mode <> 'running')::int AS stopped,
       extract(epoch FROM now() - mode_since) AS mode_seconds
FROM cdc.pipelines`,
    cacheSeconds: 10,
    columns: {
      pipeline: label('name of the pipeline'),
      dirty: gauge('roots that are to be derived'),
      waiting: gauge('of those, roots that wait for a parent'),
      stopped: gauge('1 while the pipeline derives nothing: paused, resetting or drifted'),
      mode_seconds: gauge('how long it has been so'),
    },
  },
  {
    name: 'mkondo_v3_operations',
    sql: `SELECT pipelines.name AS pipeline, count(operations.id) AS running
FROM cdc.pipelines LEFT JOIN cdc.operations ON operations.pipeline = pipelines.name AND state IN ('accepted', 'running')
GROUP BY 1`,
    columns: {
      pipeline: label('name of the pipeline'),
      running: gauge('operations under way'),
    },
  },
  {
    name: 'mkondo_v3_size',
    sql: `SELECT CASE WHEN nspname LIKE 'landing\\_%' THEN 'landing' WHEN nspname = 'cdc' THEN 'our books' ELSE 'v3' END AS part,
       sum(pg_total_relation_size(pg_class.oid)) AS bytes
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')
GROUP BY 1`,
    cacheSeconds: 60,
    columns: { part: label('landing, our books, or v3 itself'), bytes: gauge('size with indexes') },
  },
  connections('v3'),
  {
    name: 'mkondo_v3_database',
    sql: `SELECT xact_commit AS commits, deadlocks FROM pg_stat_database WHERE datname = current_database()`,
    columns: {
      commits: counter('transactions that v3 committed'),
      deadlocks: counter('deadlocks in v3'),
    },
  },
];

/** The exporter's file. */
export function printQueries(queries: readonly ExporterQuery[]): string {
  return stringify(
    Object.fromEntries(
      queries.map(({ name, sql, columns, cacheSeconds }) => [
        name,
        {
          query: sql,
          master: true,
          ...(cacheSeconds === undefined ? {} : { cache_seconds: cacheSeconds }),
          metrics: Object.entries(columns).map(([column, settings]) => ({ [column]: settings })),
        },
      ]),
    ),
    { lineWidth: 0 },
  );
}
