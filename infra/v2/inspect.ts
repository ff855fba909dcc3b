// What the preflight has to know of v2: read from its catalogs alone, in a read-only transaction, without a look at any
// row of its tables.
import type { ClientBase } from 'pg';

export interface InspectOptions {
  /** `schema.table` */
  readonly tables: readonly string[];
  readonly publication: string;
  readonly slot: string;
  readonly role: string;
}

export interface V2Facts {
  readonly server: ServerFacts;
  readonly tables: readonly TableFacts[];
  /** `undefined` when there is no such role. */
  readonly role: RoleFacts | undefined;
  readonly publication: PublicationFacts | undefined;
  readonly slot: SlotFacts | undefined;
  /** Columns of type date in which v2's statistics show a date before Christ, as `schema.table.column`. */
  readonly datesBeforeChrist: readonly string[];
}

export interface ServerFacts {
  /** 150004 for 15.4. */
  readonly version: number;
  readonly walLevel: string;
  readonly freeSlots: number;
  readonly freeWalSenders: number;
  /** MB of log that a slot may hold back; -1 without limit; `null` when this version knows no limit. */
  readonly maxSlotWalMb: number | null;
}

export interface TableFacts {
  readonly table: string;
  readonly exists: boolean;
  /** An unlogged or temporary table writes no log, so nothing can be captured. */
  readonly logged: boolean;
  /** Updates and deletes in a publication need one: a primary key that is not deferrable, a chosen index, or FULL. */
  readonly identity: 'primary key' | 'index' | 'full' | 'none';
  /** The columns that a delete event names: of the primary key or of the chosen index; `null` for FULL and none. */
  readonly identityColumns: readonly string[] | null;
  readonly primaryKeyIsDeferrable: boolean;
  /** The unique indexes over NOT NULL columns, any of which could be chosen. */
  readonly candidates: readonly CandidateIndex[];
  readonly roleMaySelect: boolean | null;
  readonly roleMayWrite: boolean | null;
}

export interface CandidateIndex {
  readonly index: string;
  readonly columns: readonly string[];
}

export interface RoleFacts {
  readonly login: boolean;
  readonly replication: boolean;
  readonly superuser: boolean;
}

export interface PublicationFacts {
  readonly allTables: boolean;
  readonly publishes: {
    readonly insert: boolean;
    readonly update: boolean;
    readonly delete: boolean;
    readonly truncate: boolean;
  };
  readonly tables: readonly string[];
}

export interface SlotFacts {
  readonly plugin: string | null;
  readonly database: string | null;
  readonly active: boolean;
  readonly walStatus: string | null;
}

/** Reads all facts in one read-only transaction. */
export async function inspectV2(client: ClientBase, options: InspectOptions): Promise<V2Facts> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const { rows: servers } = await client.query<ServerFacts>(serverSql);
    const { rows: roles } = await client.query<RoleFacts>(roleSql, [options.role]);
    const { rows: tables } = await client.query<TableFacts>(tablesSql, [options.tables, options.role]);
    const { rows: publications } = await client.query<PublicationFacts>(publicationSql, [options.publication]);
    const { rows: slots } = await client.query<SlotFacts>(slotSql, [options.slot]);
    const { rows: dates } = await client.query<{ column: string }>(datesBeforeChristSql, [options.tables]);
    const [server] = servers;
    if (server === undefined) throw new Error('v2 gave no answer about its settings');
    return {
      server,
      tables,
      role: roles[0],
      publication: publications[0],
      slot: slots[0],
      datesBeforeChrist: dates.map(({ column }) => column),
    };
  } finally {
    await client.query('ROLLBACK');
  }
}

const serverSql = `
  SELECT current_setting('server_version_num')::int AS version,
         current_setting('wal_level') AS "walLevel",
         current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots) AS "freeSlots",
         current_setting('max_wal_senders')::int - (SELECT count(*)::int FROM pg_stat_replication) AS "freeWalSenders",
         (SELECT setting::int FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS "maxSlotWalMb"`;

const roleSql = `
  SELECT rolcanlogin AS login, rolreplication AS replication, rolsuper AS superuser FROM pg_roles WHERE rolname = $1`;

const indexColumns = `(SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
           WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))`;

// A candidate for REPLICA IDENTITY USING INDEX: unique, checked at once, over whole rows, over NOT NULL columns only.
const tablesSql = `
  SELECT wanted.name AS "table",
         c.oid IS NOT NULL AS "exists",
         coalesce(c.relpersistence = 'p', false) AS logged,
         CASE WHEN c.relreplident = 'f' THEN 'full'
              WHEN identity.columns IS NULL THEN 'none'
              WHEN c.relreplident = 'd' THEN 'primary key'
              ELSE 'index' END AS identity,
         identity.columns AS "identityColumns",
         EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND NOT i.indimmediate)
           AS "primaryKeyIsDeferrable",
         candidates.list AS candidates,
         CASE WHEN c.oid IS NOT NULL AND r.oid IS NOT NULL
              THEN has_table_privilege(r.oid, c.oid, 'SELECT') AND has_schema_privilege(r.oid, c.relnamespace, 'USAGE')
         END AS "roleMaySelect",
         CASE WHEN c.oid IS NOT NULL AND r.oid IS NOT NULL
              THEN has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') END AS "roleMayWrite"
    FROM unnest($1::text[]) AS wanted (name)
    LEFT JOIN pg_class c
      ON c.oid = to_regclass(format('%I.%I', split_part(wanted.name, '.', 1), split_part(wanted.name, '.', 2)))
    LEFT JOIN pg_roles r ON r.rolname = $2
    LEFT JOIN LATERAL (
      SELECT ${indexColumns} AS columns
        FROM pg_index i
       WHERE i.indrelid = c.oid AND i.indimmediate AND i.indisvalid
         AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
    ) AS identity ON true
   CROSS JOIN LATERAL (
      SELECT coalesce(json_agg(json_build_object('index', i.indexrelid::regclass::text, 'columns', ${indexColumns})
                               ORDER BY i.indexrelid::regclass::text), '[]') AS list
        FROM pg_index i
       WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid
         AND i.indpred IS NULL AND i.indexprs IS NULL
         AND NOT EXISTS (SELECT FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull)
    ) AS candidates
   ORDER BY wanted.name`;

const publicationSql = `
  SELECT p.puballtables AS "allTables",
         json_build_object('insert', p.pubinsert, 'update', p.pubupdate, 'delete', p.pubdelete, 'truncate', p.pubtruncate) AS publishes,
         (SELECT coalesce(array_agg(t.schemaname || '.' || t.tablename ORDER BY 1), '{}')
            FROM pg_publication_tables t WHERE t.pubname = p.pubname) AS tables
    FROM pg_publication p
   WHERE p.pubname = $1`;

// wal_status came with PostgreSQL 13: through json, an older server answers null instead of an error.
const slotSql = `
  SELECT s.plugin, s.database, s.active, to_json(s) ->> 'wal_status' AS "walStatus"
    FROM pg_replication_slots s
   WHERE s.slot_name = $1`;

// The planner's statistics hold the least value of each column that ANALYZE saw: no row has to be read. They show only
// tables that the asking role may read.
const datesBeforeChristSql = `
  SELECT s.schemaname || '.' || s.tablename || '.' || s.attname AS "column"
    FROM pg_stats s
    JOIN pg_attribute a ON a.attrelid = to_regclass(format('%I.%I', s.schemaname, s.tablename)) AND a.attname = s.attname
   WHERE s.schemaname || '.' || s.tablename = ANY ($1::text[])
     AND a.atttypid = 'date'::regtype
     AND (s.histogram_bounds::text LIKE '% BC%' OR s.most_common_vals::text LIKE '% BC%')
   ORDER BY 1`;
