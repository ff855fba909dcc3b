// How far long operations are, as bars. Pure.
import type { OperationView } from './api-client.ts';
import { cut } from './table.ts';

/** What each step of an operation does, for whoever watches it. */
const steps: Readonly<Record<string, string>> = {
  clear: 'clears v3 rows',
  replay: 'lands again',
  retry: 'tries again',
  discard: 'discards',
  derive: 'derives roots',
};

export interface Watched {
  readonly pipeline: string;
  /** Null until the API knows it. */
  readonly operation: OperationView | null;
}

const BAR = 24;

export function progressLine({ pipeline, operation }: Watched, columns: number): string {
  if (operation === null) return cut(`${pipeline}  begins`, columns);
  const { name, state, progress, answer } = operation;
  if (state !== 'running') return cut(`${pipeline}  ${name} ${state}: ${answer}`, columns);
  if (!progress) return cut(`${pipeline}  ${bar(0)}  ${name}: marks roots`, columns);
  const { step, done, total } = progress;
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const figures = `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
  return cut(`${pipeline}  ${bar(share)} ${percent(share)}  ${name}: ${steps[step] ?? step}, ${figures}`, columns);
}

/** What is worth a line of its own where lines cannot be written anew: another step, or another tenth of it. */
export function milestone({ operation }: Watched): string {
  if (operation === null) return '';
  const { state, progress } = operation;
  if (state !== 'running' || !progress) return state;
  return `${progress.step} ${progress.total === 0 ? 10 : Math.floor((progress.done / progress.total) * 10)}`;
}

function bar(share: number): string {
  const full = Math.round(share * BAR);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR - full)}]`;
}

/** Whole, and not 100 before it is all done. */
function percent(share: number): string {
  return `${share >= 1 ? 100 : Math.min(99, Math.floor(share * 100))}%`.padStart(4);
}
