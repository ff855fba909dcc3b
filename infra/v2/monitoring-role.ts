// The role by which v2 and v3 are watched. In v2 it is granted nothing: the views of replication, which every role may
// read, say all that is asked. No pipeline uses it.

export const monitoringRole = 'mkondo_monitor';

/** For both servers. The password is set apart from this text, so that the text may be mailed and filed. */
export function monitoringRoleSql(): string {
  return `CREATE ROLE "${monitoringRole}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 5;`;
}

/** Whatever it asks, it cannot write, and cannot hold v2 up. */
export function monitoringRoleSettingsSql(): string {
  return [
    `ALTER ROLE "${monitoringRole}" SET default_transaction_read_only = on;`,
    `ALTER ROLE "${monitoringRole}" SET statement_timeout = '5s';`,
    `ALTER ROLE "${monitoringRole}" SET lock_timeout = '100ms';`,
  ].join('\n');
}

/** v3: it may read our books, and no row of landing or of v3. `owner` is the role that makes them. */
export function monitoringGrantsSql({ owner }: { readonly owner: string }): string {
  return [
    `CREATE SCHEMA IF NOT EXISTS cdc AUTHORIZATION "${owner}";`,
    `GRANT USAGE ON SCHEMA cdc TO "${monitoringRole}";`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA cdc TO "${monitoringRole}";`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE "${owner}" IN SCHEMA cdc GRANT SELECT ON TABLES TO "${monitoringRole}";`,
  ].join('\n');
}
