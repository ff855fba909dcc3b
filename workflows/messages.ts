// What one can say to a pipeline's workflow: its signals, updates and queries, with their types and the words that the
// Temporal UI shows beside them. The bridge and the API use these, too.
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { VerificationRequest, VerificationSummary } from '../verification/contract.ts';
import type {
  Counts,
  Mode,
  Offsets,
  OperationEndState,
  OperationName,
  OperationRequest,
  PipelineState,
  QuarantineFilter,
  ReplayFrom,
  Links,
  StandingExperiment,
} from '../activities/contract.ts';
import type { Retention } from '../model/retention.ts';

export const pipelineWorkflow = 'pipeline';
export const experimentWorkflow = 'experiment';
export const operationWorkflow = 'operation';

export function pipelineWorkflowId(pipeline: string): string {
  return `pipeline/${pipeline}`;
}

export function operationWorkflowId(request: {
  readonly pipeline: string;
  readonly name: string;
  readonly id: string;
}): string {
  return `pipeline/${request.pipeline}/${request.name}/${request.id}`;
}

export function experimentWorkflowId(request: { readonly pipeline: string; readonly id: string }): string {
  return `pipeline/${request.pipeline}/experiment/${request.id}`;
}

export const verificationWorkflow = 'verification';

/** To which the time is added, by Temporal for those of a schedule. */
export function verificationWorkflowId({ against, pipeline }: VerificationRequest): string {
  return `verify/${pipeline ?? 'all'}/${against}`;
}

/** What stands on the workflow's page in the Temporal UI, from its start to its end. */
export function pipelineCaption(pipeline: string): { readonly staticSummary: string; readonly staticDetails: string } {
  return {
    staticSummary: `Keeps ${pipeline} of v3 equal to v2, for ever`,
    staticDetails: [
      'State, positions and the last operations: **Current Details**, beside.',
      '**To stop the flow, send the update `pause`**: More Actions, Send an Update. After Request Cancellation or Terminate the next change starts this workflow again.',
      `Rows in quarantine, and who asked for what: \`GET /pipelines/${pipeline}\` of the REST API.`,
    ].join('\n\n'),
  };
}

export const operationNames = [
  'pause',
  'resume',
  'reset',
  'reprocess',
  'replay',
  'retryQuarantined',
  'mend',
  'discard',
  'cancel',
] as const satisfies readonly OperationName[];

/** What an operator types: `{"reason": "..."}`, or the reason alone as a JSON string. */
export type OperationInput =
  | string
  | {
      readonly reason: string;
      /** Who asks; 'operator' when it is left out. */
      readonly by?: string;
      /** Chosen by the caller: asking twice with the same id is one operation, and gets the same answer. */
      readonly id?: string;
      /** Only for replay; a string is a time (ISO 8601). */
      readonly from?: ReplayFrom | string;
      /** Only for pause: for how long ("45m", "8h", "3d"), or until when (ISO 8601); then it resumes by itself. */
      readonly for?: string;
      readonly until?: string;
      /** Only for cancel: the id of the operation that is to end; the one that is under way where it is left out. */
      readonly operation?: string;
      /** Only for retryQuarantined and discard: which entries; discard wants to be told. */
      readonly only?: QuarantineFilter | 'everything';
    };

export interface OperationAnswer {
  /** What happened and what follows, in a sentence or two. */
  readonly answer: string;
  readonly operation: {
    readonly id: string;
    readonly name: OperationName;
    /** The child workflow that does it; null where it is done already. */
    readonly workflowId: string | null;
  };
  readonly status: PipelineStatus;
}

/** The mode, and what the workflow alone can see: `failing` and `retrying` are a running pipeline that does not get on. */
export type ShownState = Mode | 'starting' | 'failing' | 'retrying';

export interface Lag {
  /** Kafka events that are claimed and not applied. */
  readonly events: number;
  /** How far v3 is behind, in whole seconds; 0 when nothing that is claimed waits. */
  readonly seconds: number;
  /** ISO 8601: when the figures held. While an apply is under way they stand still: it reports when it returns. */
  readonly asOf: string | null;
  /** ISO 8601: since when an `apply` is under way; null when none is. */
  readonly applyingSince: string | null;
}

export interface OperationRecord {
  readonly id: string;
  /** An operation's name; or, of a refused signal, whatever was sent. */
  readonly name: string;
  readonly reason: string;
  readonly by: string;
  readonly via: OperationRequest['via'];
  readonly state: 'running' | 'refused' | OperationEndState;
  readonly answer: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  /** ISO 8601. */
  readonly since: string;
  /** Failures in a row. */
  readonly times: number;
  /** ISO 8601: when it is tried again. */
  readonly retryAt: string;
}

export interface PipelineStatus {
  readonly pipeline: string;
  readonly state: ShownState;
  readonly mode: Mode | null;
  readonly reason: string;
  readonly by: string;
  readonly since: string | null;
  /** ISO 8601: when a pause ends by itself. */
  readonly until: string | null;
  readonly stop: PipelineState['stop'];
  readonly claimed: Offsets;
  readonly applied: Offsets;
  readonly lag: Lag;
  /** While landing stands still: when Kafka may begin to forget what is not landed, and of which topic. */
  readonly retention: Retention | null;
  readonly links: Links;
  readonly lastEventAt: string | null;
  readonly dirty: number;
  readonly waiting: number;
  readonly quarantined: number;
  readonly drift: PipelineState['drift'] | null;
  /** One that runs, or that waits for a decision. */
  readonly experiment: StandingExperiment | null;
  readonly operation: OperationRecord | null;
  /** Newest first. */
  readonly recentOperations: readonly OperationRecord[];
  readonly failure: Failure | null;
  /** ISO 8601: since when an `apply` is under way; null when none is. */
  readonly applyingSince: string | null;
  /** The last one against landing that ended since this workflow was first started; null before. */
  readonly verification: VerificationSummary | null;
  /** The last apply that brought something; ISO 8601. */
  readonly lastApply: { readonly at: string; readonly counts: Counts } | null;
  /** What was applied since this workflow was first started. */
  readonly totals: Counts;
}

export interface OperationEnd {
  readonly id: string;
  readonly name: OperationName;
  readonly state: OperationEndState;
  readonly answer: string;
}

/** To the workflow of an operation or of a verification: end at the next step. */
export interface Cancellation {
  readonly reason: string;
  readonly by: string;
}

/** What an operator types: `{"reason": "..."}`. */
export interface ExperimentDecision {
  readonly reason: string;
  /** Who asks; 'operator' when it is left out. */
  readonly by?: string;
  /** Only for promote: also where roots fail with the change. */
  readonly despiteFailures?: boolean;
}

export interface ExperimentEnd {
  readonly id: string;
  readonly state: 'promoted' | 'discarded';
  readonly answer: string;
}

/** "Topic T, partition P holds data up to N": merged by the greatest offset, so that repeating a claim is harmless. */
export const claim = defineSignal<[Offsets]>('claim');
/** There are roots to derive that no event of this pipeline announces. */
export const wake = defineSignal('wake');
/** From a verification: what it found. */
export const verified = defineSignal<[VerificationSummary]>('verified');
export const operationEnded = defineSignal<[OperationEnd]>('operationEnded');

/** To the workflow of an operation, or of a verification. A pipeline's update of that name sends it on. */
export const cancelled = defineSignal<[Cancellation]>('cancel');
export const cancelledDescription =
  'Ends it at its next step; what was begun is left whole. Input: {"reason": "...", "by": "..."}.';

export const operationSignals = Object.fromEntries(
  operationNames.map((name) => [name, defineSignal<[OperationInput]>(name)]),
) as Readonly<Record<OperationName, ReturnType<typeof defineSignal<[OperationInput]>>>>;

export const operationUpdates = Object.fromEntries(
  operationNames.map((name) => [name, defineUpdate<OperationAnswer, [OperationInput]>(name)]),
) as Readonly<Record<OperationName, ReturnType<typeof defineUpdate<OperationAnswer, [OperationInput]>>>>;

export const status = defineQuery<PipelineStatus>('status');
export const lag = defineQuery<Lag>('lag');

export const promoteExperiment = defineUpdate<string, [ExperimentDecision]>('promote');
export const discardExperiment = defineUpdate<string, [ExperimentDecision]>('discard');
export const experimentDescriptions = {
  promote:
    'Makes the change the pipeline\'s transformation, and reprocesses: v3 gets what differs, readers see no gap. Input: {"reason": "..."}.',
  discard: 'Ends the experiment and drops its shadow; v3 was never touched. Input: {"reason": "..."}.',
} as const;

const input = 'Input: {"reason": "..."}, and if you like "by" and "id".';
export const descriptions = {
  claim: 'From the bridge: a topic holds data up to an offset. Harmless by hand.',
  wake: 'Looks for roots that are due to be derived. Harmless by hand.',
  verified: 'From a verification: what it found. Shown in the status, and nothing else.',
  operationEnded: 'From an operation: how it ended.',
  status: 'Everything about the pipeline: state, positions, lag, quarantine, operations, last failure.',
  lag: 'How far v3 is behind, in events and in seconds. While an apply is under way (applyingSince), what was known when it began (asOf): GET /pipelines/<name> is newer.',
  pause: `Changes keep landing, v3 stands still until resume. Loses nothing, for as long as you like. ${input} With "for": "8h" or "until": "2026-01-31T06:00:00Z" it resumes by itself; on a paused pipeline that changes its end.`,
  resume: `Brings v3 up to date after a pause, or after the engine stopped the pipeline. ${input}`,
  reset: `Deletes exactly the v3 rows that this pipeline owns, then derives all again. Readers see them missing meanwhile. ${input}`,
  reprocess: `Derives all again with the current transformation and writes what differs. Readers see no gap. ${input}`,
  replay: `Lands again from a Kafka position or time; nothing newer is changed. Input: {"reason": "...", "from": "2026-01-31T00:00:00Z"} or "from": {"topic": "...", "partition": 0, "offset": 0}.`,
  retryQuarantined: `Tries again what is in quarantine. ${input} With "only": {"code": "V3_CONSTRAINT"} (or "source", "kind", "roots": ["7"], "ids": [12]) some of it.`,
  discard: `Gives up what is in quarantine: it is kept with who and why, no longer counted, and back by itself when v2 changes the row and it fails again. Input: {"reason": "...", "only": {"code": "..."}}; "only" also takes "source", "kind", "roots", "ids", or is "everything".`,
  mend: `Derives the roots again of which the last verification found rows that differ, and no others. ${input}`,
  cancel: `Ends the long operation that is under way, at its next step; what was begun is left whole. ${input} With "operation": "<id>" only if it is that one.`,
} as const satisfies Record<string, string>;
