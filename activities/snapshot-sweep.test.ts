import { expect, test } from 'vitest';
import type { RowEvent } from '../model/change-event.ts';
import { followSnapshot } from './snapshot-sweep.ts';

function read(offset: number, lsn: number, isLast = false, epoch = 0): RowEvent {
  return {
    kind: 'row',
    op: 'r',
    source: 'public.t',
    key: String(offset),
    order: null,
    epoch,
    tx: null,
    offset,
    image: {},
    before: null,
    holes: [],
    movedFrom: null,
    committedAtMs: 0,
    snapshot: { lsn, isLast },
  };
}

test('a snapshot begins with its first row and is complete with its last', () => {
  expect(followSnapshot(null, [read(5, 100), read(6, 100)])).toEqual({
    begin: { epoch: 0, lsn: 100, offset: 5 },
    isComplete: false,
  });
  expect(followSnapshot({ epoch: 0, lsn: 100, offset: 5 }, [read(7, 100, true)])).toEqual({
    begin: { epoch: 0, lsn: 100, offset: 5 },
    isComplete: true,
  });
});

test('a table of one row begins and ends with it', () => {
  expect(followSnapshot(null, [read(5, 100, true)])).toEqual({
    begin: { epoch: 0, lsn: 100, offset: 5 },
    isComplete: true,
  });
});

test('a snapshot that was broken off is forgotten when the next one begins', () => {
  expect(followSnapshot(null, [read(0, 100), read(1, 100), read(2, 200), read(3, 200, true)])).toEqual({
    begin: { epoch: 0, lsn: 200, offset: 2 },
    isComplete: true,
  });
});

test('rows of an older snapshot, in a replay, begin and complete nothing', () => {
  const known = { epoch: 0, lsn: 200, offset: 20 };
  expect(followSnapshot(known, [read(0, 100), read(5, 100, true)])).toEqual({ begin: known, isComplete: false });
});

test('a later epoch begins anew, at whatever offset', () => {
  expect(followSnapshot({ epoch: 0, lsn: 200, offset: 20 }, [read(0, 50, false, 1)])).toEqual({
    begin: { epoch: 1, lsn: 50, offset: 0 },
    isComplete: false,
  });
});

test('rows of an incremental snapshot, which reads parts of a table, do not count', () => {
  const { snapshot: _, ...incremental } = read(5, 100, true);
  expect(followSnapshot(null, [incremental])).toEqual({ begin: null, isComplete: false });
});
