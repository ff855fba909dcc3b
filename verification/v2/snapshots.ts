// One moment of v2 and one of v3. v2 is read only, and is not kept busy by a query that never ends.
import { Client } from 'pg';
import { countLoad } from './load.ts';
import type { Load } from './load.ts';

const SESSION = `SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex'`;
/** A chunk of rows by an index takes milliseconds; without one, the scan of a large table. */
const V2_STATEMENT = '120s';

/** Opens both, works, and gives both up: nothing of it stays, the temporary tables in v3 neither. */
export async function inSnapshots<T>(
  urls: { readonly v2Url: string; readonly v3Url: string },
  work: (clients: { readonly v2: Client; readonly v3: Client; readonly readLoad: () => Load }) => Promise<T>,
): Promise<T> {
  const v2 = new Client({ connectionString: urls.v2Url, application_name: 'mkondo-verify' });
  const v3 = new Client({ connectionString: urls.v3Url, application_name: 'mkondo-verify' });
  for (const client of [v2, v3]) client.on('error', () => undefined); // the statement in hand fails, and says so
  try {
    await Promise.all([v2.connect(), v3.connect()]);
    await v2.query(
      `${SESSION}; SET statement_timeout = '${V2_STATEMENT}'; SET lock_timeout = '2s'; BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`,
    );
    // Temporary tables stay in memory up to here; beyond, on v3's disk.
    await v3.query(`${SESSION}; SET temp_buffers = '64MB'; BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ`);
    const readLoad = countLoad(v2);
    // The snapshot is taken by the first statement, v2's before v3's: what v3 has, v2 had.
    await v2.query('SELECT 1');
    await v3.query('SELECT 1');
    return await work({ v2, v3, readLoad });
  } finally {
    await Promise.allSettled([v2.end(), v3.end()]);
  }
}
