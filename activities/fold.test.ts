import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Image, RowEvent, TruncateEvent } from '../model/change-event.ts';
import { fold } from './fold.ts';
import type { Floor, RowState } from './fold.ts';

type Event = RowEvent | TruncateEvent;

/** A row of the source's table while a generated history is played. Keys may double inside a transaction. */
interface SourceRow {
  key: string;
  values: { small: string; large: string };
}

interface Step {
  readonly what: 'insert' | 'update' | 'updateLarge' | 'delete' | 'move' | 'truncate';
  readonly key: number;
  readonly to: number;
  readonly value: number;
}

interface History {
  readonly events: readonly Event[];
  /** What the table holds in the end. */
  readonly rows: ReadonlyMap<string, { readonly small: string; readonly large: string }>;
}

interface Play {
  readonly transactions: readonly (readonly Step[])[];
  /** FULL sends whole rows before each change, and is what v2 needs for keys that are checked at commit. */
  readonly isFull: boolean;
  readonly snapshotRows: readonly number[];
}

/** Plays transactions on a table whose key is checked at commit (FULL) or at once, and writes the events that Debezium would. */
function play({ transactions, isFull, snapshotRows }: Play): History {
  let rows: SourceRow[] = [...new Set(snapshotRows)].map((key) => ({
    key: `k${key}`,
    values: { small: 's', large: `snapshot ${key}` },
  }));
  const events: Event[] = [];
  const common = (lsn: number, commit: number, tx: number) => ({
    order: { epoch: 0, commit, lsn },
    epoch: 0,
    tx,
    offset: events.length,
    committedAtMs: 0,
  });
  for (const row of rows) {
    events.push({
      kind: 'row',
      op: 'r',
      source: 't',
      key: row.key,
      ...common(1000, 0, 1),
      order: null,
      image: imageOf(row),
      before: null,
      holes: [],
      movedFrom: null,
    });
  }
  let commit = 0;
  for (const [number, steps] of transactions.entries()) {
    // Transactions overlap: one that commits later may have written earlier.
    let lsn = 1000 + number * 40 - (number % 3) * 90;
    const tx = 100 + number;
    const copy = rows.map((row) => ({ key: row.key, values: { ...row.values } }));
    const written: Event[] = [];
    const push = (event: (at: ReturnType<typeof common>) => Event): void => {
      lsn += 1;
      written.push(event({ ...common(lsn, commit, tx), offset: events.length + written.length }));
    };
    for (const step of steps) {
      const key = `k${step.key}`;
      const row = copy.findLast((each) => each.key === key);
      const isTaken = (name: string): boolean => copy.some((each) => each.key === name);
      if (step.what === 'insert' && (isFull || !isTaken(key))) {
        const fresh = { key, values: { small: `i${step.value}`, large: `large ${step.value}` } };
        copy.push(fresh);
        push((at) => ({
          kind: 'row',
          op: 'c',
          source: 't',
          key,
          ...at,
          image: imageOf(fresh),
          before: null,
          holes: [],
          movedFrom: null,
        }));
      } else if (step.what === 'truncate') {
        copy.length = 0;
        push((at) => ({ kind: 'truncate', source: 't', ...at }));
      } else if (row === undefined) {
        continue;
      } else if (step.what === 'update' || step.what === 'updateLarge') {
        const before = imageOf(row);
        row.values.small = `u${step.value}`;
        const isHole = step.what === 'update' && !isFull;
        if (step.what === 'updateLarge') row.values.large = `large ${step.value}`;
        push((at) => ({
          kind: 'row',
          op: 'u',
          source: 't',
          key,
          ...at,
          image: imageOf(row, isHole),
          before: isFull ? before : null,
          holes: isHole ? ['large'] : [],
          movedFrom: null,
        }));
      } else if (step.what === 'delete') {
        copy.splice(copy.indexOf(row), 1);
        push((at) => ({
          kind: 'row',
          op: 'd',
          source: 't',
          key,
          ...at,
          image: null,
          before: isFull ? imageOf(row) : { id: key },
          holes: [],
          movedFrom: null,
        }));
      } else if (step.what === 'move' && step.to !== step.key && (isFull || !isTaken(`k${step.to}`))) {
        const before = imageOf(row);
        row.key = `k${step.to}`;
        push((at) => ({
          kind: 'row',
          op: 'd',
          source: 't',
          key,
          ...at,
          image: null,
          before: isFull ? before : { id: key },
          holes: [],
          movedFrom: null,
        }));
        lsn -= 1; // both halves of a key change have one position
        push((at) => ({
          kind: 'row',
          op: 'c',
          source: 't',
          key: `k${step.to}`,
          ...at,
          image: imageOf(row, !isFull),
          before: null,
          holes: isFull ? [] : ['large'],
          movedFrom: key,
        }));
      }
    }
    const keys = copy.map((row) => row.key);
    if (new Set(keys).size !== keys.length) continue; // the commit fails: v2 rolls back, nothing is decoded
    rows = copy;
    events.push(...written);
    commit = Math.max(commit, lsn) + 1;
  }
  return { events, rows: new Map(rows.map((row) => [row.key, row.values])) };
}

function imageOf(row: SourceRow, isHole = false): Image {
  return { id: row.key, small: row.values.small, large: isHole ? 'unavailable' : row.values.large };
}

/** A reader that remembers states between batches, as landing does. */
function land(batches: readonly (readonly Event[])[]): {
  readonly rows: ReadonlyMap<string, unknown>;
  readonly holes: number;
} {
  const states = new Map<string, RowState>();
  let floor: Floor | null = null;
  let holes = 0;
  for (const batch of batches) {
    const folded = fold(batch, states, floor);
    floor = folded.truncate ?? floor;
    holes += folded.holes.length;
    for (const [key, state] of folded.changed) states.set(key, structuredClone(state));
  }
  const living = [...states.values()].filter((state) => state.live > 0);
  return {
    rows: new Map(living.map((state) => [state.key, { small: state.image?.['small'], large: state.image?.['large'] }])),
    holes,
  };
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('insert', 'insert', 'update', 'update', 'updateLarge', 'delete', 'move', 'move', 'truncate'),
  key: fc.nat(3),
  to: fc.nat(3),
  value: fc.nat(99),
});
const history: fc.Arbitrary<Play> = fc.record({
  transactions: fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { maxLength: 8 }),
  isFull: fc.boolean(),
  snapshotRows: fc.array(fc.nat(3), { maxLength: 3 }),
});

function split<T>(list: readonly T[], cuts: readonly number[]): readonly (readonly T[])[] {
  const at = [...new Set(cuts.map((cut) => cut % (list.length + 1)))].sort((a, b) => a - b);
  return [...at, list.length].map((end, index) => list.slice(index === 0 ? 0 : at[index - 1], end));
}

describe('folding a history of one table', () => {
  test('ends in the rows of the source, however the history is cut into batches', () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat(60), { maxLength: 8 }), (input, cuts) => {
        const { events, rows } = play(input);
        const landed = land(split(events, cuts));
        expect(landed.rows).toEqual(rows);
        expect(landed.holes).toBe(0);
      }),
      { numRuns: 3_000 },
    );
  });

  test('changes nothing when any part of it is read again, as often as one likes', () => {
    fc.assert(
      fc.property(
        history,
        fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 4 }),
        fc.array(fc.nat(60), { maxLength: 4 }),
        (input, repeats, cuts) => {
          const { events, rows } = play(input);
          // The same Kafka messages again (a replay, a batch whose position was lost), at any time after their first reading.
          const batches = [...split(events, cuts)];
          for (const [from, length] of repeats)
            batches.push(events.slice(from % (events.length + 1), (from % (events.length + 1)) + length));
          expect(land(batches).rows).toEqual(rows);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('ends right when the connector repeats the tail of its stream after a crash, at new offsets', () => {
    fc.assert(
      fc.property(
        history,
        fc.nat(60),
        fc.nat(60),
        fc.array(fc.nat(90), { maxLength: 6 }),
        (input, crash, back, cuts) => {
          const { events, rows } = play({ ...input, snapshotRows: input.snapshotRows });
          const snapshotted = events.filter((event) => event.kind === 'row' && event.op === 'r').length;
          // It begins again at a transaction's start that it had sent before, and sends all from there on.
          const seen = snapshotted + (events.length === snapshotted ? 0 : crash % (events.length - snapshotted + 1));
          let from = snapshotted + (seen === snapshotted ? 0 : back % (seen - snapshotted + 1));
          while (from > snapshotted && from < events.length && txOf(events[from]) === txOf(events[from - 1])) from -= 1;
          const repeated = [...events.slice(0, seen), ...events.slice(from)].map((event, offset) => ({
            ...event,
            offset,
          }));
          expect(land(split(repeated, cuts)).rows).toEqual(rows);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

function txOf(event: Event | undefined): number | null | undefined {
  return event?.kind === 'truncate' ? event.order.commit : event?.tx;
}

describe('an event that shares its key with others', () => {
  const at = (commit: number, lsn: number, tx: number, offset: number) =>
    ({
      kind: 'row',
      source: 't',
      order: { epoch: 0, commit, lsn },
      epoch: 0,
      tx,
      offset,
      before: null,
      holes: [],
      movedFrom: null,
      committedAtMs: 0,
    }) as const;

  test('lives on when its insert has a lower LSN than the delete that committed before it', () => {
    const folded = fold(
      [
        { ...at(5, 300, 7, 0), op: 'd', key: '1', image: null },
        { ...at(310, 250, 8, 1), op: 'c', key: '1', image: { id: '1' } },
      ],
      new Map(),
      null,
    );
    expect(folded.changed.get('1')?.live).toBe(1);
  });

  test('is a hole when its large value was never seen', () => {
    const folded = fold(
      [{ ...at(5, 300, 7, 0), op: 'u', key: '1', image: { id: '1', large: 'unavailable' }, holes: ['large'] }],
      new Map(),
      null,
    );
    expect(folded.holes).toHaveLength(1);
    expect(folded.changed.size).toBe(0);
  });

  test('of a newer epoch wins although log positions began anew', () => {
    const first = fold(
      [{ ...at(9_000, 9_100, 7, 0), op: 'c', key: '1', image: { id: '1', small: 'old' } }],
      new Map(),
      null,
    );
    const event: RowEvent = {
      ...at(5, 30, 3, 1),
      op: 'u',
      key: '1',
      image: { id: '1', small: 'new' },
      epoch: 1,
      order: { epoch: 1, commit: 5, lsn: 30 },
    };
    expect(fold([event], first.changed, null).changed.get('1')?.image?.['small']).toBe('new');
  });
});
