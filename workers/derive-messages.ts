// What a worker's two threads say to each other: plain data.
import type { DueInput, DueReport, NewPartsInput } from '../activities/derive-due.ts';
import type { Fault } from './thread-fault.ts';

export interface Request {
  readonly id: number;
  readonly pipeline: string;
  readonly change: string | null;
  readonly work:
    | { readonly kind: 'due'; readonly input: DueInput }
    | { readonly kind: 'new parts'; readonly input: NewPartsInput };
}

export type Answer =
  | { readonly id: number; readonly report: DueReport | null }
  | { readonly id: number; readonly fault: Fault };
