// Brings the control schema up to date: numbered files, each once, in order, in one transaction.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { inTransaction } from '../transaction.ts';

/** Safe to run by several processes at once: the first one works, the others wait and find it done. */
export async function migrate(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('mkondo migrate'))`);
    await client.query('CREATE SCHEMA IF NOT EXISTS cdc');
    await client.query(
      'CREATE TABLE IF NOT EXISTS cdc.migrations (file text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const { rows } = await client.query<{ file: string }>('SELECT file FROM cdc.migrations');
    const applied = new Set(rows.map((row) => row.file));
    const files = readdirSync(import.meta.dirname)
      .filter((file) => file.endsWith('.sql'))
      .sort();
    for (const file of files) {
      if (applied.has(file)) continue;
      await client.query(readFileSync(join(import.meta.dirname, file), 'utf8'));
      await client.query('INSERT INTO cdc.migrations (file) VALUES ($1)', [file]);
    }
  });
}
