// What a worker's two threads say to each other: plain data.
import type { DueInput, DueReport } from '../activities/derive-due.ts';
import type { ErrorCode } from '../model/errors.ts';

export interface Request {
  readonly id: number;
  readonly pipeline: string;
  readonly input: DueInput;
}

export type Answer =
  | { readonly id: number; readonly report: DueReport | null }
  | { readonly id: number; readonly fault: Fault };

export interface Fault {
  /** Of the catalogue; null for a fault that it does not know. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly advice: string;
  readonly stack: string;
}
