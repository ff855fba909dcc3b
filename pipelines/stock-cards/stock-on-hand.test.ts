import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { stockOnHand } from './stock-on-hand.ts';
import type { DatedChange } from './stock-on-hand.ts';

const on = (day: string, change: number, time = '08:00:00'): DatedChange => ({
  day,
  change,
  processed: `${day} ${time}`,
});

test('stands at the end of each day on which something moved', () => {
  const changes = [on('2018-01-03', 10), on('2018-01-03', -4, '17:00:00'), on('2018-01-05', -6)];
  expect(stockOnHand(changes)).toEqual([
    { day: '2018-01-03', quantity: 6, processed: '2018-01-03 17:00:00' },
    { day: '2018-01-05', quantity: 0, processed: '2018-01-05 08:00:00' },
  ]);
});

test('a late entry changes its own day and all later ones', () => {
  const before = [on('2018-01-03', 10), on('2018-01-05', -6)];
  const late = { day: '2018-01-04', change: 20, processed: '2018-02-01 09:00:00' };
  expect(stockOnHand([...before, late]).map(({ day, quantity }) => [day, quantity])).toEqual([
    ['2018-01-03', 10],
    ['2018-01-04', 30],
    ['2018-01-05', 24],
  ]);
});

test('days go by the calendar, not by their text', () => {
  const days = ['10000-01-01', '0044-03-15 BC', 'infinity', '2018-01-31', '-infinity', '0100-01-01 BC'];
  const changes = days.map((day) => ({ day, change: 1, processed: '2018-01-31 08:00:00' }));
  expect(stockOnHand(changes).map(({ day }) => day)).toEqual([
    '-infinity',
    '0100-01-01 BC',
    '0044-03-15 BC',
    '2018-01-31',
    '10000-01-01',
    'infinity',
  ]);
});

test('nothing moved, nothing to say', () => {
  expect(stockOnHand([])).toEqual([]);
});

const change = fc.record({
  day: fc.constantFrom('2017-12-31', '2018-01-01', '2018-01-02', '2018-02-28', '2018-03-01', '2019-01-01'),
  change: fc.integer({ min: -50, max: 50 }),
  processed: fc.constantFrom('2018-01-01 08:00:00', '2018-01-01 08:00:00.000001', '2019-02-01 23:59:59'),
});

/** The meaning, without any running sum: for each day, all changes up to it, added from nothing. */
function recomputed(changes: readonly DatedChange[]) {
  return [...new Set(changes.map(({ day }) => day))].toSorted().map((day) => ({
    day,
    quantity: changes.filter((each) => each.day <= day).reduce((sum, each) => sum + each.change, 0),
    processed: changes
      .filter((each) => each.day === day)
      .map(({ processed }) => processed)
      .toSorted()
      .at(-1),
  }));
}

test('is what a plain recomputation of everything gives, after each entry, in whatever order entries come and go', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(change, fc.option(fc.nat({ max: 20 }), { freq: 4 })), { maxLength: 30 }),
      (history) => {
        const changes: DatedChange[] = [];
        for (const [next, removed] of history) {
          changes.push(next);
          if (removed !== null) changes.splice(removed, 1);
          expect(stockOnHand(changes)).toEqual(recomputed(changes));
        }
      },
    ),
  );
});

test('the order in which entries come does not matter', () => {
  fc.assert(
    fc.property(
      fc
        .array(change, { maxLength: 12 })
        .chain((changes) =>
          fc.tuple(fc.constant(changes), fc.shuffledSubarray(changes, { minLength: changes.length })),
        ),
      ([changes, shuffled]) => {
        expect(stockOnHand(shuffled)).toEqual(stockOnHand(changes));
      },
    ),
  );
});
