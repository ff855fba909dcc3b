// The life of a requisition: v2's words for its steps in v3's, and its history in the form that v3 can hold.
import type { DeriveContext } from '../definition.ts';
import { isInfinite, microsecondsOf, timestampOf } from '../steps/timestamp.ts';
import { wordTable } from '../steps/word-table.ts';

/** v3's REJECTED never comes out of it: v2 sets a rejected requisition back to INITIATED. */
export const statusOf = wordTable('requisition status', {
  INITIATED: 'INITIATED',
  SUBMITTED: 'SUBMITTED',
  AUTHORIZED: 'AUTHORIZED',
  IN_APPROVAL: 'IN_APPROVAL',
  APPROVED: 'APPROVED',
  RELEASED: 'RELEASED',
  RELEASED_NO_ORDER: 'RELEASED_WITHOUT_ORDER',
  SKIPPED: 'SKIPPED',
});

export interface StatusChange {
  readonly id: number;
  readonly status: string;
  readonly createdby: number;
  readonly createddate: string | null;
  readonly modifieddate: string | null;
}

/** A status change at a time that no other of its requisition has; `at` is a timestamp on v2's clock. */
export interface DatedStatusChange extends StatusChange {
  readonly at: string;
}

/**
 * The history in order, without equal neighbours and with times that strictly grow.
 *
 * v3 refuses, at commit, a requisition whose two newest changes have the same status: v2 logs IN_APPROVAL once for every
 * level of approval. Of equal neighbours the first stays, since it says when the status was reached. And where times are
 * equal v3 takes any two for the newest: v2 stamps what one transaction logs with one time, so the later one, by id, is
 * moved on by microseconds.
 */
export function historyOf(
  changes: readonly StatusChange[],
  { loss }: Pick<DeriveContext, 'loss'>,
): DatedStatusChange[] {
  const ordered = changes
    .map((change) => ({ change, microseconds: microsecondsOf(clockTime(change)) }))
    .toSorted((left, right) => Number(left.microseconds - right.microseconds) || left.change.id - right.change.id);
  const history: DatedStatusChange[] = [];
  let lastMicroseconds: bigint | undefined;
  for (const { change, microseconds } of ordered) {
    if (history.at(-1)?.status === change.status) {
      loss('DUPLICATE_DROPPED', 'status_changes');
    } else if (lastMicroseconds === undefined || microseconds > lastMicroseconds) {
      lastMicroseconds = microseconds;
      history.push({ ...change, at: clockTime(change) });
    } else {
      lastMicroseconds += 1n;
      history.push({ ...change, at: timestampOf(lastMicroseconds) });
    }
  }
  return history;
}

/** v2 fills createddate by default, yet permits NULL and infinity, after which nothing could be ordered. */
export function clockTime({
  createddate,
  modifieddate,
}: {
  readonly createddate: string | null;
  readonly modifieddate: string | null;
}): string {
  const finite = [createddate, modifieddate].find((time) => time !== null && !isInfinite(time));
  return finite ?? '1970-01-01 00:00:00';
}
