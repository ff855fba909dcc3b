// A reader of v3 beside a promotion, on a connection of its own: again and again it looks at some requisitions with all their
// lines, in one statement each time, and judges whether anybody could have seen one missing or half changed.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Pool } from 'pg';

/** A requisition of v2, and the lines that it had in v3 at the start: eLMIS deletes none but with the whole requisition. */
export interface ReadRoot {
  readonly id: string;
  readonly v2Id: number;
  readonly lines: number;
}

/** How a requisition was seen. */
export interface Seen {
  readonly id: string;
  /** Whether its own row is as the change has it. */
  readonly isChanged: boolean;
  readonly lines: number;
  readonly changedLines: number;
}

export interface ReadReport {
  readonly reads: number;
  /** Requisitions in them, each counted as often as it was seen. */
  readonly roots: number;
  readonly oldRoots: number;
  readonly changedRoots: number;
  /** Those that eLMIS had deleted: their lines may go one after the other. */
  readonly deleted: number;
  /** What nobody should have seen. */
  readonly faults: readonly string[];
}

const ROOTS_A_READ = 200;
/** It is to see much, and to leave the machine to what it looks at. */
const PAUSE_MS = 20;
const FAULTS_KEPT = 20;

// Whether a row is as the change code-before-remarks has it.
const LOOK = `
  SELECT r.id, r.extradata ->> 'remarks' IS NOT NULL AS "isChanged", count(l.id)::int AS lines,
         count(l.id) FILTER (WHERE l.remarks ~ '^\\[[^\\]]+\\]')::int AS "changedLines"
  FROM requisition.requisitions r
  LEFT JOIN requisition.requisition_line_items l ON l.requisitionid = r.id
  WHERE r.id = ANY($1::uuid[]) GROUP BY r.id`;

/** What is wrong with a requisition as it was seen; null when it is wholly old or wholly changed. */
export function faultOf(root: ReadRoot, seen: Seen): string | null {
  if (seen.lines !== root.lines) return `${root.v2Id} had ${seen.lines} of its ${root.lines} lines`;
  if (seen.changedLines === (seen.isChanged ? seen.lines : 0)) return null;
  return `${root.v2Id} was ${seen.isChanged ? 'changed' : 'old'} with ${seen.changedLines} of ${seen.lines} lines changed`;
}

export function openReader({
  v2Url,
  v3Url,
  roots,
}: {
  readonly v2Url: string;
  readonly v3Url: string;
  readonly roots: readonly ReadRoot[];
}): { readonly start: () => void; readonly stop: () => Promise<ReadReport> } {
  const over = new AbortController();
  const report = { reads: 0, roots: 0, oldRoots: 0, changedRoots: 0, deleted: 0, faults: [] as string[] };
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const v3 = new Client({ connectionString: v3Url, application_name: 'a reader of v3' });
    const v2 = new Client({ connectionString: v2Url });
    for (const each of [v2, v3]) each.on('error', () => undefined); // the query that it breaks says so
    await Promise.all([v3.connect(), v2.connect()]);
    try {
      for (let at = 0; !over.signal.aborted; at = at + ROOTS_A_READ < roots.length ? at + ROOTS_A_READ : 0) {
        await readSome(v3, v2, roots.slice(at, at + ROOTS_A_READ));
        await sleep(PAUSE_MS);
      }
    } finally {
      await Promise.all([v3.end(), v2.end()]);
    }
  }

  async function readSome(v3: Client, v2: Client, some: readonly ReadRoot[]): Promise<void> {
    const { rows } = await v3.query<Seen>(LOOK, [some.map(({ id }) => id)]);
    report.reads += 1;
    const seen = new Map(rows.map((row) => [row.id, row]));
    for (const row of rows) report[row.isChanged ? 'changedRoots' : 'oldRoots'] += 1;
    report.roots += rows.length;
    // v2 never gives an id twice: what is not there after the read was rightly on its way out during the read.
    const odd = some.filter((root) => seen.get(root.id)?.lines !== root.lines);
    const living = await livingInV2(
      v2,
      odd.map(({ v2Id }) => v2Id),
    );
    report.deleted += odd.length - living.size;
    for (const root of some) {
      const found = seen.get(root.id);
      if (found?.lines !== root.lines && !living.has(root.v2Id)) continue;
      const fault = found === undefined ? `${root.v2Id} was missing` : faultOf(root, found);
      if (fault !== null) note(fault);
    }
  }

  function note(fault: string): void {
    if (report.faults.length < FAULTS_KEPT) report.faults.push(fault);
  }

  return {
    start: () => {
      reading = read();
      // Heard of by stop().
      reading.catch(() => undefined);
    },
    stop: async () => {
      over.abort();
      await reading;
      return report;
    },
  };
}

/** Every requisition of v3, with v2's id. */
export async function readRoots(v2: Pool, v3: Pool, idOf: (v2Id: number) => string): Promise<readonly ReadRoot[]> {
  const { rows: known } = await v2.query<{ id: number }>('SELECT id FROM requisitions ORDER BY id');
  const { rows } = await v3.query<{ id: string; lines: number }>(
    'SELECT r.id, count(l.id)::int AS lines FROM requisition.requisitions r LEFT JOIN requisition.requisition_line_items l ON l.requisitionid = r.id GROUP BY r.id',
  );
  const lines = new Map(rows.map((row) => [row.id, row.lines]));
  return known.flatMap(({ id: v2Id }): readonly ReadRoot[] => {
    const id = idOf(v2Id);
    const count = lines.get(id);
    return count === undefined ? [] : [{ id, v2Id, lines: count }];
  });
}

async function livingInV2(v2: Client, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set();
  const { rows } = await v2.query<{ id: number }>('SELECT id FROM requisitions WHERE id = ANY($1)', [ids]);
  return new Set(rows.map(({ id }) => id));
}
