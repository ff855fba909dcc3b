import { expect, test } from 'vitest';
import { parseRequest } from './parse-request.ts';

const asked = { pipeline: 'products', via: 'update', id: 'generated' } as const;

test('a reason alone is enough', () => {
  expect(parseRequest({ ...asked, name: 'pause', input: 'stock count' })).toEqual({
    ok: true,
    request: {
      id: 'generated',
      pipeline: 'products',
      name: 'pause',
      via: 'update',
      reason: 'stock count',
      by: 'operator',
    },
  });
});

test('margins do not count, and the caller may choose the id', () => {
  const parsed = parseRequest({
    ...asked,
    name: 'pause',
    input: { reason: ' stock count ', by: ' Asha ', id: 'pause-1' },
  });
  expect(parsed).toMatchObject({ ok: true, request: { reason: 'stock count', by: 'Asha', id: 'pause-1' } });
});

test.each([
  ['2026-01-31T00:00:00Z', { time: '2026-01-31T00:00:00.000Z' }],
  ['2026-01-31T03:00:00+03:00', { time: '2026-01-31T00:00:00.000Z' }],
  ['2026-01-31', { time: '2026-01-31T00:00:00.000Z' }],
  [{ time: '2026-01-31' }, { time: '2026-01-31T00:00:00.000Z' }],
  [
    { topic: 'elmis.public.products', partition: 0, offset: 12 },
    { topic: 'elmis.public.products', partition: 0, offset: 12 },
  ],
])('a replay begins at %j', (from, parsed) => {
  expect(parseRequest({ ...asked, name: 'replay', input: { reason: 'again', from } })).toMatchObject({
    ok: true,
    request: { from: parsed },
  });
});

test.each([
  ['no input at all', 'pause', undefined, 'neither an object nor a reason'],
  ['a list', 'pause', ['why'], 'neither an object nor a reason'],
  ['no reason', 'pause', {}, 'it needs a reason'],
  ['a blank reason', 'pause', '  ', 'it needs a reason'],
  ['a reason that is no text', 'pause', { reason: 7 }, 'it needs a reason'],
  ['an unknown field', 'pause', { reason: 'x', force: true }, 'unknown fields: force'],
  ['a blank name', 'pause', { reason: 'x', by: ' ' }, '"by" must be a text'],
  ['an id with spaces', 'reset', { reason: 'x', id: 'a b' }, '"id" may hold letters'],
  ['a position for a pause', 'pause', { reason: 'x', from: '2026-01-31' }, '"from" belongs to replay'],
  ['a replay from nowhere', 'replay', { reason: 'x' }, '"from" is missing'],
  ['a replay from a word', 'replay', { reason: 'x', from: 'yesterday' }, 'no ISO 8601 time'],
  ['a replay from a time without its zone', 'replay', { reason: 'x', from: '2026-01-31T10:00:00' }, 'no ISO 8601 time'],
  [
    'a replay from half a position',
    'replay',
    { reason: 'x', from: { topic: 't', offset: 1 } },
    'an object of "topic", "partition" and "offset"',
  ],
  [
    'a replay from a negative offset',
    'replay',
    { reason: 'x', from: { topic: 't', partition: 0, offset: -1 } },
    'whole numbers',
  ],
] as const)('%s is refused, with how it is written', (_, name, input, fault) => {
  const parsed = parseRequest({ ...asked, name, input });
  expect(parsed).toMatchObject({ ok: false, fault: expect.stringContaining(fault) as string });
  expect(parsed).toMatchObject({ fault: expect.stringContaining('Write for instance {"reason"') as string });
});
