// What a pipeline's memory says to people: its state in one word, its lag, and the answer to the query `status`.
import type { Lag, PipelineStatus, ShownState } from './messages.ts';
import { eventsBehind, isBehind } from './memory.ts';
import type { Memory } from './memory.ts';

/** An apply returns within some 70 s; one that takes longer is failing and being tried again. */
const LATE_APPLY_MS = 150_000;

export function shownState(memory: Memory, nowMs: number): ShownState {
  const { state, failure, applyingSinceMs } = memory;
  if (applyingSinceMs !== null && isLate(applyingSinceMs, nowMs)) return 'retrying';
  if (state === null) return 'starting';
  return failure !== null && state.mode === 'running' ? 'failing' : state.mode;
}

/** Kafka holds events that do not land, and that will not land by themselves soon: then its retention counts. */
export function isLandingStopped(memory: Memory, nowMs: number): boolean {
  return isBehind(memory) && ['drifted', 'failing', 'retrying'].includes(shownState(memory, nowMs));
}

/**
 * While an apply is under way, nobody here knows how far it is: claims that came since would count as lag although it may
 * have applied them. So the lag stays what it was when the apply began, or when the state was read since; until the apply
 * is so late that it must be failing.
 */
export function lagOf(memory: Memory, nowMs: number): Lag {
  const { claimed, asked, state, behindFromMs, heardAtMs, applyingSinceMs } = memory;
  const applyingSince = applyingSinceMs === null ? null : iso(applyingSinceMs);
  if (applyingSinceMs === null || isLate(applyingSinceMs, nowMs)) {
    return {
      events: eventsBehind({ claimed, state }),
      seconds: secondsBetween(behindFromMs, nowMs),
      asOf: heardAtMs === null ? null : iso(heardAtMs),
      applyingSince,
    };
  }
  const events = eventsBehind({ claimed: asked, state });
  const asOfMs = Math.max(heardAtMs ?? 0, applyingSinceMs);
  return { events, seconds: events === 0 ? 0 : secondsBetween(behindFromMs, asOfMs), asOf: iso(asOfMs), applyingSince };
}

function isLate(applyingSinceMs: number, nowMs: number): boolean {
  return nowMs - applyingSinceMs > LATE_APPLY_MS;
}

function secondsBetween(fromMs: number | null, toMs: number): number {
  return fromMs === null ? 0 : Math.max(0, Math.round((toMs - fromMs) / 1000));
}

/** 0, then under 10 s, 1 min, 10 min, 1 h, and more: the list of pipelines is told when a lag moves to another of these. */
export function lagBucket(lag: Lag): number {
  if (lag.events === 0) return 0;
  return 1 + [10, 60, 600, 3_600].filter((seconds) => lag.seconds >= seconds).length;
}

export function statusOf(pipeline: string, memory: Memory, nowMs: number): PipelineStatus {
  const { state, failure, operation, applyingSinceMs } = memory;
  return {
    pipeline,
    state: shownState(memory, nowMs),
    mode: state?.mode ?? null,
    reason: state?.reason ?? '',
    by: state?.by ?? '',
    since: state?.since ?? null,
    until: state?.until ?? null,
    stop: state?.stop ?? null,
    claimed: memory.claimed,
    applied: state?.applied ?? {},
    lag: lagOf(memory, nowMs),
    retention: isLandingStopped(memory, nowMs) ? memory.retention : null,
    links: state?.links ?? {},
    lastEventAt: state?.lastEventAt ?? null,
    dirty: state?.dirty ?? 0,
    waiting: state?.waiting ?? 0,
    quarantined: state?.quarantined ?? 0,
    drift: state?.drift ?? null,
    experiment: state?.experiment ?? null,
    operation: operation === null ? null : (memory.recent.find(({ id }) => id === operation.request.id) ?? null),
    recentOperations: memory.recent,
    failure:
      failure === null
        ? null
        : {
            code: failure.code,
            message: failure.message,
            advice: failure.advice,
            since: iso(failure.sinceMs),
            times: failure.times,
            retryAt: iso(failure.retryAtMs),
          },
    applyingSince: applyingSinceMs === null ? null : iso(applyingSinceMs),
    verification: memory.verification ?? null,
    lastApply: memory.lastApply === null ? null : { at: iso(memory.lastApply.atMs), counts: memory.lastApply.counts },
    totals: memory.totals,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
