// Databases of a test's own on the server that MKONDO_TEST_PG_URL names. A schema is loaded once, into a template, and each
// test file gets a copy of it in a fraction of a second.
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { v2Schema, v3Schema } from '../../infra/demo/schema.ts';

export type Template = 'empty' | 'v2' | 'v3';

export interface TestDatabase {
  readonly url: string;
  readonly client: Client;
  /** Closes the client and removes the database. Fails when someone else is still connected: a pool was left open. */
  readonly drop: () => Promise<void>;
}

/** An empty database, or one with v2's or v3's tables, keys and triggers, and v3's own rows. */
export async function createDatabase(template: Template): Promise<TestDatabase> {
  const name = `test_${template}_${randomBytes(4).toString('hex')}`;
  await onServer(async (server) => {
    if (template === 'empty') await server.query(`CREATE DATABASE ${name}`);
    else await server.query(`CREATE DATABASE ${name} TEMPLATE ${await ensureTemplate(server, template)}`);
  });
  const url = urlOf(name);
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    url,
    client,
    async drop() {
      await client.end();
      await onServer((server) => server.query(`DROP DATABASE ${name}`));
    },
  };
}

/** The name of the template; the first test file that wants it makes it, and the others wait. */
async function ensureTemplate(server: Client, side: 'v2' | 'v3'): Promise<string> {
  const name = `template_${side}`;
  await server.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
  const { rowCount } = await server.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (rowCount === 0) {
    // Under another name until it is whole: a run that is interrupted leaves no half template.
    const draft = `${name}_draft`;
    await server.query(`DROP DATABASE IF EXISTS ${draft}`);
    await server.query(`CREATE DATABASE ${draft}`);
    await withClient(urlOf(draft), (client) => loadSchema(client, side));
    await server.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
  }
  await server.query('SELECT pg_advisory_unlock(hashtext($1))', [name]);
  return name;
}

async function loadSchema(client: Client, side: 'v2' | 'v3'): Promise<void> {
  if (side === 'v3') await client.query('CREATE EXTENSION postgis; CREATE EXTENSION "uuid-ossp"');
  const { tables, foreignKeys, rest } = side === 'v2' ? v2Schema() : v3Schema();
  for (const statement of [...tables, ...foreignKeys, ...rest]) await client.query(statement);
}

function onServer<T>(work: (server: Client) => Promise<T>): Promise<T> {
  return withClient(serverUrl(), work);
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(database: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${database}`;
  return url.href;
}

function serverUrl(): string {
  const url = process.env['MKONDO_TEST_PG_URL'];
  if (url === undefined) throw new Error('MKONDO_TEST_PG_URL is not set: run this by `vitest --project postgres`');
  return url;
}
