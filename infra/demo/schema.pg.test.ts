// Loads both demo schemas into databases of their own on a real server, then reads them back and compares them with the
// catalogs. MKONDO_TEST_PG_URL names a superuser of a server that may be littered on; without it the file is skipped.
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalog } from '../../pipelines/catalog/read-catalog.ts';
import type { Side } from '../../pipelines/catalog/read-catalog.ts';
import { loadableConstraints, v2Schema, v3Schema } from './schema.ts';

const serverUrl = process.env['MKONDO_TEST_PG_URL'];
const title = serverUrl === undefined ? ' (skipped: set MKONDO_TEST_PG_URL to a superuser of a test server)' : '';

describe.skipIf(serverUrl === undefined)(`the demo schemas${title}`, () => {
  const suffix = randomBytes(4).toString('hex');
  const databases = { v2: `schema_v2_${suffix}`, v3: `schema_v3_${suffix}` };
  let clients: Record<Side, Client>;

  beforeAll(async () => {
    await onServer((server) => server.query(`CREATE DATABASE ${databases.v2}`));
    await onServer((server) => server.query(`CREATE DATABASE ${databases.v3}`));
    clients = { v2: await connect(databases.v2), v3: await connect(databases.v3) };
    await clients.v3.query('CREATE EXTENSION postgis; CREATE EXTENSION "uuid-ossp"');
    for (const [side, { tables, foreignKeys, rest }] of [
      ['v2', v2Schema()],
      ['v3', v3Schema()],
    ] as const) {
      for (const statement of [...tables, ...foreignKeys, ...rest]) await clients[side].query(statement);
    }
  }, 60_000);

  afterAll(async () => {
    await Promise.all(Object.values(clients).map((client) => client.end()));
    await onServer((server) => server.query(`DROP DATABASE ${databases.v2}`));
    await onServer((server) => server.query(`DROP DATABASE ${databases.v3}`));
  });

  it.each(['v2', 'v3'] as const)(
    '%s has every column of the catalog, with its type, NULL and default',
    async (side) => {
      const catalog = readCatalog(side).flatMap(({ schema, table, columns }) =>
        columns.map((column) => [
          `${schema}.${table}`,
          column.name,
          column.type,
          column.nullable,
          column.default ?? null,
        ]),
      );
      expect(await readColumns(clients[side], schemasOf(side))).toEqual(catalog.toSorted(byText));
    },
  );

  it.each(['v2', 'v3'] as const)(
    '%s has every key, unique index and foreign key of the catalog, and no other',
    async (side) => {
      const catalog = readCatalog(side).flatMap((table) =>
        loadableConstraints(side, table).map(({ name, kind, definition }) => [
          `${table.schema}.${table.table}`,
          name,
          kind,
          definition,
        ]),
      );
      expect(await readConstraints(clients[side], schemasOf(side))).toEqual(catalog.toSorted(byText));
    },
  );

  it('leaves a v2 table without primary key without usable replica identity, as the real one is', async () => {
    const { rows } = await clients.v2.query<{ relreplident: string; identities: string }>(
      `SELECT relreplident, (SELECT count(*) FROM pg_index WHERE indrelid = pg_class.oid AND (indisprimary OR indisreplident)) AS identities
       FROM pg_class WHERE oid = 'public.orders'::regclass`,
    );
    expect(rows).toEqual([{ relreplident: 'd', identities: '0' }]);
  });

  it('holds the rows that v3 brings itself', async () => {
    const { rows } = await clients.v3.query(
      `SELECT (SELECT count(*) FROM referencedata.rights)::int AS rights,
              (SELECT id FROM referencedata.facility_types WHERE code = 'warehouse') AS warehouse,
              (SELECT id FROM stockmanagement.stock_card_line_item_reasons WHERE name = 'Transfer In') AS transferin,
              (SELECT count(*) FROM referencedata.users WHERE username = 'admin')::int AS admins`,
    );
    expect(rows).toEqual([
      {
        rights: 80,
        warehouse: 'e2faaa9e-4b2d-4212-bb60-fd62970b2113',
        transferin: 'e3fc3cf3-da18-44b0-a220-77c985202e06',
        admins: 1,
      },
    ]);
  });

  it('refuses an approved product of an unknown orderable, at commit', async () => {
    const program = `INSERT INTO referencedata.programs (id, code, active, periodsskippable, enabledatephysicalstockcountcompleted)
                     VALUES (uuid_generate_v4(), 'P', true, true, false) RETURNING id`;
    await expect(
      transact(clients.v3, [
        `WITH program AS (${program})
         INSERT INTO referencedata.facility_type_approved_products (id, versionnumber, facilitytypeid, programid, orderableid, maxperiodsofstock)
         SELECT uuid_generate_v4(), 1, (SELECT id FROM referencedata.facility_types LIMIT 1), program.id, uuid_generate_v4(), 3 FROM program`,
      ]),
    ).rejects.toMatchObject({ code: '23503', atCommit: true });
  });

  describe('the status change trigger', () => {
    const requisition = '00000000-0000-4000-8000-000000000001';
    const change = (id: number, status: string, time: string): string =>
      `INSERT INTO requisition.status_changes (id, requisitionid, status, createddate)
       VALUES ('00000000-0000-4000-8000-0000000001${String(id).padStart(2, '0')}', '${requisition}', '${status}', '${time}')
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, createddate = excluded.createddate`;

    beforeAll(async () => {
      await transact(clients.v3, [
        `WITH template AS (
           INSERT INTO requisition.requisition_templates (id, numberofperiodstoaverage, name) VALUES (uuid_generate_v4(), 3, 'T') RETURNING id)
         INSERT INTO requisition.requisitions (id, facilityid, programid, processingperiodid, status, emergency, numberofmonthsinperiod, templateid, reportonly)
         SELECT '${requisition}', uuid_generate_v4(), uuid_generate_v4(), uuid_generate_v4(), 'INITIATED', false, 2, id, false FROM template`,
      ]);
    });

    it('refuses two newest rows of equal status and no node, at commit', async () => {
      await transact(clients.v3, [change(1, 'INITIATED', '2020-01-01'), change(2, 'SUBMITTED', '2020-01-02')]);
      await expect(transact(clients.v3, [change(3, 'SUBMITTED', '2020-01-03')])).rejects.toMatchObject({
        code: '23505',
        atCommit: true,
      });
    });

    it('lets equal neighbours be where they are not the newest', async () => {
      const changes = [change(4, 'SUBMITTED', '2020-01-03'), change(5, 'AUTHORIZED', '2020-01-04')];
      await expect(transact(clients.v3, changes)).resolves.toBeUndefined();
    });

    it('does not look at the update branch of an upsert', async () => {
      await expect(transact(clients.v3, [change(4, 'AUTHORIZED', '2020-01-05')])).resolves.toBeUndefined();
    });
  });

  async function connect(database: string): Promise<Client> {
    const url = new URL(serverUrl ?? '');
    url.pathname = `/${database}`;
    const client = new Client({ connectionString: url.href });
    await client.connect();
    return client;
  }

  async function onServer(act: (server: Client) => Promise<unknown>): Promise<void> {
    const server = await connect('postgres');
    try {
      await act(server);
    } finally {
      await server.end();
    }
  }
});

/** Runs the statements in one transaction; an error tells whether it came with COMMIT. */
async function transact(client: Client, statements: readonly string[]): Promise<void> {
  await client.query('BEGIN');
  try {
    for (const statement of statements) await client.query(statement);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  await client.query('COMMIT').catch((error: unknown) => {
    throw Object.assign(error as Error, { atCommit: true });
  });
}

async function readColumns(client: Client, schemas: readonly string[]): Promise<unknown[][]> {
  const { rows } = await client.query<unknown[]>({
    rowMode: 'array',
    text: `
      SELECT namespace.nspname || '.' || class.relname, attribute.attname::text, format_type(attribute.atttypid, attribute.atttypmod),
             NOT attribute.attnotnull, pg_get_expr(value.adbin, value.adrelid)
      FROM pg_attribute AS attribute
      JOIN pg_class AS class ON class.oid = attribute.attrelid AND class.relkind = 'r'
      JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
      LEFT JOIN pg_attrdef AS value ON value.adrelid = attribute.attrelid AND value.adnum = attribute.attnum
      WHERE attribute.attnum > 0 AND NOT attribute.attisdropped AND namespace.nspname = ANY ($1)`,
    values: [schemas],
  });
  return rows.toSorted(byText);
}

async function readConstraints(client: Client, schemas: readonly string[]): Promise<unknown[][]> {
  const { rows } = await client.query<unknown[]>({
    rowMode: 'array',
    text: `
      SELECT namespace.nspname || '.' || class.relname, key.conname::text,
             CASE key.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign key' END,
             pg_get_constraintdef(key.oid)
      FROM pg_constraint AS key
      JOIN pg_class AS class ON class.oid = key.conrelid
      JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
      WHERE key.contype IN ('p', 'u', 'f') AND namespace.nspname = ANY ($1)
      UNION ALL
      SELECT namespace.nspname || '.' || class.relname, index_class.relname::text, 'unique index',
             regexp_replace(pg_get_indexdef(index.indexrelid), '^.* USING btree ', '')
      FROM pg_index AS index
      JOIN pg_class AS index_class ON index_class.oid = index.indexrelid
      JOIN pg_class AS class ON class.oid = index.indrelid
      JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
      WHERE index.indisunique AND namespace.nspname = ANY ($1)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid AND contype IN ('p', 'u'))`,
    values: [schemas],
  });
  return rows.toSorted(byText);
}

function schemasOf(side: Side): string[] {
  return [...new Set(readCatalog(side).map((table) => table.schema))];
}

function byText(left: readonly unknown[], right: readonly unknown[]): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}
