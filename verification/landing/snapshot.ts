// One moment of v3, the ledger and landing: they stand in one database, so that one snapshot shows them as they belong together.
import type { ClientBase, Pool } from 'pg';
import { inTransaction } from '../../activities/transaction.ts';

/**
 * Sums are over PostgreSQL's own text, which must be the same in every session. Rows are found by their keys: a plan made from
 * an estimate of what jsonb holds would read whole tables.
 */
const SESSION = `SET LOCAL TIME ZONE 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL extra_float_digits = 1; SET LOCAL jit = off;
  SET LOCAL statement_timeout = '10min'`;
const BY_KEY = 'SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off';
const WHOLE_TABLES = `SET LOCAL enable_hashjoin = on; SET LOCAL enable_seqscan = on; SET LOCAL work_mem = '64MB'`;

/** `reads`: rows by their keys, or whole tables. */
export async function inSnapshot<T>(
  pool: Pool,
  reads: 'by key' | 'whole tables',
  work: (client: ClientBase) => Promise<T>,
): Promise<T> {
  return inTransaction(pool, async (client) => {
    await client.query(
      `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; ${SESSION}; ${reads === 'by key' ? BY_KEY : WHOLE_TABLES}`,
    );
    return work(client);
  });
}
