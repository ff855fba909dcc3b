// How long the live flow takes meanwhile: one line of a requisition after the other is changed in v2, and v3 is asked for it
// until it says the same. One at a time, so that what is measured is the way and not a queue of ours.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { idOf } from '../../model/ids.ts';
import { latencyOf } from '../support/latency.ts';
import type { Latency } from '../support/latency.ts';

const PAUSE_MS = 100;
const LOOK_MS = 4;
const WITHIN_MS = 300_000;

/** Changes lines until `over` is aborted; begins with another one each time that it is called. */
export function openProbe({ v2Url, v3Url }: { readonly v2Url: string; readonly v3Url: string }) {
  let lastLine = 0;

  async function next(v2: Client): Promise<{ readonly id: number; readonly stock: number } | undefined> {
    // Of a root of its own each: a line of every 41st or so.
    const { rows } = await v2.query<{ id: number; stock: number }>(
      `UPDATE requisition_line_items SET stockinhand = CASE WHEN stockinhand = 1 THEN 2 ELSE 1 END
       WHERE id = (SELECT min(id) FROM requisition_line_items WHERE id > $1) RETURNING id, stockinhand AS stock`,
      [lastLine],
    );
    lastLine = rows[0] === undefined ? 0 : rows[0].id + 40;
    return rows[0];
  }

  return async function probe(over: AbortSignal): Promise<Latency> {
    const v2 = new Client({ connectionString: v2Url });
    const v3 = new Client({ connectionString: v3Url });
    for (const each of [v2, v3]) each.on('error', () => undefined); // the query that it breaks says so
    await Promise.all([v2.connect(), v3.connect()]);
    const took: number[] = [];
    try {
      while (!over.aborted) {
        const line = await next(v2);
        if (line === undefined) continue;
        const began = performance.now();
        const isThere = async (): Promise<boolean> => {
          const { rows } = await v3.query<{ stock: number | null }>(
            'SELECT stockonhand AS stock FROM requisition.requisition_line_items WHERE id = $1',
            [idOf('requisition_line_items', String(line.id))],
          );
          // The simulator may have changed or deleted it meanwhile: then there is nothing to be measured.
          return rows[0]?.stock === line.stock || !(await isStill(v2, line));
        };
        while (!(await isThere())) {
          if (performance.now() - began > WITHIN_MS)
            throw new Error(`line ${line.id} is not in v3 after ${WITHIN_MS / 1000} s`);
          await sleep(LOOK_MS);
        }
        took.push(performance.now() - began);
        await sleep(PAUSE_MS);
      }
    } finally {
      await Promise.all([v2.end(), v3.end()]);
    }
    return latencyOf(took);
  };
}

async function isStill(v2: Client, line: { readonly id: number; readonly stock: number }): Promise<boolean> {
  const { rows } = await v2.query('SELECT FROM requisition_line_items WHERE id = $1 AND stockinhand = $2', [
    line.id,
    line.stock,
  ]);
  return rows.length > 0;
}
