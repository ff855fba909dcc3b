// Plays the eLMIS application: its users' and administrators' actions against v2, at a set rate. Each action draws its
// choices from the seed and its own number, so the same seed on the same data does the same, whatever failed before.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../model/log.ts';
import { operationNames, operations } from './operations/index.ts';
import type { OperationName } from './operations/index.ts';
import { openSession } from './operations/session.ts';
import type { Outcome, Session } from './operations/session.ts';
import { createRandom } from './random.ts';

interface RunSettings {
  /** Aim for this many actions a second, */
  readonly actionsPerSecond?: number;
  /** or for this many row changes a second. Without either: as fast as v2 takes them. */
  readonly rowChangesPerSecond?: number;
  /** Without: until `signal` is aborted. */
  readonly durationMs?: number;
  /** Stops after the action in hand. */
  readonly signal?: AbortSignal;
}

interface OperationCount {
  readonly done: number;
  /** Times that the data held no row to apply it to. */
  readonly nothingToDo: number;
  readonly failed: number;
}

interface SimulatorSummary {
  readonly actions: number;
  readonly rowChanges: number;
  /** Times that the sessions were given up, after a failure, to be made again. */
  readonly reconnects: number;
  readonly operations: Readonly<Record<OperationName, OperationCount>>;
}

export interface Simulator {
  readonly operations: readonly OperationName[];
  /** Plays one action: the operation named, or one by chance. Throws what the database throws. */
  readonly step: (name?: OperationName) => Promise<Outcome>;
  /** Plays until the time is over or the signal is aborted; outlives a restart of v2. */
  readonly run: (settings: RunSettings) => Promise<SimulatorSummary>;
  /** Counts since the simulator was made. */
  readonly summary: () => SimulatorSummary;
  readonly close: () => Promise<void>;
}

const firstBackOffMs = 100;
const longestBackOffMs = 5000;
/** A run that fell behind by more than this (v2 was away) does not try to catch up. */
const longestDebtMs = 1000;

export function createSimulator({
  v2Url,
  seed,
  log,
}: {
  readonly v2Url: string;
  readonly seed: number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}): Simulator {
  const random = createRandom(seed);
  const weighted = operationNames.map((name) => [name, operations[name].weight] as const);
  const counts = new Map(operationNames.map((name) => [name, { done: 0, nothingToDo: 0, failed: 0 }]));
  let sessions: readonly [Session, Session] | undefined;
  let actions = 0;
  let reconnects = 0;
  let changesOfClosedSessions = 0;

  const rowChanges = (): number =>
    changesOfClosedSessions + (sessions ?? []).reduce((sum, session) => sum + session.committedChanges(), 0);

  async function connect(): Promise<readonly [Session, Session]> {
    if (sessions !== undefined) return sessions;
    const session = await openSession(v2Url);
    try {
      sessions = [session, await openSession(v2Url)];
    } catch (error) {
      await session.close();
      throw error;
    }
    return sessions;
  }

  async function close(): Promise<void> {
    const open = sessions ?? [];
    changesOfClosedSessions = rowChanges();
    sessions = undefined;
    await Promise.allSettled(open.map((session) => session.close()));
  }

  async function step(name?: OperationName): Promise<Outcome> {
    const [session, other] = await connect();
    actions += 1;
    const ownRandom = random.fork(`action ${actions}`);
    const chosen = name ?? ownRandom.pickWeighted(weighted);
    const count = counts.get(chosen) ?? { done: 0, nothingToDo: 0, failed: 0 };
    counts.set(chosen, count);
    try {
      const outcome = await operations[chosen].play({ session, other, random: ownRandom });
      count[outcome === 'done' ? 'done' : 'nothingToDo'] += 1;
      return outcome;
    } catch (error) {
      count.failed += 1;
      await close(); // whatever transactions were open end with their sessions
      throw Object.assign(error instanceof Error ? error : new Error(String(error)), { operation: chosen });
    }
  }

  async function run({
    actionsPerSecond,
    rowChangesPerSecond,
    durationMs,
    signal,
  }: RunSettings): Promise<SimulatorSummary> {
    const endMs = durationMs === undefined ? Infinity : performance.now() + durationMs;
    let dueMs = performance.now();
    let backOffMs = firstBackOffMs;
    const goesOn = (): boolean => signal?.aborted !== true && performance.now() < endMs;
    while (goesOn()) {
      const changesBefore = rowChanges();
      let waitMs = 0;
      try {
        await step();
        backOffMs = firstBackOffMs;
      } catch (error) {
        log.warn({ err: error }, 'an action failed');
        reconnects += 1;
        if (isConnectionLost(error)) {
          waitMs = backOffMs;
          backOffMs = Math.min(backOffMs * 2, longestBackOffMs);
        }
      }
      const costMs = costOfAction({ actionsPerSecond, rowChangesPerSecond, changes: rowChanges() - changesBefore });
      dueMs = Math.max(dueMs + costMs, performance.now() - longestDebtMs);
      waitMs = Math.min(Math.max(waitMs, dueMs - performance.now()), endMs - performance.now());
      if (waitMs > 0) await sleep(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
    return summary();
  }

  function summary(): SimulatorSummary {
    return {
      actions,
      rowChanges: rowChanges(),
      reconnects,
      operations: Object.fromEntries(
        [...counts].map(([name, count]) => [name, { ...count }]),
      ) as SimulatorSummary['operations'],
    };
  }

  return { operations: operationNames, step, run, summary, close };
}

/** The share of time that an action takes up at the wanted rate. */
function costOfAction({
  actionsPerSecond,
  rowChangesPerSecond,
  changes,
}: {
  readonly actionsPerSecond: number | undefined;
  readonly rowChangesPerSecond: number | undefined;
  readonly changes: number;
}): number {
  if (actionsPerSecond !== undefined) return 1000 / actionsPerSecond;
  return rowChangesPerSecond === undefined ? 0 : (1000 * changes) / rowChangesPerSecond;
}

/** True where the session is of no more use, or there was none: the server is away, or was told to end it. */
function isConnectionLost(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  // PostgreSQL's errors have a SQLSTATE of five characters; Node's and the driver's own mean that the connection broke.
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return true;
  return code.startsWith('08') || code.startsWith('57P');
}
