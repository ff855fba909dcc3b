// How a process ends that cannot go on: with what happened, why and what to do, rather than with a stack alone.
import { MkondoError } from './errors.ts';

/** Call first in a process. A failure that nobody caught ends it with status 1. */
export function exitClearly(): void {
  process.once('uncaughtException', (error: unknown) => {
    process.stderr.write(`${describe(error)}\n`);
    process.exit(1);
  });
}

function describe(error: unknown): string {
  if (error instanceof MkondoError) return `${error.code}: ${error.message}\n${error.advice}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
