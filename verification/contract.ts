// What the verification's activities promise the workflows: shapes only, so that workflows import it by `import type`. Counts
// travel through Temporal's history, never rows: those stand in cdc.verifications and cdc.verification_differences.
import type { OperationOutcome, OperationRequest } from '../activities/contract.ts';

/** `landing`: a pipeline's v3 rows; `reports`: the reports' checks over landing; `v2`: the rows, from v2 itself. */
export type Against = 'landing' | 'reports' | 'v2';

export interface VerificationRequest {
  readonly against: Against;
  /** Null for the reports; with `v2`, for all pipelines in turn, the one that was looked at longest ago first. */
  readonly pipeline: string | null;
  /** Goes on next time when it takes long. A look that somebody asks for is whole. */
  readonly isBounded?: boolean;
}

export interface VerificationSummary extends VerificationRequest {
  readonly id: string;
  /** ISO 8601: when it ended. */
  readonly at: string;
  readonly seconds: number;
  /** Rows that differ; groups of reports. */
  readonly differences: number;
  /** One sentence or two. */
  readonly answer: string;
}

export interface VerificationActivities {
  /** Looks, and keeps what was found. Safe to repeat: the same id is one verification. Heartbeats how far it is. */
  verify(input: VerificationRequest & { readonly id: string }): Promise<VerificationSummary>;
  /** Marks the roots of what the last verification against landing found, and of nothing else, to be derived again. */
  mend(input: OperationRequest): Promise<OperationOutcome>;
}
