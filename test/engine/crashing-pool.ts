// A pool whose connections die where a test wants it: before a statement is sent, or after it was done but before its
// caller heard of it. The second one after COMMIT is the case that only idempotent work survives.
import type { Socket } from 'node:net';
import { Pool } from 'pg';
import type { PoolClient } from 'pg';

export interface Crash {
  /** Which statement from now on; 1 is the next one. */
  readonly atStatement: number;
  readonly when: 'before' | 'after';
}

export interface CrashingPool {
  readonly pool: Pool;
  /** One crash, and no more: whoever sends that statement. */
  readonly arm: (crash: Crash) => void;
  /** Takes a crash back that has not come. Returns whether it had come. */
  readonly disarm: () => boolean;
  /** Statements sent since the last call. */
  readonly countStatements: () => number;
}

type Query = (...args: unknown[]) => unknown;

export function createCrashingPool(url: string, options: { readonly max: number }): CrashingPool {
  const pool = new Pool({ connectionString: url, max: options.max });
  pool.on('error', () => undefined); // an idle connection may die, too
  let left = 0;
  let when: Crash['when'] = 'before';
  let hasCome = false;
  let statements = 0;
  const next = (): Crash['when'] | null => {
    statements += 1;
    if (left === 0) return null;
    left -= 1;
    if (left > 0) return null;
    hasCome = true;
    return when;
  };

  pool.on('connect', (client) => {
    const query = client.query.bind(client) as unknown as Query;
    (client as unknown as { query: Query }).query = (...args) => {
      const crash = next();
      if (crash === null) return query(...args);
      const last = args.at(-1);
      const isStream = typeof args[0] === 'object' && args[0] !== null && 'submit' in args[0];
      if (crash === 'before' || isStream || typeof last === 'function') {
        const result = isStream ? query(...args) : undefined;
        cut(client);
        return result ?? query(...args);
      }
      return (query(...args) as Promise<unknown>).then(() => {
        cut(client);
        throw new Error('Connection terminated unexpectedly');
      });
    };
  });

  return {
    pool,
    arm(crash) {
      left = crash.atStatement;
      when = crash.when;
      hasCome = false;
    },
    disarm() {
      left = 0;
      return hasCome;
    },
    countStatements() {
      const sent = statements;
      statements = 0;
      return sent;
    },
  };
}

function cut(client: PoolClient): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}
