// How claims become few signals: one lane per pipeline, at most one signal in flight in each, at once when the pipeline has
// been quiet and every few seconds while it is busy. Pure: a lane and what happened give the next lane.
import type { Offsets } from '../activities/contract.ts';

/**
 * Pause between signals to a busy pipeline. Its apply lingers longer than this after the last event that it saw, so an
 * event that is claimed late is found by the apply under way; and a run's history sees 12 signals a minute at most.
 */
const BUSY_PAUSE_MS = 5_000;
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
  /** Deliveries in a row that failed. */
  readonly failures: number;
}

export interface Parcel {
  readonly claimed: Offsets;
  readonly wake: boolean;
  readonly sinceMs: number;
}

export const emptyLane: Lane = { claimed: {}, wake: false, sinceMs: null, inFlight: null, sentAtMs: null, failures: 0 };

export function withClaim(lane: Lane, claimed: Offsets, nowMs: number): Lane {
  return { ...lane, claimed: mergeOffsets(lane.claimed, claimed), sinceMs: lane.sinceMs ?? nowMs };
}

export function withWake(lane: Lane, nowMs: number): Lane {
  return { ...lane, wake: true, sinceMs: lane.sinceMs ?? nowMs };
}

/** When its next signal may go: ms from now; null when there is nothing to send, or one is in flight. */
export function dueInMs(lane: Lane, nowMs: number): number | null {
  if (lane.sinceMs === null || lane.inFlight !== null) return null;
  const pauseMs =
    lane.failures === 0 ? BUSY_PAUSE_MS : Math.min(BACK_OFF_FIRST_MS * 2 ** (lane.failures - 1), BACK_OFF_MOST_MS);
  return lane.sentAtMs === null ? 0 : Math.max(0, lane.sentAtMs + pauseMs - nowMs);
}

export function sending(lane: Lane, nowMs: number): { readonly lane: Lane; readonly parcel: Parcel } {
  const parcel: Parcel = { claimed: lane.claimed, wake: lane.wake, sinceMs: lane.sinceMs ?? nowMs };
  return { parcel, lane: { ...lane, claimed: {}, wake: false, sinceMs: null, inFlight: parcel, sentAtMs: nowMs } };
}

export function accepted(lane: Lane): Lane {
  return { ...lane, inFlight: null, failures: 0 };
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
