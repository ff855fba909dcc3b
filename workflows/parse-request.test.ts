import { expect, test } from 'vitest';
import { parseRequest } from './parse-request.ts';

const asked = {
  pipeline: 'products',
  via: 'update',
  id: 'generated',
  nowMs: Date.parse('2026-01-31T12:00:00Z'),
} as const;

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

test('a discard says what, and a retry may', () => {
  const only = { ids: [12, '13'], roots: ['7'], kind: 'root', code: ' V3_CONSTRAINT ', source: 'public.lots' };
  expect(parseRequest({ ...asked, name: 'discard', input: { reason: 'x', only } })).toMatchObject({
    ok: true,
    request: { only: { ids: ['12', '13'], roots: ['7'], kind: 'root', code: 'V3_CONSTRAINT', source: 'public.lots' } },
  });
  for (const input of [{ reason: 'x', only: 'everything' }, 'x']) {
    const parsed = parseRequest({ ...asked, name: 'retryQuarantined', input });
    expect([parsed.ok, parsed.request.only]).toEqual([true, undefined]);
  }
});

test('a cancel may name its operation; what a refusal records can be kept', () => {
  expect(parseRequest({ ...asked, name: 'cancel', input: { reason: 'x', operation: 'r-1' } })).toMatchObject({
    ok: true,
    request: { operation: 'r-1' },
  });
  expect(parseRequest({ ...asked, name: 'pause', input: 'a\0b' })).toMatchObject({
    ok: false,
    request: { reason: 'ab' },
  });
  expect(parseRequest({ ...asked, name: 'pause', input: String.raw`a\u0000b` })).toMatchObject({ ok: true });
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
  [{ for: '90s' }, '2026-01-31T12:01:30.000Z'],
  [{ for: '45m' }, '2026-01-31T12:45:00.000Z'],
  [{ for: ' 8 h ' }, '2026-01-31T20:00:00.000Z'],
  [{ for: '3d' }, '2026-02-03T12:00:00.000Z'],
  [{ for: '2w' }, '2026-02-14T12:00:00.000Z'],
  [{ until: '2026-02-01T06:00:00+03:00' }, '2026-02-01T03:00:00.000Z'],
  // Whether it is over, is judged when it is put in force.
  [{ until: '2026-01-01' }, '2026-01-01T00:00:00.000Z'],
])('a pause %j ends at %s', (end, until) => {
  expect(parseRequest({ ...asked, name: 'pause', input: { reason: 'stock count', ...end } })).toMatchObject({
    ok: true,
    request: { until },
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
  ['a discard of it does not say what', 'discard', { reason: 'x' }, '"only" is missing'],
  ['a discard of nothing', 'discard', { reason: 'x', only: {} }, '"only" is "everything", or an object'],
  ['a discard by what is unknown', 'discard', { reason: 'x', only: { colour: 'red' } }, 'unknown fields: colour'],
  ['a discard of an id that is none', 'discard', { reason: 'x', only: { ids: ['a'] } }, '"ids" are ids'],
  ['a discard of a root that is none', 'discard', { reason: 'x', only: { roots: [] } }, '"roots" are keys'],
  ['a discard of a kind', 'discard', { reason: 'x', only: { kind: 'row' } }, '"kind" is'],
  ['a reset of some', 'reset', { reason: 'x', only: { code: 'y' } }, '"only" belongs to'],
  ['a reason with NUL', 'reset', { reason: 'a\0b' }, 'the character NUL'],
  ['an operation for a pause', 'pause', { reason: 'x', operation: 'r-1' }, '"operation" belongs to cancel'],
  ['a cancel of a number', 'cancel', { reason: 'x', operation: 7 }, '"operation" must be a text'],
  ['an id with margins', 'reset', { reason: 'x', id: ' a' }, '"id" may hold letters'],
  ['a position for a pause', 'pause', { reason: 'x', from: '2026-01-31' }, '"from" belongs to replay'],
  ['an end of what has none', 'resume', { reason: 'x', for: '8h' }, '"for" and "until" belong to pause'],
  ['two ends', 'pause', { reason: 'x', for: '8h', until: '2026-02-01' }, 'not both'],
  ['a pause for a word', 'pause', { reason: 'x', for: 'ever' }, '"for" is a number with its unit'],
  ['a pause for a number', 'pause', { reason: 'x', for: 8 }, '"for" is a number with its unit'],
  ['a pause for no time', 'pause', { reason: 'x', for: '0h' }, '"for" is a number with its unit'],
  ['a pause for years', 'pause', { reason: 'x', for: '367d' }, 'at most 366 days'],
  ['a pause until a word', 'pause', { reason: 'x', until: 'tomorrow' }, '"until" is no ISO 8601 time'],
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
