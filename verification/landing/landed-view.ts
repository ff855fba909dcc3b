// One snapshot of landing and v3, in which SQL that was written for v2 finds v2's tables.
import type { ClientBase, Pool } from 'pg';
import { databaseFault, unavailable } from '../../activities/database-errors.ts';
import type { Pipeline } from '../../pipelines/definition.ts';
import { createLandedTables } from '../landed-tables.ts';

/** The views are seen by nobody else and go with the snapshot. Null when landing lacks a table. @throws MkondoError V3_UNAVAILABLE */
export async function inLandedView<T>(
  {
    pool,
    pipelines,
    statementTimeout,
  }: { readonly pool: Pool; readonly pipelines: readonly Pipeline[]; readonly statementTimeout: string },
  work: (client: ClientBase) => Promise<T>,
): Promise<T | null> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const lost = (error: Error): void => void (broken = error);
  client.on('error', lost);
  try {
    await client.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL TIME ZONE 'UTC'; SET LOCAL enable_seqscan = on; SET LOCAL jit = off;
       SET LOCAL work_mem = '64MB'; SET LOCAL statement_timeout = '${statementTimeout}'`,
    );
    await createLandedTables(client, pipelines);
    return await work(client);
  } catch (error) {
    if (databaseFault(error) === 'schema') return null;
    throw unavailable(error) ?? error;
  } finally {
    await client.query('ROLLBACK').catch((error: unknown) => void (broken = error as Error));
    client.off('error', lost);
    client.release(broken);
  }
}
