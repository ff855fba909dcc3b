// PostgreSQL's faults, told apart by SQLSTATE, never by their text.
import { DatabaseError } from 'pg';
import { MkondoError } from '../model/errors.ts';

export type DatabaseFault =
  /** The database or the way to it is down: try again. */
  | 'unavailable'
  /** Two transactions stood in each other's way: try again at once. */
  | 'contention'
  /** A parent or a child stands in the way: it may pass when another pipeline has moved. */
  | 'foreignKey'
  | 'constraint'
  | 'value'
  /** Table, column or right is missing: v3 is not what we think. */
  | 'schema'
  | 'unknown';

export function databaseFault(error: unknown): DatabaseFault {
  if (!(error instanceof DatabaseError)) return isConnectionError(error) ? 'unavailable' : 'unknown';
  const state = error.code ?? '';
  if (state === '40001' || state === '40P01' || state === '55P03') return 'contention';
  if (state === '23503') return 'foreignKey';
  // P0: a trigger's own word.
  if (state.startsWith('23') || state.startsWith('P0')) return 'constraint';
  if (state.startsWith('22')) return 'value';
  if (state.startsWith('42') || state === '3F000') return 'schema';
  // 08 connection, 53 resources, 57 operator intervention (shutdown, crash recovery), 58 system
  if (/^(08|53|57|58)/.test(state)) return 'unavailable';
  return 'unknown';
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code;
  // pg says these in plain errors without a code; the last one after a connection was lost between two statements.
  return (
    (code !== undefined && CONNECTION_CODES.has(code)) ||
    /Connection terminated|timeout exceeded when trying to connect|is not queryable/i.test(error.message)
  );
}

/** A fault that concerns the whole activity, with its code; undefined when it is one of a row's. */
export function unavailable(error: unknown): MkondoError | undefined {
  const fault = databaseFault(error);
  if (fault === 'unavailable' || fault === 'contention') {
    return new MkondoError('V3_UNAVAILABLE', `The v3 database did not answer: ${(error as Error).message}`, {
      advice:
        'Nothing is lost: the batch is tried again until the database answers. See whether PostgreSQL runs and accepts connections.',
      cause: error,
    });
  }
  return undefined;
}

/** A statement on our own schemas that PostgreSQL does not understand; undefined for any other fault. */
export function ourSchemaBroken(error: unknown): MkondoError | undefined {
  if (databaseFault(error) !== 'schema') return undefined;
  return new MkondoError(
    'OUR_SCHEMA_BROKEN',
    `Our own schema in the v3 database is not as this version made it: ${(error as Error).message}`,
    {
      advice:
        'See who dropped or changed a table, a column or a right in cdc or landing_<pipeline>, and restore it, from a backup where rows are gone. It is tried again until then, and reads nothing meanwhile.',
      cause: error,
    },
  );
}
