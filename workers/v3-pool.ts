// How a worker connects to v3, the same in both of its threads.
import type { PoolConfig } from 'pg';
import type { Config } from '../model/config.ts';

/**
 * Our statements are many and short, find rows by key, and are prepared once, often while their tables are still empty.
 * jit: compiling one costs more than it can ever save. enable_seqscan, plan_cache_mode: a plan made for an empty table must
 * still be right when it has grown, before PostgreSQL has looked at it again (landing 100,000 rows took
 * 2,500 of them by scanning the table, 8 ms each time).
 */
const SETTINGS = ['jit=off', 'enable_seqscan=off', 'plan_cache_mode=force_generic_plan'];

export function v3PoolConfig(config: Config, thread: 'first' | 'deriving'): PoolConfig {
  const all = config.MKONDO_V3_POOL_CONNECTIONS;
  const deriving = Math.max(1, Math.floor(all / 4));
  return {
    connectionString: config.MKONDO_V3_URL,
    max: thread === 'deriving' ? deriving : all - deriving,
    options: SETTINGS.map((setting) => `-c ${setting}`).join(' '),
  };
}
