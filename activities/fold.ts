// The newest image of each row, from what landing holds and a batch of events. Pure: this is where "an older event never
// overwrites a newer row" is decided, and the property tests work on it.
import { textOf } from '../model/change-event.ts';
import type { Image, RowEvent, StreamOrder, TruncateEvent } from '../model/change-event.ts';

/** What landing knows about one key. */
export interface RowState {
  readonly key: string;
  readonly order: StreamOrder;
  readonly tx: number | null;
  readonly offset: number;
  /**
   * How many rows of this key live. 1 or 0 between transactions. **Within a transaction it can be 2**: a deferred key
   * lets a row take a key over before its former holder has left, and the delete that follows is the former holder's.
   */
  readonly live: number;
  /** The newest image; it outlives a delete, for the create that a key change sends after it. */
  readonly image: Image | null;
  /** Former holders of the key that live still, oldest first: all rows with the key but the newest. */
  readonly behind: readonly Image[];
  /** The row that left last while others kept the key: a create under another key may ask for it. */
  readonly left: Image | null;
  readonly committedAtMs: number;
}

/** A table's newest truncate: nothing older comes to life again. */
export interface Floor {
  readonly order: StreamOrder;
  readonly offset: number;
}

export interface Hole {
  readonly event: RowEvent;
  readonly columns: readonly string[];
}

export interface Folded {
  /** The keys that changed, with their new state. */
  readonly changed: ReadonlyMap<string, RowState>;
  /** The newest truncate: rows older than it are gone, also those that no event names. Null when there was none. */
  readonly truncate: Floor | null;
  /** Events whose unchanged large values nobody here ever saw. */
  readonly holes: readonly Hole[];
  /** Events that were older than what landing holds. */
  readonly stale: number;
}

/**
 * Folds the events of one table, in offset order, over the states that landing holds for their keys.
 * `floor` is the table's newest truncate so far.
 */
export function fold(
  events: readonly (RowEvent | TruncateEvent)[],
  landed: ReadonlyMap<string, RowState>,
  floor: Floor | null,
): Folded {
  const changed = new Map<string, RowState>();
  const holes: Hole[] = [];
  let truncate = floor;
  let stale = 0;
  const stateOf = (key: string): RowState | undefined => changed.get(key) ?? landed.get(key);

  for (const event of events) {
    if (event.kind === 'truncate') {
      if (truncate !== null && compareOrder(event.order, truncate.order) <= 0) {
        stale += 1;
        continue;
      }
      truncate = { order: event.order, offset: event.offset };
      for (const [key, state] of new Map([...landed, ...changed])) {
        if (compareOrder(state.order, truncate.order) < 0 && state.live > 0)
          changed.set(key, { ...state, order: truncate.order, live: 0, behind: [], left: null });
      }
      continue;
    }
    const state = stateOf(event.key);
    if ((truncate !== null && isBelow(event, truncate)) || (state !== undefined && !isNewer(event, state))) {
      stale += 1;
      continue;
    }
    const next = step(event, state, event.movedFrom === null ? undefined : stateOf(event.movedFrom));
    if ('columns' in next) holes.push(next);
    else changed.set(event.key, next);
  }
  return { changed, truncate: truncate === floor ? null : truncate, holes, stale };
}

/** The state after one event that is known to be newer. */
function step(event: RowEvent, state: RowState | undefined, origin: RowState | undefined): RowState | Hole {
  const sameTransaction = state !== undefined && isSameTransaction(event, state);
  // Between transactions a key has one row at most, whatever was missed before.
  const live = state === undefined ? 0 : sameTransaction ? state.live : Math.min(state.live, 1);
  const common = {
    key: event.key,
    // A snapshot row has no place of its own: it stands where the newest event before it stood, in the same epoch.
    order: event.order ?? (state?.order.epoch === event.epoch ? state.order : startOf(event.epoch)),
    tx: event.tx,
    offset: event.offset,
    committedAtMs: event.committedAtMs,
  };
  const behind = sameTransaction ? (state?.behind ?? NOBODY) : NOBODY;
  const left = sameTransaction ? (state?.left ?? null) : null;
  const newest = state?.image ?? null;
  if (event.op === 'd') {
    const [oldest] = behind;
    if (oldest === undefined) return { ...common, live: Math.max(live - 1, 0), image: newest, behind, left };
    // Of several rows with the key the oldest leaves, unless v2 sends the whole row, which then says itself which one it is.
    const holders = newest === null ? behind : [...behind, newest];
    const leaving = holders.find((holder) => isImage(event.before, holder)) ?? oldest;
    const staying = holders.filter((holder) => holder !== leaving);
    return { ...common, live: live - 1, image: staying.at(-1) ?? null, behind: staying.slice(0, -1), left: leaving };
  }
  if (event.op === 'u' && event.image !== null && !isImage(event.before, newest)) {
    const at = behind.findIndex((holder) => isImage(event.before, holder));
    if (at >= 0) return { ...common, live, image: newest, behind: behind.with(at, event.image), left };
  }

  const image = fillHoles(event, event.op === 'c' ? originImage(event, origin) : newest);
  if (image === undefined) return { event, columns: event.holes };
  if (event.op === 'r') return { ...common, live: 1, image, behind: NOBODY, left: null };
  if (event.op === 'u') return { ...common, live: Math.max(live, 1), image, behind, left };
  return { ...common, live: live + 1, image, behind: live > 0 && newest !== null ? [...behind, newest] : behind, left };
}

const NOBODY: readonly Image[] = [];

let start: StreamOrder = { epoch: 0, commit: 0, lsn: 0 };

/** Where an epoch begins. One for the thousands of rows of a snapshot that come in a batch. */
function startOf(epoch: number): StreamOrder {
  if (start.epoch !== epoch) start = { epoch, commit: 0, lsn: 0 };
  return start;
}

/** The row as it stood under its old key: where others keep that key, it is the one that left. */
function originImage(event: RowEvent, origin: RowState | undefined): Image | null {
  if (origin === undefined) return null;
  return isSameTransaction(event, origin) && origin.left !== null ? origin.left : origin.image;
}

function fillHoles(event: RowEvent, from: Image | null): Image | undefined {
  if (event.image === null || event.holes.length === 0) return event.image ?? undefined;
  const filled: Record<string, Image[string]> = { ...event.image };
  for (const column of event.holes) {
    const value = from?.[column];
    if (value === undefined) return undefined;
    filled[column] = value;
  }
  return filled;
}

/** Whether `before` is a whole row and equal to `image`. */
function isImage(before: Image | null, image: Image | null): boolean {
  if (before === null || image === null) return false;
  return Object.entries(before).every(([column, value]) => textOf(value) === textOf(image[column]));
}

function isSameTransaction(event: RowEvent, state: RowState): boolean {
  return event.tx !== null && event.tx === state.tx && event.order !== null && event.order.epoch === state.order.epoch;
}

function isBelow(event: RowEvent, floor: Floor): boolean {
  return event.order === null
    ? event.offset < floor.offset && event.epoch <= floor.order.epoch
    : compareOrder(event.order, floor.order) <= 0;
}

/** Whether the event comes after what the state has seen. An event that came before is a repeat or a replay. */
export function isNewer(event: RowEvent, state: RowState): boolean {
  if (event.order === null)
    return event.epoch > state.order.epoch || (event.epoch === state.order.epoch && event.offset > state.offset);
  // Within a transaction the LSN is the order. This also knows a repeat whose first half (the last commit that the
  // connector remembered) differs after a restart of the connector.
  if (isSameTransaction(event, state)) return event.order.lsn > state.order.lsn;
  return compareOrder(event.order, state.order) > 0;
}

/** Negative when `a` comes first. */
function compareOrder(a: StreamOrder, b: StreamOrder): number {
  return a.epoch - b.epoch || a.commit - b.commit || a.lsn - b.lsn;
}
