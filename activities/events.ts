// The events that cdc.events keeps of changes of state (schema/000036.sql writes them): read in an order that is final, forgotten
// after a week.
import type { Pool } from 'pg';

const KEPT_DAYS = 7;

export const eventKinds = ['mode', 'operation', 'quarantine', 'drift', 'experiment'] as const;

export interface StateEvent {
  readonly position: EventPosition;
  /** ISO 8601. */
  readonly at: string;
  readonly pipeline: string;
  readonly kind: (typeof eventKinds)[number];
  readonly data: Readonly<Record<string, unknown>>;
}

/** By transaction, then by id. */
export interface EventPosition {
  readonly xact: number;
  readonly id: number;
}

export function isAfter(a: EventPosition, b: EventPosition): boolean {
  return a.xact > b.xact || (a.xact === b.xact && a.id > b.id);
}

/** `isMore`: there are others, of which some may still come before what is there already; or simply more than were asked for. */
export async function readEvents(
  pool: Pool,
  { after, limit }: { readonly after: EventPosition; readonly limit: number },
): Promise<{ readonly events: readonly StateEvent[]; readonly isMore: boolean }> {
  const { rows } = await pool.query<{
    xact: string;
    id: string;
    at: Date;
    pipeline: string;
    kind: StateEvent['kind'];
    data: StateEvent['data'];
    isFinal: boolean;
  }>(
    `SELECT xact, id, at, pipeline, kind, data, xact < txid_snapshot_xmin(txid_current_snapshot()) AS "isFinal"
     FROM cdc.events WHERE (xact, id) > ($1, $2) ORDER BY xact, id LIMIT $3`,
    [after.xact, after.id, limit],
  );
  const unsettled = rows.findIndex(({ isFinal }) => !isFinal);
  const final = unsettled < 0 ? rows : rows.slice(0, unsettled);
  return {
    events: final.map(({ xact, id, at, pipeline, kind, data }) => ({
      position: { xact: Number(xact), id: Number(id) },
      at: at.toISOString(),
      pipeline,
      kind,
      data,
    })),
    isMore: unsettled >= 0 || rows.length === limit,
  };
}

/** Behind everything that is final now: whoever starts here hears of what comes. */
export async function newestPosition(pool: Pool): Promise<EventPosition> {
  const { rows } = await pool.query<{ xact: string }>('SELECT txid_snapshot_xmin(txid_current_snapshot()) - 1 AS xact');
  return { xact: Number(rows[0]?.xact ?? 0), id: Number.MAX_SAFE_INTEGER };
}

/** Null when nothing is kept. */
export async function oldestPosition(pool: Pool): Promise<EventPosition | null> {
  const { rows } = await pool.query<{ xact: string; id: string }>(
    'SELECT xact, id FROM cdc.events ORDER BY xact, id LIMIT 1',
  );
  const [row] = rows;
  return row === undefined ? null : { xact: Number(row.xact), id: Number(row.id) };
}

export async function forgetOldEvents(pool: Pool): Promise<void> {
  await pool.query(`DELETE FROM cdc.events WHERE at < now() - ${KEPT_DAYS} * interval '1 day'`);
}
