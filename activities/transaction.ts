// A transaction on v3. Deadlocks and serialization failures are tried again at once: another transaction was in the way.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase, Pool } from 'pg';
import { databaseFault, unavailable } from './database-errors.ts';

const CONTENTION_TRIES = 8;
const CONTENTION_PAUSE_MS = 40;

/** @throws MkondoError V3_UNAVAILABLE when the database or the way to it is down; what `work` throws otherwise */
export async function inTransaction<T>(pool: Pool, work: (client: ClientBase) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once(pool, work);
    } catch (error) {
      if (databaseFault(error) === 'contention' && tries < CONTENTION_TRIES) {
        // Not at the same moment as the other one.
        await sleep(Math.random() * CONTENTION_PAUSE_MS * tries);
        continue;
      }
      throw unavailable(error) ?? error;
    }
  }
}

async function once<T>(pool: Pool, work: (client: ClientBase) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // The server may end the connection between two statements, and pg's pool listens to idle clients only: unheard, that
  // would end the process.
  const lost = (error: Error): void => void (broken = error);
  client.on('error', lost);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    try {
      await client.query('ROLLBACK');
    } catch (rollbackError) {
      // The connection is gone; the pool must not hand it out again.
      broken = rollbackError as Error;
    }
    throw error;
  } finally {
    client.off('error', lost);
    client.release(broken);
  }
}
