// A fault on its way from one thread of a worker to another, as plain data.
import { MkondoError } from '../model/errors.ts';
import type { ErrorCode } from '../model/errors.ts';

export interface Fault {
  /** Of the catalogue; null for a fault that it does not know. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly advice: string;
  readonly stack: string;
}

export function faultOf(error: unknown): Fault {
  const known = error instanceof MkondoError ? error : null;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: known?.code ?? null, message, advice: known?.advice ?? '', stack: stack ?? '' };
}

export function errorOf({ code, message, advice, stack }: Fault): Error {
  const error = code !== null ? new MkondoError(code, message, { advice }) : new Error(message);
  error.stack = stack;
  return error;
}
