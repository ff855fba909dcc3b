// A steady flow of changes to v2's requisition lines, each on another line, over all requisitions in turn. A transaction
// changes one line, or several of one requisition, as a save in eLMIS does.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import type { Stack } from '../../infra/local/stack.ts';

export interface Flow {
  readonly stack: Stack;
  readonly rowsPerSecond: number;
  readonly seconds: number;
  /** Lines that an earlier flow has changed already. */
  readonly skipLines: number;
  /** How many lines of one requisition a transaction changes; 1 by default. */
  readonly linesPerTransaction?: number;
}

export interface Flowed {
  /** Ids of the lines, in the order of their changes. */
  readonly lines: readonly number[];
  /** Changes a second that v2 took. */
  readonly rowsPerSecond: number;
}

/** Changes that are under way at once: v2 may take a moment for one. */
const CONNECTIONS = 4;

export async function changeLines(flow: Flow): Promise<Flowed> {
  const { stack, rowsPerSecond, seconds, skipLines: skip, linesPerTransaction = 1 } = flow;
  const pool = new Pool({ connectionString: stack.urls.v2.application, max: CONNECTIONS });
  try {
    const count = Math.round(rowsPerSecond * seconds);
    const transactions = await chooseLines(pool, { count, skip, linesPerTransaction });
    const under = new Set<Promise<unknown>>();
    const began = performance.now();
    let changed = 0;
    for (const ids of transactions) {
      const dueMs = began + (changed / rowsPerSecond) * 1000;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      // A value that the line did not have, in a column that is mapped.
      const change = pool
        .query('UPDATE requisition_line_items SET stockinhand = coalesce(stockinhand, 0) + 1 WHERE id = ANY($1)', [ids])
        .finally(() => under.delete(change));
      under.add(change);
      changed += ids.length;
      if (under.size >= CONNECTIONS * 4) await Promise.race(under);
    }
    await Promise.all(under);
    return { lines: transactions.flat(), rowsPerSecond: changed / ((performance.now() - began) / 1000) };
  } finally {
    await pool.end();
  }
}

/**
 * The first lines of every requisition, then the next ones of every one, and so on: neighbours in time are not of one
 * root, but for the lines of one transaction.
 */
async function chooseLines(
  pool: Pool,
  {
    count,
    skip,
    linesPerTransaction,
  }: { readonly count: number; readonly skip: number; readonly linesPerTransaction: number },
): Promise<readonly (readonly number[])[]> {
  const { rows } = await pool.query<{ id: number; requisition: number; turn: number }>(
    `SELECT id, rnrid AS requisition, turn::int AS turn
     FROM (SELECT id, rnrid, (row_number() OVER (PARTITION BY rnrid ORDER BY id) - 1) / $3::int AS turn FROM requisition_line_items) l
     ORDER BY turn, rnrid, id OFFSET $1 LIMIT $2`,
    [skip, count, linesPerTransaction],
  );
  if (rows.length < count)
    throw new Error(
      `v2 has only ${skip + rows.length} lines, too few for ${skip + count} changes: load more of the demo`,
    );
  return [...Map.groupBy(rows, ({ turn, requisition }) => `${turn}/${requisition}`).values()].map((group) =>
    group.map(({ id }) => id),
  );
}
