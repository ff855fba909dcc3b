// How claims become few signals: one lane per pipeline, at once when the pipeline has been quiet and every few seconds while
// it is busy, and never a second signal before the workflow has taken the first. Pure: a lane and what happened give the next lane.
import type { Offsets } from '../activities/contract.ts';

/**
 * Pause between signals to a busy pipeline. Its apply lingers longer than this after the last event that it saw, so an
 * event that is claimed late is found by the apply under way; and a run's history sees 12 signals a minute at most.
 */
const BUSY_PAUSE_MS = 5_000;
/** While the workflow does not take its signal. Shorter than an apply lingers, for the same reason. */
const LOOK_AGAIN_MS = 2_000;
const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_MOST_MS = 10_000;

export interface Lane {
  /** Not sent yet. */
  readonly claimed: Offsets;
  readonly wake: boolean;
  /** When the oldest thing that is not sent yet came. */
  readonly sinceMs: number | null;
  readonly inFlight: Parcel | null;
  readonly sentAtMs: number | null;
  /** Deliveries and looks in a row to which Temporal did not answer. */
  readonly failures: number;
  /**
   * Whether the workflow has taken the last signal. Without a worker it takes none, and Temporal refuses the run's
   * 10,001st: with that many waiting a workflow never comes up again, its first task takes too long.
   */
  readonly taken: boolean;
  readonly looking: boolean;
  /** Looks in a row that found it not taken. */
  readonly vainLooks: number;
  /** The last look since the signal was sent. */
  readonly lookedAtMs: number | null;
}

export interface Parcel {
  readonly claimed: Offsets;
  readonly wake: boolean;
  readonly sinceMs: number;
}

/** What a lane does next, and in how many ms from now. */
export interface Due {
  readonly act: 'send' | 'look';
  readonly inMs: number;
}

/** What an earlier bridge sent may not be taken yet, so a lane begins with a look. */
export const emptyLane: Lane = {
  claimed: {},
  wake: false,
  sinceMs: null,
  inFlight: null,
  sentAtMs: null,
  failures: 0,
  taken: false,
  looking: false,
  vainLooks: 0,
  lookedAtMs: null,
};

export function withClaim(lane: Lane, claimed: Offsets, nowMs: number): Lane {
  return { ...lane, claimed: mergeOffsets(lane.claimed, claimed), sinceMs: lane.sinceMs ?? nowMs };
}

export function withWake(lane: Lane, nowMs: number): Lane {
  return { ...lane, wake: true, sinceMs: lane.sinceMs ?? nowMs };
}

/** Null when there is nothing to do before something else happens. */
export function due(lane: Lane, nowMs: number): Due | null {
  if (lane.inFlight !== null || lane.looking) return null;
  const restMs = (fromMs: number | null, pauseMs: number): number =>
    fromMs === null ? 0 : Math.max(0, fromMs + pauseMs - nowMs);
  const backOffMs = Math.min(BACK_OFF_FIRST_MS * 2 ** (lane.failures - 1), BACK_OFF_MOST_MS);
  if (lane.taken) {
    if (lane.sinceMs === null) return null;
    return { act: 'send', inMs: lane.failures === 0 ? 0 : restMs(lane.sentAtMs, backOffMs) };
  }
  if (lane.lookedAtMs === null) return { act: 'look', inMs: restMs(lane.sentAtMs, BUSY_PAUSE_MS) };
  return { act: 'look', inMs: restMs(lane.lookedAtMs, lane.failures === 0 ? LOOK_AGAIN_MS : backOffMs) };
}

export function sending(lane: Lane, nowMs: number): { readonly lane: Lane; readonly parcel: Parcel } {
  const parcel: Parcel = { claimed: lane.claimed, wake: lane.wake, sinceMs: lane.sinceMs ?? nowMs };
  return { parcel, lane: { ...lane, claimed: {}, wake: false, sinceMs: null, inFlight: parcel, sentAtMs: nowMs } };
}

export function accepted(lane: Lane): Lane {
  return { ...lane, inFlight: null, failures: 0, taken: false, lookedAtMs: null };
}

export function looking(lane: Lane): Lane {
  return { ...lane, looking: true };
}

export function looked(lane: Lane, taken: boolean, nowMs: number): Lane {
  return { ...lane, looking: false, lookedAtMs: nowMs, failures: 0, taken, vainLooks: taken ? 0 : lane.vainLooks + 1 };
}

export function lookFailed(lane: Lane, nowMs: number): Lane {
  return { ...lane, looking: false, lookedAtMs: nowMs, failures: lane.failures + 1 };
}

/** Nothing is lost: what was in flight goes again, together with what came meanwhile. */
export function failed(lane: Lane): Lane {
  const { inFlight } = lane;
  if (inFlight === null) return lane;
  return {
    ...lane,
    claimed: mergeOffsets(inFlight.claimed, lane.claimed),
    wake: lane.wake || inFlight.wake,
    sinceMs: inFlight.sinceMs,
    inFlight: null,
    failures: lane.failures + 1,
  };
}

export function mergeOffsets(one: Offsets, other: Offsets): Offsets {
  const merged: Record<string, number> = { ...one };
  for (const [position, offset] of Object.entries(other)) merged[position] = Math.max(merged[position] ?? 0, offset);
  return merged;
}
