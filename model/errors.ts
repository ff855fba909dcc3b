// Every failure that a person can meet has one code. The code is the Temporal failure type, the metric label,
// the quarantine column and the heading in docs/errors.md; test/docs.test.ts fails when one of them is missing.

/** What the engine does with a failure of this code. */
export type ErrorFate =
  /** The activity is tried again, with back-off, for ever: the fault lies outside and passes. */
  | 'retry'
  /** The change event or the root goes to quarantine; the rest of its batch is applied. */
  | 'quarantine'
  /** The pipeline stops deriving (it keeps landing where it can) until an operator acts. */
  | 'stop'
  /** The caller asked for something that makes no sense; nothing was done. */
  | 'refuse'
  /** The process cannot start. */
  | 'exit';

export const errorFates = {
  // The parts around us
  V3_UNAVAILABLE: 'retry',
  V2_UNAVAILABLE: 'retry',
  KAFKA_UNAVAILABLE: 'retry',
  TEMPORAL_UNAVAILABLE: 'retry',
  OUR_SCHEMA_BROKEN: 'retry',
  BUILD_REFUSED: 'retry',

  // Change events
  EVENT_NOT_JSON: 'quarantine',
  EVENT_NOT_DEBEZIUM: 'quarantine',
  EVENT_UNKNOWN_TABLE: 'quarantine',
  EVENT_WITHOUT_KEY: 'quarantine',
  EVENT_WITH_HOLE: 'quarantine',

  // Roots
  DERIVE_FAILED: 'quarantine',
  V3_VALUE_REJECTED: 'quarantine',
  V3_CONSTRAINT: 'quarantine',
  V3_ROW_NOT_OURS: 'quarantine',
  V3_ROW_CONFLICT: 'quarantine',
  ADOPTED_ROW_GONE: 'quarantine',

  // Pipelines
  OFFSET_OUT_OF_RANGE: 'stop',
  SCHEMA_DRIFT: 'stop',
  TRANSFORMATION_CHANGED: 'retry',

  // Operators
  OPERATION_REFUSED: 'refuse',
  PIPELINE_UNKNOWN: 'refuse',
  OPERATION_UNKNOWN: 'refuse',
  FIGURE_UNKNOWN: 'refuse',
  OPERATION_ENDED: 'refuse',
  IDEMPOTENCY_KEY_REUSED: 'refuse',
  METHOD_UNKNOWN: 'refuse',
  TABLE_UNKNOWN: 'refuse',
  REPORT_UNKNOWN: 'refuse',
  ROUTE_UNKNOWN: 'refuse',
  TOKEN_REQUIRED: 'refuse',
  ROLE_REQUIRED: 'refuse',
  REQUEST_INVALID: 'refuse',
  CHANGE_INVALID: 'refuse',
  EXPERIMENT_UNKNOWN: 'refuse',
  EXPERIMENT_REFUSED: 'refuse',
  ADOPTION_REFUSED: 'refuse',
  ADOPTION_UNKNOWN: 'refuse',

  // Start
  CONFIG_INVALID: 'exit',
  PORT_IN_USE: 'exit',
  PART_FAILED: 'exit',
  PART_MISSING: 'exit',
} as const satisfies Record<string, ErrorFate>;

export type ErrorCode = keyof typeof errorFates;
export const errorCodes = Object.keys(errorFates) as ErrorCode[];

/**
 * A failure with a code. `message` says what happened and why; `advice` says what to do.
 * The cause is kept so that a log shows the first fault.
 */
export class MkondoError extends Error {
  readonly code: ErrorCode;
  readonly advice: string;

  constructor(code: ErrorCode, message: string, options: { readonly advice: string; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MkondoError';
    this.code = code;
    this.advice = options.advice;
  }
}

/** The code of any thrown value; `undefined` for a fault that the catalogue does not know (a bug). */
export function errorCode(error: unknown): ErrorCode | undefined {
  return error instanceof MkondoError ? error.code : undefined;
}
