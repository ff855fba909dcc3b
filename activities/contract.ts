// What the activities promise the workflows: shapes only, so that workflows import it by `import type`.
// Everything here travels through Temporal's history: positions and counts, never rows.

import type { Retention } from '../model/retention.ts';

/** '<topic>/<partition>' -> offset, exclusive: the first offset that is not covered. */
export type Offsets = Readonly<Record<string, number>>;

export type Mode = 'running' | 'paused' | 'resetting' | 'drifted';

export interface ApplyInput {
  readonly pipeline: string;
  /** Apply at least up to here. */
  readonly claimed: Offsets;
}

export interface Counts {
  readonly events: number;
  readonly landed: number;
  readonly derived: number;
  readonly written: number;
  readonly quarantined: number;
}

/** What stands in our schema about a pipeline: the truth that the workflow mirrors. */
export interface PipelineState {
  readonly mode: Mode;
  readonly reason: string;
  readonly by: string;
  /** ISO 8601. */
  readonly since: string;
  /** ISO 8601: when a pause ends by itself; null when only an operator ends it. Older workers do not say. */
  readonly until?: string | null;
  /** Why the engine stopped it; null unless drifted. */
  readonly stop: { readonly code: string; readonly message: string } | null;
  readonly applied: Offsets;
  /** Source commit time of the newest landed event, ISO 8601. */
  readonly lastEventAt: string | null;
  /** Roots that are to be derived, and those of them that wait for a parent or a later try. */
  readonly dirty: number;
  readonly waiting: number;
  readonly quarantined: number;
  /** Where v2 or v3 is not as the pipeline expects it, the longest first, in words. Older workers do not say. */
  readonly drift?: { readonly count: number; readonly first: readonly string[] };
  /** When a dirty root is due next, in ms from now; null when none is dirty (or the mode derives nothing). */
  readonly retryInMs: number | null;
  /** Where else to look, as far as it is configured. Older workers do not say. */
  readonly links?: Links;
  /** One that runs, or that waits for a decision. Older workers do not say. */
  readonly experiment?: StandingExperiment | null;
  /** The operation that runs, if any. */
  readonly operation: (Omit<OperationRequest, 'pipeline'> & { /** ISO 8601. */ readonly since: string }) | null;
}

export interface StandingExperiment {
  readonly id: string;
  /** Null: the transformation as it is deployed. */
  readonly change: string | null;
  /** `finished`: it has looked at every root. */
  readonly state: 'running' | 'finished';
}

export interface Links {
  /** The pipeline in the REST API. */
  readonly api?: string;
  readonly dashboard?: string;
}

export interface ApplyResult extends PipelineState {
  readonly counts: Counts;
}

export type OperationName =
  | 'pause'
  | 'resume'
  | 'reset'
  | 'reprocess'
  | 'replay'
  | 'retryQuarantined'
  | 'mend'
  | 'discard'
  | 'cancel';

/** How a long operation may end. */
export type OperationEndState = 'done' | 'failed' | 'cancelled';

export interface OperationRequest {
  /** Chosen by the caller or the workflow; the same id twice is one operation. */
  readonly id: string;
  readonly pipeline: string;
  readonly name: OperationName;
  readonly reason: string;
  readonly by: string;
  /** `timer`: the end of a pause that had one. */
  readonly via: 'update' | 'signal' | 'timer';
  readonly from?: ReplayFrom;
  /** Only for pause, ISO 8601: when it ends by itself. */
  readonly until?: string;
  /** Only for cancel: the id of the operation that is to end; the one that is under way where it is left out. */
  readonly operation?: string;
  /** Only for retryQuarantined and discard: which entries; all where it is left out. */
  readonly only?: QuarantineFilter;
}

/** Entries of the quarantine for which all of it holds. */
export interface QuarantineFilter {
  readonly ids?: readonly string[];
  readonly roots?: readonly string[];
  readonly kind?: 'event' | 'root';
  readonly code?: string;
  /** v2 table. */
  readonly source?: string;
}

/** Where a replay begins: a Kafka offset of one topic, or a time for all of the pipeline's topics (ISO 8601). */
export type ReplayFrom =
  | { readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly time: string };

export interface OperationProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

export interface OperationOutcome {
  readonly answer: string;
  readonly counts: Readonly<Record<string, number>>;
}

export interface PipelineActivities {
  /**
   * Lands at least up to `claimed`, derives what is due, and reads on while more arrives. Returns when the flow has been
   * idle for a little, when its time is over, or when it is cancelled. Safe to repeat and to run twice at once: each
   * batch commits with its positions under the pipeline's lock. Heartbeats its PipelineState.
   */
  apply(input: ApplyInput): Promise<ApplyResult>;
  /** How long Kafka still keeps what is not landed; null when it has no limit of time. Asks Kafka alone. */
  readRetention(input: { readonly pipeline: string; readonly applied: Offsets }): Promise<Retention | null>;
  /** Reads the pipeline's state from our schema; makes its row when it is new. */
  readState(input: { readonly pipeline: string }): Promise<PipelineState>;
  /**
   * Sets running or paused. When it returns, every later batch obeys it. Records the operation as done. By `timer` it ends
   * a pause and nothing else: a pipeline that the engine has stopped meanwhile stays stopped.
   */
  setMode(input: OperationRequest & { readonly mode: 'running' | 'paused' }): Promise<PipelineState>;
  /** Records that an operation was refused, with the answer. */
  recordRefusal(input: OperationRequest & { readonly answer: string }): Promise<void>;
  /** Records that the end of another operation was asked for: who, why, and the answer. */
  recordCancel(input: OperationRequest & { readonly answer: string }): Promise<void>;
  /** Records that a long operation begins (state running). */
  beginOperation(input: OperationRequest): Promise<void>;
  /** Records how it ended; of one that has ended, nothing. */
  endOperation(input: {
    readonly id: string;
    readonly state: OperationEndState;
    readonly answer: string;
  }): Promise<void>;
  /** Deletes exactly the v3 rows that the pipeline owns, then marks all its roots dirty. Heartbeats OperationProgress. */
  clearOwned(input: OperationRequest): Promise<OperationOutcome>;
  /** Marks every root dirty, also those that are only in the ledger any more. */
  markAll(input: OperationRequest): Promise<OperationOutcome>;
  /** Lands again from a Kafka position or time up to where the pipeline is; older events change nothing. */
  replay(input: OperationRequest): Promise<OperationOutcome>;
  /** Decodes quarantined events again, and marks quarantined roots dirty; `only` some. */
  retryQuarantined(input: OperationRequest): Promise<OperationOutcome>;
  /** Gives up what is in quarantine, `only` some: it is kept with who and why, and no longer counted or tried. */
  discard(input: OperationRequest): Promise<OperationOutcome>;
  /** Waits until no root of this operation is dirty any more; heartbeats OperationProgress. */
  awaitDerived(input: {
    readonly id: string;
    readonly pipeline: string;
    readonly total: number;
  }): Promise<OperationOutcome>;
}
