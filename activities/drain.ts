// Deriving what is due, chunk by chunk: beside landing while a pipeline catches up, and between two reads otherwise.
import { setTimeout as sleep } from 'node:timers/promises';
import { hasDueRoots } from './control.ts';
import { deriveDue, deriveNewParts, nextChunkRoots, noteDerived } from './derive-due.ts';
import type { DueReport, NewParts, Totals } from './derive-due.ts';
import type { Engine } from './engine.ts';

export interface Drain {
  /** Derives what is due, at least a chunk, then on until `isInterrupted`. False when nothing was due. */
  turn: (isInterrupted: () => boolean) => Promise<boolean>;
  /** Derives in the background what has been due for a while. @throws what the last one threw */
  beside: () => void;
  /** Derives new parts in the background; waits while too many are under way. @throws what one of them threw */
  follow: (newParts: NewParts) => Promise<void>;
  /** Ends what goes on in the background. @throws what it threw */
  rest: () => Promise<void>;
}

interface DrainInput {
  readonly run: string;
  /** Called with what each chunk did. */
  readonly done: (totals: Totals) => void;
  /** Does the work; where v3 no longer fits, stops the pipeline and gives null. */
  readonly orStop: (work: () => Promise<DueReport | null>) => Promise<DueReport | null>;
}

/** Roots of the first chunk. */
const FIRST_ROOTS = 50;
/**
 * While rows stream in, those of one root come at about the same time, and it is derived when they have come: a root that is
 * derived too early is derived twice, and holds landing up when it marks it again (with 2 s, a first load of 500,000
 * lines took a third longer).
 */
const QUIET_MS = 20_000;
/** So many batches of new parts at a time: one computes while PostgreSQL works for the other. */
const LANES = 2;
/** How often it looks, in the background, whether something has become due. */
const LOOK_MS = 250;
/** How often the pipeline's row says when v3 was last brought up to date. */
const NOTE_MS = 1_000;

export function createDrain(engine: Engine, { run, done, orStop }: DrainInput): Drain {
  const { pool } = engine;
  const { beside } = engine.deps;
  let limit = FIRST_ROOTS;
  let notedMs = 0;
  let background: { readonly stop: AbortController; readonly work: Promise<void> } | null = null;
  let fault: { readonly error: unknown } | null = null;
  const lanes = new Set<Promise<void>>();

  const here = (quietMs: number): Promise<DueReport | null> => deriveDue(engine, { limit, quietMs, run });
  const there = (quietMs: number): Promise<DueReport | null> =>
    beside === undefined ? here(quietMs) : beside.deriveDue(engine, { limit, quietMs, run });

  const chunk = async (lane: typeof here, quietMs: number): Promise<DueReport | null> => {
    const report = await orStop(() => lane(quietMs));
    if (report === null) return null;
    limit = nextChunkRoots(report);
    await note(report);
    return report;
  };

  const note = async (report: DueReport): Promise<void> => {
    done(noteDerived(engine, report));
    if (Date.now() - notedMs >= NOTE_MS) {
      notedMs = Date.now();
      await pool.query('UPDATE cdc.pipelines SET last_derived_at = now() WHERE name = $1', [engine.name]);
    }
  };

  const untilInterrupted = async (lane: typeof here, isInterrupted: () => boolean): Promise<void> => {
    while (!isInterrupted() && (await chunk(lane, 0)) !== null);
  };

  const seek = async (lane: typeof here, stop: AbortSignal): Promise<void> => {
    while (!stop.aborted) {
      const report = await chunk(lane, QUIET_MS);
      if (report === null) await sleep(LOOK_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  };

  const throwFault = (): void => {
    if (fault === null) return;
    const { error } = fault;
    fault = null;
    throw error;
  };

  return {
    async turn(isInterrupted) {
      if (!(await hasDueRoots(pool, engine.name))) return false;
      const asked = limit;
      const first = await chunk(here, 0);
      if (first === null) return false;
      // As much as was asked for: there is more. One lane computes while PostgreSQL works for the other.
      if (first.roots >= asked)
        await Promise.all([untilInterrupted(here, isInterrupted), untilInterrupted(there, isInterrupted)]);
      return true;
    },

    beside() {
      throwFault();
      if (background !== null) return;
      const stop = new AbortController();
      const work = Promise.all([seek(there, stop.signal), seek(there, stop.signal)]).then(
        () => undefined,
        (error: unknown) => {
          fault = { error };
          stop.abort();
        },
      );
      background = { stop, work };
    },

    async follow(newParts) {
      if (newParts.size === 0) return;
      while (lanes.size >= LANES) await Promise.race(lanes);
      throwFault();
      const derive = (): Promise<DueReport | null> =>
        beside === undefined
          ? deriveNewParts(engine, { newParts, run })
          : beside.deriveNewParts(engine, { newParts, run });
      const lane: Promise<void> = orStop(derive)
        .then((report) => (report === null ? undefined : note(report)))
        .catch((error: unknown) => void (fault = { error }))
        .finally(() => lanes.delete(lane));
      lanes.add(lane);
    },

    async rest() {
      background?.stop.abort();
      await background?.work;
      background = null;
      await Promise.all(lanes);
      throwFault();
    },
  };
}
