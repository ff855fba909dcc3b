import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { microsecondsOf } from '../steps/timestamp.ts';
import type { StatusChange } from './statuses.ts';
import { historyOf, statusOf } from './statuses.ts';

function history(changes: readonly StatusChange[]) {
  const losses: string[] = [];
  const rows = historyOf(changes, { loss: (code, column) => losses.push(`${code} ${column}`) });
  return { rows, losses, steps: rows.map(({ id, status, at }) => [id, status, at]) };
}

const change = (id: number, status: string, createddate: string | null, modifieddate: string | null = null) => ({
  id,
  status,
  createdby: 1,
  createddate,
  modifieddate,
});

test("v2's release without an order has another name in v3", () => {
  expect(statusOf('RELEASED_NO_ORDER')).toBe('RELEASED_WITHOUT_ORDER');
  expect(statusOf('INITIATED')).toBe('INITIATED');
});

test('of equal neighbours the first stays: a second level of approval adds nothing that v3 could hold', () => {
  const { steps, losses } = history([
    change(1, 'AUTHORIZED', '2018-04-01 08:00:00'),
    change(2, 'IN_APPROVAL', '2018-04-02 08:00:00'),
    change(3, 'IN_APPROVAL', '2018-04-03 08:00:00'),
    change(4, 'IN_APPROVAL', '2018-04-04 08:00:00'),
  ]);
  expect(steps).toEqual([
    [1, 'AUTHORIZED', '2018-04-01 08:00:00'],
    [2, 'IN_APPROVAL', '2018-04-02 08:00:00'],
  ]);
  expect(losses).toEqual(['DUPLICATE_DROPPED status_changes', 'DUPLICATE_DROPPED status_changes']);
});

test('a status that comes back after another is kept: v2 rejects to INITIATED', () => {
  const { rows } = history([
    change(1, 'INITIATED', '2018-04-01 08:00:00'),
    change(2, 'SUBMITTED', '2018-04-02 08:00:00'),
    change(3, 'INITIATED', '2018-04-03 08:00:00'),
  ]);
  expect(rows.map(({ id }) => id)).toEqual([1, 2, 3]);
});

test('what one transaction logged keeps the order of its ids, a microsecond apart', () => {
  const { steps } = history([
    change(3, 'IN_APPROVAL', '2018-04-01 08:00:00.999999'),
    change(1, 'SUBMITTED', '2018-04-01 08:00:00.999999'),
    change(2, 'AUTHORIZED', '2018-04-01 08:00:00.999999'),
    change(4, 'APPROVED', '2018-04-01 08:00:01'),
  ]);
  expect(steps).toEqual([
    [1, 'SUBMITTED', '2018-04-01 08:00:00.999999'],
    [2, 'AUTHORIZED', '2018-04-01 08:00:01'],
    [3, 'IN_APPROVAL', '2018-04-01 08:00:01.000001'],
    [4, 'APPROVED', '2018-04-01 08:00:01.000002'],
  ]);
});

test('a change without a usable time takes that of its modification, or the epoch', () => {
  const { steps } = history([
    change(1, 'SUBMITTED', 'infinity', '2018-04-01 08:00:00'),
    change(2, 'INITIATED', null),
    change(3, 'AUTHORIZED', null, '-infinity'),
  ]);
  expect(steps).toEqual([
    [2, 'INITIATED', '1970-01-01 00:00:00'],
    [3, 'AUTHORIZED', '1970-01-01 00:00:00.000001'],
    [1, 'SUBMITTED', '2018-04-01 08:00:00'],
  ]);
});

test("any history becomes one that v3's trigger accepts at every length, and does not depend on the order of arrival", () => {
  const time = fc.constantFrom(
    null,
    'infinity',
    '0044-03-15 00:00:00 BC',
    '2018-04-01 08:00:00',
    '2018-04-01 08:00:00.000001',
    '2018-04-01 08:00:00.1',
    '2018-04-02 08:00:00',
  );
  const changes = fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 50 }),
      status: fc.constantFrom('INITIATED', 'SUBMITTED', 'IN_APPROVAL'),
      createdby: fc.constant(1),
      createddate: time,
      modifieddate: time,
    }),
    { selector: ({ id }) => id, maxLength: 12 },
  );
  fc.assert(
    fc.property(changes, (changes) => {
      const { rows, losses } = history(changes);
      expect(rows.length + losses.length).toBe(changes.length);
      rows.slice(1).forEach((row, index) => {
        const before = rows[index];
        if (before === undefined) return;
        expect(row.status).not.toBe(before.status);
        expect(microsecondsOf(row.at) > microsecondsOf(before.at)).toBe(true);
      });
      expect(history(changes.toReversed()).rows).toEqual(rows);
    }),
  );
});
