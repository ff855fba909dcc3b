import { expect, test } from 'vitest';
import { sentEvent } from './api-client.ts';
import { eventLine } from './commands/events.ts';

test('an event of the stream is read with its id; comments are none', () => {
  expect(sentEvent('id: 7-1\nevent: mode\ndata: {"mode":"paused"}')).toEqual({
    id: '7-1',
    event: 'mode',
    data: { mode: 'paused' },
  });
  expect(sentEvent('event: gap\ndata: {}')).toEqual({ id: null, event: 'gap', data: {} });
  expect(sentEvent(': alive')).toBeNull();
  expect(sentEvent('retry: 2000')).toBeNull();
});

const at = '2026-01-31T12:00:03.123Z';
test.each([
  [
    'mode',
    { before: 'running', mode: 'paused', by: 'Asha', reason: 'stock count', until: null },
    'mode running -> paused, by Asha: stock count',
  ],
  [
    'operation',
    { name: 'reset', state: 'done', by: 'Asha', reason: 'why', answer: 'All derived.' },
    'operation reset done, by Asha: why (All derived.)',
  ],
  ['quarantine', { came: 3, mended: 0, discarded: 1 }, 'quarantine 3 came, 1 discarded'],
  [
    'drift',
    { side: 'v3', table: 'referencedata.programs', column: 'code', drift: 'missing', state: 'seen' },
    'drift v3 referencedata.programs.code missing seen',
  ],
  [
    'experiment',
    { experiment: 'e-1', state: 'finished', by: 'Asha', reason: 'why', answer: '' },
    'experiment e-1 finished, by Asha: why',
  ],
])('%s for people', (kind, data, text) => {
  expect(eventLine(kind, { at, pipeline: 'products', ...data })).toBe(`2026-01-31 12:00:03Z  products  ${text}`);
});
