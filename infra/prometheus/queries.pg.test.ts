// What the exporter asks of v3, on our real schema.
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../activities/schema/migrate.ts';
import { createDatabase } from '../../test/support/databases.ts';
import type { TestDatabase } from '../../test/support/databases.ts';
import { v3Queries } from './queries.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase('empty');
  const pool = new Pool({ connectionString: database.url });
  await migrate(pool);
  await pool.end();
});
afterAll(() => database.drop());

test.each(v3Queries)('$name answers with the columns that it names', async ({ sql, columns }) => {
  const { fields } = await database.client.query({ text: sql, rowMode: 'array' });
  expect(fields.map(({ name }) => name).sort()).toEqual(Object.keys(columns).sort());
});

test('of the quarantine what is open is counted: neither what was mended nor what was discarded', async () => {
  await database.client.query(`
    INSERT INTO cdc.pipelines (name) VALUES ('products');
    INSERT INTO cdc.quarantine (pipeline, kind, source, root, code, message, resolved_at, discarded_at) VALUES
      ('products', 'root', 'public.products', '1', 'DERIVE_FAILED', 'no', NULL, NULL),
      ('products', 'root', 'public.products', '2', 'DERIVE_FAILED', 'no', now(), NULL),
      ('products', 'root', 'public.products', '3', 'DERIVE_FAILED', 'no', NULL, now())`);
  const quarantine = v3Queries.find(({ name }) => name === 'mkondo_v3_quarantine');
  const { rows } = await database.client.query<{ open: string }>(quarantine?.sql ?? '');
  expect(rows).toMatchObject([{ pipeline: 'products', code: 'DERIVE_FAILED', open: '1' }]);
});
