import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { historyOf } from './statuses.ts';
import { bodyOf, messagesOf } from './messages.ts';
import type { Comment } from './messages.ts';

const comment = (id: number, createddate: string | null, createdby = 7): Comment => ({
  id,
  commenttext: `text ${id}`,
  createdby,
  createddate,
  modifieddate: null,
  author: { firstname: `First${createdby}`, lastname: 'Last' },
});
const history = historyOf(
  [
    { id: 1, status: 'INITIATED', createdby: 7, createddate: '2018-04-01 08:00:00', modifieddate: null },
    { id: 2, status: 'SUBMITTED', createdby: 7, createddate: '2018-04-02 08:00:00', modifieddate: null },
    { id: 3, status: 'AUTHORIZED', createdby: 7, createddate: '2018-04-02 08:00:00', modifieddate: null },
  ],
  { loss: () => {} },
);
const placed = (...comments: readonly Comment[]) =>
  messagesOf(comments, history).map(({ step, comments }) => [step.id, ...comments.map(({ id }) => id)]);

test.each([
  { when: 'during a step', at: '2018-04-01 12:00:00', step: 1 },
  { when: 'with the step itself', at: '2018-04-01 08:00:00', step: 1 },
  { when: 'with the first of two steps of one time', at: '2018-04-02 08:00:00', step: 2 },
  { when: 'after the last step', at: '2019-01-01 00:00:00', step: 3 },
  { when: 'before the first step', at: '2018-03-01 00:00:00', step: 1 },
  { when: 'at a time that nobody knows', at: null, step: 1 },
  { when: 'never', at: 'infinity', step: 1 },
])('a comment made $when belongs to step $step', ({ at, step }) => {
  expect(placed(comment(9, at))).toEqual([[step, 9]]);
});

test('comments of a step come in the order in which they were made, of one time by id', () => {
  expect(placed(comment(9, '2018-04-01 09:00:00'), comment(8, '2018-04-01 09:00:00'), comment(10, null))).toEqual([
    [1, 10, 8, 9],
  ]);
});

test('the texts of one person stand alone, those of several with their names', () => {
  expect(bodyOf([comment(1, null), comment(2, null)])).toBe('text 1\ntext 2');
  expect(bodyOf([comment(1, null), comment(2, null, 8)])).toBe('First7 Last: text 1\nFirst8 Last: text 2');
});

test('every comment is in one message, and no step has two messages', () => {
  const time = fc.constantFrom(null, '2018-03-01 00:00:00', '2018-04-01 09:00:00', '2018-04-02 08:00:00.000001');
  const comments = fc
    .array(fc.tuple(time, fc.constantFrom(7, 8)), { maxLength: 8 })
    .map((list) => list.map(([at, by], index) => comment(index, at, by)));
  fc.assert(
    fc.property(comments, (comments) => {
      const messages = messagesOf(comments, history);
      expect(messages.flatMap(({ comments }) => comments.map(({ id }) => id)).toSorted((a, b) => a - b)).toEqual(
        comments.map(({ id }) => id),
      );
      expect(new Set(messages.map(({ step }) => step.id)).size).toBe(messages.length);
      expect(messagesOf(comments.toReversed(), history)).toEqual(messages);
    }),
  );
});
