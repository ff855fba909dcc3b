// A derive whose transaction is still open, to see what others do meanwhile.
import type { Client } from 'pg';
import { joinDerive } from '../../activities/control.ts';
import { deriveRoots } from '../../activities/derive-roots.ts';
import type { DeriveReport } from '../../activities/derive-roots.ts';
import type { Engine } from '../../activities/engine.ts';
import { wholeRoots } from '../../activities/scope.ts';

export interface OpenDerive {
  readonly work: Promise<DeriveReport>;
  /** Commits it, when its work is done. */
  readonly end: () => Promise<void>;
}

/** A derive in a transaction of its own; `end` commits it. */
export async function deriving(engine: Engine, root: string): Promise<OpenDerive> {
  const client = await engine.deps.pool.connect();
  await client.query('BEGIN');
  await joinDerive(client, engine.name);
  const { plan, parents, version } = engine;
  const work = deriveRoots(client, { plan, parents, version, scopes: wholeRoots([root]), run: 'test' });
  return {
    work,
    async end() {
      await work;
      await client.query('COMMIT');
      client.release();
    },
  };
}

/** Whether some transaction of the database waits for a lock that another one holds. */
export async function isSomeoneWaiting(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() WHERE NOT l.granted`,
  );
  return rowCount !== 0;
}
