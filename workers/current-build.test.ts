import { expect, test } from 'vitest';
import { stepOf } from './current-build.ts';

const routing = { current: null, isServed: false, wasReplaced: false, conflictToken: new Uint8Array() };

test.each([
  ['the first build of all takes over', {}, 'take over'],
  ['the current one serves', { current: 'ours', wasReplaced: true }, 'serve'],
  ['a new one takes over from one that is served', { current: 'other', isServed: true }, 'take over'],
  ['one that was replaced stands by', { current: 'other', isServed: true, wasReplaced: true }, 'stand by'],
  ['and comes back when nobody serves the other', { current: 'other', wasReplaced: true }, 'take over'],
  ['the server has lost its memory', { wasReplaced: true }, 'take over'],
])('%s', (_, given, step) => {
  expect(stepOf('ours', { ...routing, ...given })).toBe(step);
});
