// Roles and databases of both servers, as a DBA would have made them. Safe to repeat.
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { Secrets } from './secrets.ts';
import {
  monitoringGrantsSql,
  monitoringRole,
  monitoringRoleSettingsSql,
  monitoringRoleSql,
} from '../v2/monitoring-role.ts';
import { roleSql } from '../v2/publication.ts';

export const v2Database = 'elmis';
const v3Database = 'openlmis';
export const replicationRole = 'mkondo_replication';

export interface DatabaseUrls {
  readonly v2: {
    /** Superuser: for the DBA's work, and for tests. */
    readonly admin: string;
    /** The role of the eLMIS application; owns its tables. */
    readonly application: string;
    /** Debezium's role. */
    readonly replication: string;
    /** Sees how replication stands, and no row. */
    readonly monitoring: string;
  };
  readonly v3: {
    readonly admin: string;
    /** The role of the OpenLMIS application; owns v3's tables. */
    readonly application: string;
    /** Our own role: writes v3's rows, owns our schemas. */
    readonly mkondo: string;
    /** Reads our books, and no row of landing or of v3. */
    readonly monitoring: string;
  };
}

export function databaseUrls(task: {
  readonly ports: { readonly v2: number; readonly v3: number };
  readonly secrets: Secrets;
}): DatabaseUrls {
  const { ports, secrets } = task;
  const v2 = (role: string, password: string): string =>
    `postgresql://${role}:${password}@127.0.0.1:${ports.v2}/${v2Database}`;
  const v3 = (role: string, password: string): string =>
    `postgresql://${role}:${password}@127.0.0.1:${ports.v3}/${v3Database}`;
  return {
    v2: {
      admin: v2('postgres', secrets.superuser),
      application: v2('elmis', secrets.elmis),
      replication: v2(replicationRole, secrets.replication),
      monitoring: v2(monitoringRole, secrets.monitor),
    },
    v3: {
      admin: v3('postgres', secrets.superuser),
      application: v3('openlmis', secrets.openlmis),
      mkondo: v3('mkondo', secrets.mkondo),
      monitoring: v3(monitoringRole, secrets.monitor),
    },
  };
}

/** v2: database `elmis`, the application's role that owns it, the replication role without any right on a table yet. */
export async function prepareV2(task: { readonly serverUrl: string; readonly secrets: Secrets }): Promise<void> {
  const { serverUrl, secrets } = task;
  await withClient(serverUrl, async (server) => {
    await ensureRole(server, { role: 'elmis', create: 'CREATE ROLE "elmis" LOGIN', password: secrets.elmis });
    await ensureRole(server, {
      role: replicationRole,
      create: roleSql({ role: replicationRole }),
      password: secrets.replication,
    });
    await ensureMonitoringRole(server, secrets);
    await ensureDatabase(server, { database: v2Database, owner: 'elmis' });
  });
  // Since PostgreSQL 15 a schema's owner alone may make tables in `public`; before, anyone.
  await withClient(inDatabase(serverUrl, v2Database), (client) => client.query('ALTER SCHEMA public OWNER TO elmis'));
}

/**
 * v3: database `openlmis` with the extensions that its own migrations ask for, the role that owns its tables, and
 * `mkondo`, which may write those rows and make schemas of its own, and is no superuser. The default privileges give
 * `mkondo` its rights on each table that `openlmis` makes later.
 */
export async function prepareV3(task: { readonly serverUrl: string; readonly secrets: Secrets }): Promise<void> {
  const { serverUrl, secrets } = task;
  await withClient(serverUrl, async (server) => {
    await ensureRole(server, { role: 'openlmis', create: 'CREATE ROLE "openlmis" LOGIN', password: secrets.openlmis });
    await ensureRole(server, { role: 'mkondo', create: 'CREATE ROLE "mkondo" LOGIN', password: secrets.mkondo });
    await ensureMonitoringRole(server, secrets);
    await ensureDatabase(server, { database: v3Database, owner: 'openlmis' });
    await server.query(`GRANT CONNECT, CREATE, TEMPORARY ON DATABASE ${v3Database} TO mkondo`);
  });
  await withClient(inDatabase(serverUrl, v3Database), (client) =>
    client.query(`${v3ExtensionsAndRights}\n${monitoringGrantsSql({ owner: 'mkondo' })}`),
  );
}

const v3ExtensionsAndRights = `
  CREATE EXTENSION IF NOT EXISTS postgis;
  CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
  ALTER DEFAULT PRIVILEGES FOR ROLE openlmis GRANT USAGE ON SCHEMAS TO mkondo;
  ALTER DEFAULT PRIVILEGES FOR ROLE openlmis GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO mkondo;
  ALTER DEFAULT PRIVILEGES FOR ROLE openlmis GRANT USAGE, SELECT ON SEQUENCES TO mkondo;`;

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function ensureRole(
  server: Client,
  { role, create, password }: { readonly role: string; readonly create: string; readonly password: string },
): Promise<void> {
  const { rowCount } = await server.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) await server.query(create);
  await server.query(`ALTER ROLE ${escapeIdentifier(role)} PASSWORD ${escapeLiteral(password)}`);
}

async function ensureMonitoringRole(server: Client, secrets: Secrets): Promise<void> {
  await ensureRole(server, { role: monitoringRole, create: monitoringRoleSql(), password: secrets.monitor });
  await server.query(monitoringRoleSettingsSql());
}

async function ensureDatabase(
  server: Client,
  { database, owner }: { readonly database: string; readonly owner: string },
): Promise<void> {
  const { rowCount } = await server.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
  if (rowCount === 0)
    await server.query(`CREATE DATABASE ${escapeIdentifier(database)} OWNER ${escapeIdentifier(owner)}`);
}

function inDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
