// What a pipeline's workflow does next: apply, or wait. Pure, from its memory and the clock.
import { isBehind } from './memory.ts';
import type { Memory } from './memory.ts';

export type Step =
  | { readonly do: 'apply' }
  /** `ms` is null when only a message can bring work. */
  | { readonly do: 'wait'; readonly ms: number | null };

const WAIT_LEAST_MS = 1_000;
const WAIT_MOST_MS = 10 * 60_000;

export function nextStep(memory: Memory, nowMs: number): Step {
  const { failure, state } = memory;
  if (failure !== null) return atOrAfter(failure.retryAtMs, nowMs);
  if (memory.woken || memory.flowing) return { do: 'apply' };
  const heardAtMs = memory.heardAtMs ?? nowMs;
  const leastMs = leastWaitMs(memory.fruitless);
  if (isBehind(memory)) return atOrAfter(heardAtMs + leastMs, nowMs);
  if (state === null || state.retryInMs === null) return { do: 'wait', ms: null };
  return atOrAfter(heardAtMs + Math.max(state.retryInMs, leastMs), nowMs);
}

function atOrAfter(dueMs: number, nowMs: number): Step {
  return dueMs <= nowMs ? { do: 'apply' } : { do: 'wait', ms: Math.min(dueMs - nowMs, WAIT_MOST_MS) };
}

/** What cannot be applied must not fill the history: each try in vain doubles the wait, up to a minute. */
function leastWaitMs(fruitless: number): number {
  return fruitless === 0 ? 0 : Math.min(WAIT_LEAST_MS * 2 ** (fruitless - 1), 60_000);
}

/** Well under the server's limits: 10,000 signals a run, and no history of ours passes 5,000 events. */
const SIGNALS_MOST = 4_000;
const HISTORY_MOST = 4_000;

export function isRenewalDue(run: {
  readonly signals: number;
  readonly historyLength: number;
  readonly suggested: boolean;
}): boolean {
  return run.suggested || run.signals >= SIGNALS_MOST || run.historyLength >= HISTORY_MOST;
}
