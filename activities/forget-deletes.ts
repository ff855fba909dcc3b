// Landing remembers a delete until no older event of its row can come any more: Kafka has forgotten them all, and none is
// held in quarantine. Only then its row goes, with what v2 deleted in it.
import type { Pool } from 'pg';
import { lockPipeline } from './control.ts';
import type { Engine } from './engine.ts';
import { landingTable } from './identifiers.ts';
import { IS_OPEN } from './quarantine.ts';
import type { Bounds } from './topic-reader.ts';
import { inTransaction } from './transaction.ts';

/** A transaction under the pipeline's lock stays short. */
const ROWS_AT_A_TIME = 1_000;
/** Between two looks at where topics begin. Longer than a replay takes, which may have begun before the first. */
const LOOK_MS = 6 * 60 * 60_000;

export interface DeleteMemory {
  /**
   * Looks where topics begin, when the last look is long ago, and forgets the deletes that lay before the last look's
   * beginning. A worker that has just started has nothing to go by, and only looks.
   */
  readonly tidy: (nowMs: number) => Promise<void>;
}

type Forgetting = Pick<Engine, 'deps' | 'name' | 'plan' | 'topicOf'>;

export function createDeleteMemory(engine: Forgetting & Pick<Engine, 'reader'>): DeleteMemory {
  let last: { readonly atMs: number; readonly bounds: Bounds } | null = null;
  return {
    async tidy(nowMs) {
      if (last !== null && nowMs - last.atMs < LOOK_MS) return;
      const before = last?.bounds;
      last = { atMs: nowMs, bounds: await engine.reader.bounds() };
      if (before === undefined) return;
      const rows = await forgetDeletes(engine, before);
      if (rows > 0) engine.deps.log.info({ pipeline: engine.name, rows }, 'old deletes are forgotten');
    },
  };
}

/**
 * Deletes that lie before a topic's beginning as it was at an earlier time, where everything that stood in the topic at that
 * time has landed: a transaction of v2 may lie on both sides of the beginning. Returns how many rows went.
 */
export async function forgetDeletes(engine: Forgetting, earlier: Bounds): Promise<number> {
  const { pool } = engine.deps;
  const held = await firstHeld(pool, engine.name);
  let total = 0;
  for (const { source } of engine.plan.tables.values()) {
    // One partition a topic: a row's offset says nothing beside those of others.
    const topic = engine.topicOf(source);
    const at = `${topic}/0`;
    const bounds = earlier[at];
    if (bounds === undefined || `${topic}/1` in earlier) continue;
    const before = Math.min(bounds.start, held.get(at) ?? bounds.start);
    const table = landingTable(engine.name, source);
    for (;;) {
      const { rows } = await pool.query<{ key: string }>(
        `SELECT _key AS key FROM ${table} WHERE _live = 0 AND _offset < $1 LIMIT ${ROWS_AT_A_TIME}`,
        [before],
      );
      if (rows.length === 0) break;
      const gone = await inTransaction(pool, async (client) => {
        const { positions } = await lockPipeline(client, engine.name);
        if ((positions[at] ?? 0) < bounds.end) return 0;
        const { rowCount } = await client.query(
          `DELETE FROM ${table} WHERE _key = ANY($1) AND _live = 0 AND _offset < $2`,
          [rows.map(({ key }) => key), before],
        );
        return rowCount ?? 0;
      });
      total += gone;
      if (gone < ROWS_AT_A_TIME) break;
    }
  }
  return total;
}

/** Partition -> the first event in quarantine that may be tried again. */
async function firstHeld(pool: Pool, pipeline: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ at: string; first: string }>(
    `SELECT topic || '/' || partition AS at, min(kafka_offset) AS first FROM cdc.quarantine
     WHERE pipeline = $1 AND kind = 'event' AND ${IS_OPEN} GROUP BY 1`,
    [pipeline],
  );
  return new Map(rows.map(({ at, first }) => [at, Number(first)]));
}
