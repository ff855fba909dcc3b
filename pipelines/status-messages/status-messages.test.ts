import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import type { Example } from '../example.ts';
import { examples } from './examples.ts';
import { statusMessages } from './status-messages.ts';

type Root = Example<typeof statusMessages>['root'];

const { root } = examples[0] as (typeof examples)[number];
const derive = (changes: Partial<Root>) => deriveExample(statusMessages, { ...root, ...changes });

test('a message waits for all who speak in it', () => {
  const comments = root.comments.map((comment) => (comment.createdby === 7 ? { ...comment, author: null } : comment));
  for (const message of derive({ comments }).rows.messages)
    expect(message.requisitionid).not.toBe(id('requisitions', 1));
});

test('comments of a requisition without any history have no place in v3, and are counted as a loss', () => {
  expect(derive({ statusChanges: [] })).toEqual({
    rows: { messages: [] },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'status_messages.statuschangeid' }],
  });
});

test('steps that v3 cannot hold are counted by the requisitions pipeline, not twice', () => {
  expect(derive({}).losses).toEqual([]);
});
