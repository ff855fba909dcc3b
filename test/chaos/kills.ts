// The accidents of a chaos run: which part dies when, and what happens around it. Same seed, same plan.
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../infra/demo/random.ts';
import type { RunningSystem } from '../e2e/running-system.ts';

export const victims = ['worker', 'bridge', 'connect', 'temporal', 'v3', 'kafka', 'v2'] as const;
export type Victim = (typeof victims)[number];

export interface PlannedKill {
  readonly victim: Victim;
  /** After the beginning of the run. */
  readonly atMs: number;
  /** How long it stays dead. */
  readonly downMs: number;
}

export interface KillReport {
  readonly victim: Victim;
  /** ISO 8601 */
  readonly at: string;
  /** What was seen to be under way at that moment. */
  readonly during: string;
  readonly downSeconds: number;
  /** From the restart's beginning until the part served. */
  readonly startSeconds: number;
  /** From the kill to the first batch that was committed after the part served again. */
  readonly recoverySeconds: number;
}

/** Every victim `times` times, in an order and at moments that the seed chooses, between the first and last part of the run. */
export function planKills({
  seed,
  durationMs,
  times,
}: {
  readonly seed: number;
  readonly durationMs: number;
  readonly times: number;
}): readonly PlannedKill[] {
  const random = createRandom(seed).fork('kills');
  const deck = random.shuffle(victims.flatMap((victim) => Array.from({ length: times }, () => victim)));
  const first = durationMs * 0.06;
  const slot = (durationMs * 0.86) / deck.length;
  return deck.map((victim, index) => ({
    victim,
    atMs: Math.round(first + slot * index + random.integer(0, Math.floor(slot / 3))),
    downMs: random.integer(500, 4_000),
  }));
}

/** Kills the part in the middle of work, lets it lie, starts it again, and waits until data flows. */
export async function killAndRestart(system: RunningSystem, { victim, downMs }: PlannedKill): Promise<KillReport> {
  const part = system.part(victim);
  const during = await untilBusy(system, victim);
  const killedMs = Date.now();
  await part.kill('SIGKILL');
  await sleep(downMs);
  const restartMs = Date.now();
  await part.restart();
  const servesMs = Date.now();
  const flowsMs = await untilBatchAfter(system, servesMs);
  return {
    victim,
    at: new Date(killedMs).toISOString(),
    during,
    downSeconds: seconds(restartMs - killedMs),
    startSeconds: seconds(servesMs - restartMs),
    recoverySeconds: seconds(flowsMs - killedMs),
  };
}

const BUSY_WITHIN_MS = 10_000;
const RECOVERED_WITHIN_MS = 120_000;

/** A worker's open transaction on v3 that holds a pipeline's lock: a batch is half done. */
async function untilBusy(system: RunningSystem, victim: Victim): Promise<string> {
  if (victim !== 'worker' && victim !== 'v3') return 'load';
  const deadline = Date.now() + BUSY_WITHIN_MS;
  while (Date.now() < deadline) {
    const { rows } = await system.v3.query<{ query: string }>(
      `SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 60) AS query FROM pg_stat_activity
       WHERE application_name = 'mkondo-worker' AND xact_start < clock_timestamp() - interval '2 milliseconds'
         AND state IN ('active', 'idle in transaction') AND backend_xid IS NOT NULL LIMIT 1`,
    );
    if (rows[0] !== undefined) return `a batch: ${rows[0].query}`;
    await sleep(1);
  }
  return 'load';
}

/** Resolves with the moment at which a batch was committed after `afterMs`. */
async function untilBatchAfter(system: RunningSystem, afterMs: number): Promise<number> {
  const deadline = Date.now() + RECOVERED_WITHIN_MS;
  while (Date.now() < deadline) {
    const at = await system.v3
      .query<{ at: Date | null }>('SELECT max(updated_at) AS at FROM cdc.positions')
      .then(({ rows }) => rows[0]?.at?.getTime() ?? 0)
      .catch(() => 0);
    if (at > afterMs) return at;
    await sleep(50);
  }
  throw new Error(`no batch was committed for ${RECOVERED_WITHIN_MS / 1000} s after everything was up again`);
}

function seconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
