// What v2's DBA does once, as SQL text to read, to hand over and to run: a role that may read exactly the tables that are
// captured, a publication that names exactly them, and a replica identity where a table has no primary key.

export interface PublicationOptions {
  /** `schema.table`, each with a usable replica identity: see preflight.ts, which checks just that. */
  readonly tables: readonly string[];
  readonly publication: string;
  readonly role: string;
}

/**
 * The role that Debezium logs in with. It may stream the log and read what it is granted, nothing else.
 * The password is set apart from this text, so that the text may be mailed and filed.
 */
export function roleSql({ role }: Pick<PublicationOptions, 'role'>): string {
  return `CREATE ROLE ${name(role)} LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 10;`;
}

/** Rights on the captured tables: the snapshot reads them, streaming reads the log. */
export function grantsSql({ tables, role }: Pick<PublicationOptions, 'tables' | 'role'>): string {
  const schemas = [...new Set(tables.map(schemaOf))];
  return [
    ...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${name(schema)} TO ${name(role)};`),
    `GRANT SELECT ON TABLE\n  ${tables.map(qualified).join(',\n  ')}\n  TO ${name(role)};`,
  ].join('\n');
}

/**
 * Never FOR ALL TABLES: a publication makes v2's own UPDATE and DELETE fail on each table in it that has no replica
 * identity.
 */
export function publicationSql({ tables, publication }: Omit<PublicationOptions, 'role'>): string {
  return `CREATE PUBLICATION ${name(publication)} FOR TABLE\n  ${tables.map(qualified).join(',\n  ')};`;
}

/** The same for a publication that exists: it holds these tables afterwards, no other. */
export function publicationChangeSql({ tables, publication }: Omit<PublicationOptions, 'role'>): string {
  return `ALTER PUBLICATION ${name(publication)} SET TABLE\n  ${tables.map(qualified).join(',\n  ')};`;
}

/**
 * A table without a primary key may be published only when its rows are known otherwise: by a unique index over NOT NULL
 * columns, or (`index` null) by the whole row, which makes v2 write more log.
 */
export function replicaIdentitySql({
  table,
  index,
}: {
  readonly table: string;
  readonly index: string | null;
}): string {
  return `ALTER TABLE ${qualified(table)} REPLICA IDENTITY ${index === null ? 'FULL' : `USING INDEX ${name(index)}`};`;
}

function qualified(table: string): string {
  return table.split('.').map(name).join('.');
}

function schemaOf(table: string): string {
  return table.split('.')[0] ?? '';
}

/** An identifier, quoted always: no name can then be a keyword or carry SQL. */
function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
