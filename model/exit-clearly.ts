// How a process ends that cannot go on: with what happened, why and what to do, rather than with a stack alone.
import { inspect } from 'node:util';
import { MkondoError } from './errors.ts';

/** Call first in a process. A failure that nobody caught ends it with status 1. */
export function exitClearly(): void {
  process.once('uncaughtException', (error: unknown) => {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exit(1);
  });
}

/** For whoever reads a terminal or a log: code, what happened and what to do; of an unforeseen error all that there is. */
export function describeFailure(error: unknown): string {
  return error instanceof MkondoError ? `${error.code}: ${error.message}\n${error.advice}` : inspect(error);
}
