// The activity that does the work: reads on from where the pipeline stands, lands and derives batch by batch, and stays
// while more arrives, so that under steady flow neither latency nor history depends on signals.
import { MkondoError, errorFates } from '../model/errors.ts';
import { applyBatch, carryOn } from './batch.ts';
import type { ApplyInput, ApplyResult, Counts, Offsets } from './contract.ts';
import { hasDueRoots, lockPipeline, readPositions, readState, setMode } from './control.ts';
import type { NewParts } from './derive-due.ts';
import { createDrain } from './drain.ts';
import type { Engine } from './engine.ts';
import { inTransaction } from './transaction.ts';
import { readAhead } from './read-ahead.ts';
import type { Ahead } from './read-ahead.ts';

/** What Temporal gives an activity, and a test can give as well. */
export interface ActivityScope {
  readonly run: string;
  readonly signal: AbortSignal;
  readonly heartbeat: (details: unknown) => void;
}

export interface ApplyLimits {
  /** It returns after this time, so that the history shows progress and an operator's change of code takes hold. */
  readonly longestMs: number;
  /**
   * It returns when nothing came for so long since it last did something, and at once when it has found nothing to do. More
   * than twice the bridge's pause between signals to a busy pipeline.
   */
  readonly lingerMs: number;
  /**
   * With more than so many events ahead of it a pipeline catches up: it lands, and derives beside it, whole roots whose rows have
   * all come. After a short stop that would cost more than it saves: of most roots a few parts have changed.
   */
  readonly farBehindEvents: number;
}

export const APPLY_LIMITS: ApplyLimits = { longestMs: 60_000, lingerMs: 15_000, farBehindEvents: 10_000 };

/** A batch of so many messages with more behind it, while a pipeline catches up: it goes on doing so. */
const CATCH_UP_EVENTS = 1_000;
/** Topics of parts are held no longer than this, however much else there is to do. */
const LONGEST_HOLD_MS = 30_000;
/** Longest turn of deriving while nothing comes. */
const TURN_MS = 5_000;
/**
 * What is due besides the batches' own roots has its turn so often while changes keep coming: left over when the pipeline had
 * caught up, or released by another one. It would wait for a gap in the flow, or for the next activity.
 */
const TURN_EVERY_MS = 250;
/** Topics that do not exist yet are looked for so often. */
const TOPICS_MS = 5_000;

export async function apply(
  engine: Engine,
  input: ApplyInput,
  scope: ActivityScope,
  limits: ApplyLimits = APPLY_LIMITS,
): Promise<ApplyResult> {
  const began = Date.now();
  const { pool, metrics } = engine.deps;
  const total = { events: 0, landed: 0, derived: 0, written: 0, quarantined: 0 };
  let lastWork = Number.NEGATIVE_INFINITY;
  let hasLooked = false;
  // It then returns, so that the workflow knows at once, and does not refuse the resume of who knows from elsewhere.
  let isStopped = false;
  const orStop = async <T>(work: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MkondoError) || error.code !== 'SCHEMA_DRIFT') throw error;
      isStopped = (await stop(engine, error)) || isStopped;
      return otherwise();
    }
  };
  const drain = createDrain(engine, {
    run: scope.run,
    done(totals) {
      addTo(total, totals);
      lastWork = Date.now();
    },
    orStop: (work) => orStop(work, () => Promise.resolve(null)),
  });
  let positions = await startPositions(engine);
  let lookedForTopics = Date.now();
  let isCatchingUp = false;
  let reading: Promise<Ahead> | null = null;
  let isRead = false;
  let newParts: NewParts = new Map();
  let held = partsToHold(engine, positions);
  const readOn = (): Promise<Ahead> => {
    const ahead = readAhead(engine, Object.fromEntries(Object.entries(positions).filter(([at]) => !held.has(at))));
    isRead = false;
    // It may fail while nobody waits for it; whoever does wait hears of it all the same.
    ahead.then(
      ({ decoded }) => (isRead = decoded.messages > 0),
      () => (isRead = true),
    );
    return ahead;
  };
  const release = async ({ behind }: Ahead): Promise<void> => {
    if (held.size === 0) return;
    const isAllDone = behind === 0 && !(await hasDueRoots(pool, engine.name));
    if (isAllDone || Date.now() - began >= LONGEST_HOLD_MS) held = new Set();
  };
  let lastTurn = Number.NEGATIVE_INFINITY;
  const deriveForATurn = async (): Promise<boolean> => {
    const end = Date.now() + TURN_MS;
    const hasDerived = await drain.turn(() => isRead || scope.signal.aborted || Date.now() >= end);
    lastTurn = Date.now();
    return hasDerived;
  };
  const isTimeForATurn = async (ahead: Promise<Ahead>): Promise<boolean> =>
    Date.now() - lastTurn >= TURN_EVERY_MS || !(await isSettled(ahead));

  try {
    for (;;) {
      scope.heartbeat({ applied: positions, counts: total });
      const now = Date.now();
      const hasReached = Object.entries(input.claimed).every(([at, offset]) => (positions[at] ?? 0) >= offset);
      if (scope.signal.aborted || isStopped || now - began >= limits.longestMs) break;
      if (hasLooked && hasReached && now - lastWork >= limits.lingerMs) break;
      if (Object.keys(positions).length < engine.topics.length && now - lookedForTopics >= TOPICS_MS) {
        lookedForTopics = now;
        positions = { ...(await startPositions(engine)), ...positions };
      }

      reading ??= readOn();
      if (isCatchingUp) drain.beside();
      else if ((await isTimeForATurn(reading)) && (await deriveForATurn())) continue;

      const timeRead = metrics.timeStage(engine.name, 'read');
      const ahead = await reading;
      const { from, next, behind, decoded } = ahead;
      timeRead();
      reading = null;
      hasLooked = true;
      isCatchingUp = decoded.messages >= CATCH_UP_EVENTS && behind > (isCatchingUp ? 0 : limits.farBehindEvents);
      if (!isCatchingUp) {
        await drain.follow(newParts);
        newParts = new Map();
        await drain.rest();
      }
      if (Object.keys(next).length === 0) {
        await release(ahead);
        continue;
      }

      positions = { ...positions, ...next };
      // The next batch is read and decoded while this one is written.
      reading = readOn();
      const { carried, complete } = carryOn(engine.plan, newParts, decoded);
      await drain.follow(complete);
      newParts = carried;
      const batch = { from, next, decoded, carried, run: scope.run };
      const report = await orStop(
        () => applyBatch(engine, { ...batch, isDeferred: isCatchingUp }),
        // Stopped now: it lands all the same.
        () => applyBatch(engine, { ...batch, isDeferred: true }),
      );
      if (!report.isApplied) {
        positions = { ...positions, ...report.positions };
        await reading.catch(() => undefined);
        reading = null;
        continue;
      }
      lastWork = Date.now();
      addTo(total, { ...report, events: decoded.messages });
      newParts = report.newParts;
      // Too many to derive at once: they must not wait until nothing comes any more.
      if (report.deferred > 0 && !isCatchingUp) await deriveForATurn();
      await release(ahead);
    }
    await drain.follow(newParts);
    await drain.rest();
  } catch (error) {
    if (error instanceof MkondoError && error.code === 'OFFSET_OUT_OF_RANGE') await stop(engine, error);
    // The next apply has the new one.
    if (!(error instanceof MkondoError) || error.code !== 'TRANSFORMATION_CHANGED') throw error;
  } finally {
    // A fetch in flight would answer into the next activity's reader.
    await reading?.catch(() => undefined);
    await drain.rest().catch(() => undefined);
  }
  // Nothing that this apply was asked for: it may fail, and is done at another one's end.
  if (!scope.signal.aborted)
    await engine.deletes
      .tidy(Date.now())
      .catch((error: unknown) =>
        engine.deps.log.warn({ err: error, pipeline: engine.name }, 'old deletes cannot be forgotten'),
      );
  const state = await readState(pool, engine.name);
  metrics.dirtyRoots.set({ pipeline: engine.name }, state.dirty);
  metrics.waitingRoots.set({ pipeline: engine.name }, state.waiting);
  metrics.quarantined.set({ pipeline: engine.name }, state.quarantined);
  return { ...state, counts: total };
}

/**
 * Topics of parts that have never been read: they are held until everything else has been, and the heads of the roots
 * stand in v3. So parts derive as they come, from the events that bring them, and are not read again. Only a matter of
 * speed: a root whose head comes later is derived whole.
 */
function partsToHold(engine: Engine, positions: Offsets): ReadonlySet<string> {
  const { part } = engine.plan;
  if (part === null) return new Set();
  const topic = engine.topicOf(part.node.node.table);
  return new Set(Object.keys(positions).filter((at) => at.startsWith(`${topic}/`) && positions[at] === 0));
}

/** Our positions, and offset 0 of every partition that we never read: a log that begins later has lost what we need. */
async function startPositions(engine: Engine): Promise<Offsets> {
  const partitions = await engine.reader.partitions();
  const stored = await readPositions(engine.deps.pool, engine.name);
  return Object.fromEntries(partitions.map((at) => [at, stored[at] ?? 0]));
}

/** Stops the pipeline where it runs. False where somebody had stopped or paused it before. */
async function stop(engine: Engine, error: MkondoError): Promise<boolean> {
  if (errorFates[error.code] !== 'stop') return false;
  engine.deps.metrics.countError(error, engine.name);
  engine.deps.log.error({ pipeline: engine.name, code: error.code, advice: error.advice }, error.message);
  return inTransaction(engine.deps.pool, async (client) => {
    const { mode } = await lockPipeline(client, engine.name);
    if (mode !== 'running') return false;
    await setMode(client, {
      pipeline: engine.name,
      mode: 'drifted',
      reason: error.advice,
      by: 'system',
      stop: { code: error.code, message: error.message },
    });
    return true;
  });
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  const first = await Promise.race([
    promise.then(
      () => null,
      () => null,
    ),
    new Promise((resolve) => setImmediate(resolve, open)),
  ]);
  return first !== open;
}

function addTo(total: { -readonly [Name in keyof Counts]: number }, more: Partial<Counts>): void {
  for (const name of ['events', 'landed', 'derived', 'written', 'quarantined'] as const) total[name] += more[name] ?? 0;
}
