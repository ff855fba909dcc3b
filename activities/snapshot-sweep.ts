// A snapshot of a table says which rows there are: a landed row that it did not read again is gone from v2. Without this a
// row would live for ever whose delete fell between two snapshots, for then no event tells of it: the connector was killed
// before it had stored its first offset, or its slot was lost. (A table that became empty sends no snapshot row at all.)
import type { RowEvent, SnapshotMark, TruncateEvent } from '../model/change-event.ts';

/** Where the newest snapshot of a table began. */
export interface SnapshotBegin {
  readonly epoch: number;
  /** Log position at which all its rows were read: tells one snapshot from the next. */
  readonly lsn: number;
  readonly offset: number;
}

export interface SnapshotProgress {
  readonly begin: SnapshotBegin | null;
  /** Its last row has come: rows older than `begin` are gone. */
  readonly isComplete: boolean;
}

/** Follows a table's events, in offset order, from what is known of its newest snapshot. Pure. */
export function followSnapshot(
  known: SnapshotBegin | null,
  events: readonly (RowEvent | TruncateEvent)[],
): SnapshotProgress {
  let begin = known;
  let isComplete = false;
  for (const event of events) {
    const mark = markOf(event);
    if (mark === undefined || event.kind !== 'row') continue;
    if (begin === null || (mark.lsn !== begin.lsn && isAfter(event, begin))) {
      begin = { epoch: event.epoch, lsn: mark.lsn, offset: event.offset };
      isComplete = false;
    }
    if (mark.isLast && mark.lsn === begin.lsn) isComplete = true;
  }
  return { begin, isComplete };
}

export function hasSnapshotRows(events: readonly (RowEvent | TruncateEvent)[]): boolean {
  return events.some((event) => markOf(event) !== undefined);
}

function markOf(event: RowEvent | TruncateEvent): SnapshotMark | undefined {
  return event.kind === 'row' ? event.snapshot : undefined;
}

/** False for the rows of an older snapshot, in a replay. */
function isAfter(event: RowEvent, begin: SnapshotBegin): boolean {
  return event.epoch === begin.epoch ? event.offset > begin.offset : event.epoch > begin.epoch;
}
