// What a pipeline's workflow remembers, and how each thing that happens changes it: pure functions from one memory to the
// next. All of it travels through continue-as-new. Our schema is the truth; this mirrors it.
import type { ApplyResult, Counts, Offsets, OperationRequest, PipelineState } from '../activities/contract.ts';
import type { Retention } from '../model/retention.ts';
import type { VerificationSummary } from '../verification/contract.ts';
import type { OperationEnd, OperationInput, OperationRecord } from './messages.ts';

export interface Memory {
  readonly claimed: Offsets;
  /** Null until it was read for the first time. */
  readonly state: PipelineState | null;
  /** When positions were last heard from an activity. */
  readonly heardAtMs: number | null;
  /** There may be roots to derive that no claim announces. */
  readonly woken: boolean;
  /** Since when it is behind: the claim that it fell behind by, or the newest event that it landed since. */
  readonly behindFromMs: number | null;
  /** The last apply ended because its time was over while events came: the next one follows at once. */
  readonly flowing: boolean;
  /** Applies in a row that brought nothing; a new claim begins anew. */
  readonly fruitless: number;
  readonly failure: ApplyFailure | null;
  readonly applyingSinceMs: number | null;
  /** What Kafka keeps of what is not landed, as it was when landing last stood still. */
  readonly retention: Retention | null;
  /** What the apply under way was asked to reach. */
  readonly asked: Offsets;
  /** Operations asked for by signal, in order, that wait to be carried out. */
  readonly inbox: readonly SignalledOperation[];
  /** The long operation that runs, as it was asked for. */
  readonly operation: { readonly request: OperationRequest; readonly atMs: number } | null;
  /** Newest first. */
  readonly recent: readonly OperationRecord[];
  readonly totals: Counts;
  /** The last verification against landing. Absent in what an older version remembered. */
  readonly verification?: VerificationSummary;
  /** The last apply that brought something. */
  readonly lastApply: { readonly atMs: number; readonly counts: Counts } | null;
  /** Runs of this workflow, this one included. */
  readonly runs: number;
}

export interface SignalledOperation {
  readonly name: OperationRequest['name'];
  readonly input: OperationInput;
  readonly id: string;
}

export interface ApplyFailure {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly sinceMs: number;
  readonly times: number;
  readonly retryAtMs: number;
}

const RECENT_OPERATIONS = 10;
/** An apply that took this long ended because its time (a minute) was over, not because the flow was idle. */
const FULL_APPLY_MS = 45_000;
const BACK_OFF_FIRST_MS = 5_000;
const BACK_OFF_MOST_MS = 5 * 60_000;
const NOTHING: Counts = { events: 0, landed: 0, derived: 0, written: 0, quarantined: 0 };

export const emptyMemory: Memory = {
  claimed: {},
  state: null,
  heardAtMs: null,
  // A workflow that starts from nothing looks once what is to be done.
  woken: true,
  behindFromMs: null,
  flowing: false,
  fruitless: 0,
  failure: null,
  applyingSinceMs: null,
  retention: null,
  asked: {},
  inbox: [],
  operation: null,
  recent: [],
  totals: NOTHING,
  lastApply: null,
  runs: 0,
};

/**
 * Merges by the greatest offset: a claim that comes late or twice changes nothing. What is no claim is passed over, since
 * anybody may type a signal, and a handler that throws would hold up the workflow for ever.
 */
export function claimedTo(memory: Memory, offsets: unknown, nowMs: number): Memory {
  const claimed: Record<string, number> = { ...memory.claimed };
  for (const [position, offset] of Object.entries(offsets ?? {})) {
    if (Number.isSafeInteger(offset) && /^[^/]+\/\d+$/.test(position)) {
      claimed[position] = Math.max(claimed[position] ?? 0, offset as number);
    }
  }
  const isNews = Object.entries(claimed).some(([position, offset]) => offset !== memory.claimed[position]);
  return fellBehind({ ...memory, claimed, fruitless: isNews ? 0 : memory.fruitless }, nowMs);
}

/** Anybody may type a signal: what is no summary is passed over. */
export function wasVerified(memory: Memory, summary: unknown): Memory {
  const { against, at, answer, differences } = (summary ?? {}) as Partial<VerificationSummary>;
  const isSummary =
    against === 'landing' && typeof at === 'string' && typeof answer === 'string' && Number.isSafeInteger(differences);
  return isSummary ? { ...memory, verification: summary as VerificationSummary } : memory;
}

export function wokenUp(memory: Memory): Memory {
  return { ...memory, woken: true };
}

export function applyBegan(memory: Memory, nowMs: number): Memory {
  return { ...memory, woken: false, flowing: false, applyingSinceMs: nowMs, asked: memory.claimed };
}

export function applyEnded(
  memory: Memory,
  { result, nowMs }: { readonly result: ApplyResult; readonly nowMs: number },
): Memory {
  const { counts, ...state } = result;
  const tookMs = nowMs - (memory.applyingSinceMs ?? nowMs);
  const brought = counts.events > 0 || counts.derived > 0;
  const isFull = tookMs >= FULL_APPLY_MS;
  const claimed = isFull && !brought ? withoutUnreachable(memory, state.applied) : memory.claimed;
  const after = heard({ ...memory, claimed }, state, nowMs);
  const landedAtMs = state.lastEventAt === null ? Number.NaN : Date.parse(state.lastEventAt);
  return {
    ...after,
    applyingSinceMs: null,
    failure: null,
    flowing: brought && isFull,
    fruitless: brought ? 0 : memory.fruitless + 1,
    lastApply: brought ? { atMs: nowMs, counts } : memory.lastApply,
    totals: {
      events: memory.totals.events + counts.events,
      landed: memory.totals.landed + counts.landed,
      derived: memory.totals.derived + counts.derived,
      written: memory.totals.written + counts.written,
      quarantined: memory.totals.quarantined + counts.quarantined,
    },
    // While it catches up, the newest landed event says better than the first claim how far behind it is.
    behindFromMs:
      after.behindFromMs !== null && counts.events > 0 && !Number.isNaN(landedAtMs) ? landedAtMs : after.behindFromMs,
  };
}

/**
 * Kafka answered for a whole minute and brought nothing: what was asked for is not there (a claim typed by hand, a topic
 * made anew). The bridge claims again whatever does come.
 */
function withoutUnreachable({ claimed, asked }: Memory, applied: Offsets): Offsets {
  return Object.fromEntries(
    Object.entries(claimed).filter(([at, offset]) => offset <= (applied[at] ?? 0) || offset !== asked[at]),
  );
}

export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}

export function applyFailed(memory: Memory, fault: Fault, nowMs: number): Memory {
  const times = (memory.failure?.times ?? 0) + 1;
  const backOffMs = Math.min(BACK_OFF_FIRST_MS * 2 ** (times - 1), BACK_OFF_MOST_MS);
  return {
    ...memory,
    applyingSinceMs: null,
    // What woke this apply is still to be done.
    woken: true,
    failure: { ...fault, sinceMs: memory.failure?.sinceMs ?? nowMs, times, retryAtMs: nowMs + backOffMs },
  };
}

/** The apply was given up, to continue as new: what it was for is still to be done. */
export function applyGivenUp(memory: Memory): Memory {
  return { ...memory, applyingSinceMs: null, woken: true };
}

/** An answer of an activity about the state. One that is older than what is known does not undo a change of mode. */
export function heard(memory: Memory, state: PipelineState, nowMs: number): Memory {
  const known = memory.state;
  const isStale = known !== null && Date.parse(state.since) < Date.parse(known.since);
  const mode = isStale
    ? {
        mode: known.mode,
        reason: known.reason,
        by: known.by,
        since: known.since,
        until: known.until ?? null,
        stop: known.stop,
      }
    : {};
  return fellBehind({ ...memory, heardAtMs: nowMs, state: { ...state, ...mode } }, nowMs);
}

/** Everything that an operator does ends the back-off, so that the mended pipeline is tried at once. */
export function operatorActed(memory: Memory, nowMs: number): Memory {
  const { failure } = memory;
  return { ...memory, woken: true, fruitless: 0, failure: failure === null ? null : { ...failure, retryAtMs: nowMs } };
}

export function recorded(memory: Memory, record: OperationRecord): Memory {
  const others = memory.recent.filter(({ id }) => id !== record.id);
  return { ...memory, recent: [record, ...others].slice(0, RECENT_OPERATIONS) };
}

export function operationBegan(memory: Memory, request: OperationRequest, nowMs: number): Memory {
  const { id, name, reason, by, via } = request;
  const record: OperationRecord = {
    id,
    name,
    reason,
    by,
    via,
    state: 'running',
    answer: '',
    at: new Date(nowMs).toISOString(),
  };
  return recorded({ ...memory, operation: { request, atMs: nowMs } }, record);
}

export function operationOver(memory: Memory, end: OperationEnd, nowMs: number): Memory {
  const begun = memory.recent.find(({ id }) => id === end.id);
  const record: OperationRecord = {
    id: end.id,
    name: end.name,
    reason: begun?.reason ?? '',
    by: begun?.by ?? '',
    via: begun?.via ?? 'update',
    state: end.state,
    answer: end.answer,
    at: new Date(nowMs).toISOString(),
  };
  return recorded({ ...memory, operation: memory.operation?.request.id === end.id ? null : memory.operation }, record);
}

export function isBehind({ claimed, state }: Pick<Memory, 'claimed' | 'state'>): boolean {
  return eventsBehind({ claimed, state }) > 0;
}

export function eventsBehind({ claimed, state }: Pick<Memory, 'claimed' | 'state'>): number {
  return Object.entries(claimed).reduce(
    (sum, [position, offset]) => sum + Math.max(0, offset - (state?.applied[position] ?? 0)),
    0,
  );
}

function fellBehind(memory: Memory, nowMs: number): Memory {
  return { ...memory, behindFromMs: isBehind(memory) ? (memory.behindFromMs ?? nowMs) : null };
}
