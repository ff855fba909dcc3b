// Landing tables, on a real v3: who prepares them again, as each worker does at its start, holds up nobody.
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestbed } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import { createLanding } from './landing.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());

test('tables that stand are prepared again while a batch writes them', async () => {
  const { plan } = testbed.engine('products');
  const { client } = testbed;
  const at = 'landing_products.products';
  await client.query(`ALTER TABLE ${at} DROP COLUMN _others`);
  const pool = new Pool({ connectionString: testbed.url, options: '-c lock_timeout=200' });
  try {
    // What an older version lacks is added.
    await createLanding(pool, plan).prepare();
    await expect(client.query(`SELECT _others FROM ${at}`)).resolves.toBeDefined();

    await client.query('BEGIN');
    await client.query(`LOCK TABLE ${at} IN ROW EXCLUSIVE MODE`);
    await createLanding(pool, plan).prepare();
  } finally {
    await client.query('ROLLBACK');
    await pool.end();
  }
});
