import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KafkaMessage } from '../model/change-event.ts';
import { createDecode, parseExact } from './decode.ts';
import type { Decoded } from './decode.ts';

const placeholder = '__unavailable_7c1d__';
const decode = createDecode({
  keys: new Map([
    ['public.products', ['id']],
    ['public.pairs', ['a', 'b']],
  ]),
  placeholder,
  epochAt: (_topic, _partition, offset) => (offset >= 1000 ? 1 : 0),
});

function message(value: unknown, rest: Partial<KafkaMessage> = {}): KafkaMessage {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return {
    topic: 'elmis.public.products',
    partition: 0,
    offset: 12,
    key: null,
    value: value === null ? null : Buffer.from(text, 'utf8'),
    headers: [],
    ...rest,
  };
}

const source = {
  schema: 'public',
  table: 'products',
  lsn: 200,
  sequence: '["150","200"]',
  txId: 7,
  ts_ms: 1_700_000_000_000,
  snapshot: 'false',
};

function event(change: object): object {
  return { op: 'u', before: null, after: { id: 1 }, source, ...change };
}

function faultOf(decoded: readonly Decoded[]): string {
  const [only] = decoded;
  return only?.kind === 'fault' ? only.code : `no fault but ${only?.kind ?? 'nothing'}`;
}

test('a row event carries key, place in the stream, transaction and image', () => {
  expect(decode(message(event({ after: { id: 1, name: 'x' } })))).toMatchObject([
    {
      kind: 'row',
      op: 'u',
      source: 'public.products',
      key: '1',
      order: { epoch: 0, commit: 150, lsn: 200 },
      epoch: 0,
      tx: 7,
      offset: 12,
      image: { id: 1, name: 'x' },
      holes: [],
      movedFrom: null,
      committedAtMs: 1_700_000_000_000,
    },
  ]);
});

test('an envelope inside schema and payload is the same event', () => {
  const bare = event({ op: 'c' });
  expect(decode(message({ schema: { type: 'struct' }, payload: bare }))).toEqual(decode(message(bare)));
});

test('the epoch is that of the Kafka position', () => {
  expect(decode(message(event({}), { offset: 1000 }))).toMatchObject([{ epoch: 1, order: { epoch: 1 } }]);
});

test('a key of several columns is their JSON array', () => {
  const pair = event({ after: { a: 1, b: 'x,"y"' }, source: { ...source, table: 'pairs' } });
  expect(decode(message(pair))).toMatchObject([{ key: '["1","x,\\"y\\""]' }]);
});

test('a delete takes its key from the image before, and nothing else of it', () => {
  expect(decode(message(event({ op: 'd', before: { id: 4, name: '' }, after: null })))).toMatchObject([
    { op: 'd', key: '4', image: null },
  ]);
});

test('a snapshot row has no place of its own', () => {
  expect(decode(message(event({ op: 'r', source: { ...source, snapshot: 'first' } })))).toMatchObject([
    { op: 'r', order: null },
  ]);
});

test('the first transaction after a snapshot, which names no commit before it, comes before all others', () => {
  expect(decode(message(event({ source: { ...source, sequence: '[null,"200"]' } })))).toMatchObject([
    { order: { commit: 0, lsn: 200 } },
  ]);
});

describe('what carries no row is passed over', () => {
  test.each([
    ['tombstone', message(null)],
    ['heartbeat', message({ ts_ms: 1 }, { topic: '__debezium-heartbeat.elmis' })],
    ['logical message', message({ op: 'm', source, message: { prefix: 'p', content: '' } })],
    ['transaction marker', message({ status: 'BEGIN', id: '1:2' }, { topic: 'elmis.transaction' })],
    ['transaction marker', message({ status: 'END', id: '1:2', event_count: 1 }, { topic: 'elmis.transaction' })],
  ])('%s', (why, given) => {
    expect(decode(given)).toEqual([{ kind: 'skip', why }]);
  });
});

test('a truncate carries its place', () => {
  expect(decode(message({ op: 't', source }))).toEqual([
    {
      kind: 'truncate',
      source: 'public.products',
      order: { epoch: 0, commit: 150, lsn: 200 },
      offset: 12,
      committedAtMs: 1_700_000_000_000,
    },
  ]);
});

describe('a key that changes', () => {
  const header = (value: unknown): KafkaMessage['headers'] => [
    [Buffer.from('__debezium.oldkey'), Buffer.from(JSON.stringify(value))],
  ];

  test('the create says where the row was before', () => {
    const create = event({ op: 'c', after: { id: 2 } });
    expect(decode(message(create, { headers: header({ id: 1 }) }))).toMatchObject([
      { op: 'c', key: '2', movedFrom: '1' },
    ]);
    expect(decode(message(create, { headers: header({ schema: {}, payload: { id: 1 } }) }))).toMatchObject([
      { movedFrom: '1' },
    ]);
  });

  test('a header that cannot be read says nothing', () => {
    const headers = [[Buffer.from('__debezium.oldkey'), Buffer.from('{')]] as const;
    expect(decode(message(event({ op: 'c' }), { headers }))).toMatchObject([{ movedFrom: null }]);
  });

  test('an update that changes the declared key is split in two', () => {
    expect(decode(message(event({ before: { id: 1 }, after: { id: 2, name: 'x' } })))).toMatchObject([
      { op: 'd', key: '1', image: null },
      { op: 'c', key: '2', image: { id: 2, name: 'x' }, movedFrom: '1' },
    ]);
  });
});

describe('values that Debezium left out are holes, in every shape', () => {
  const bytes = Buffer.from(placeholder);
  test.each([
    ['text', placeholder],
    ['bytes as base64', bytes.toString('base64')],
    ['bytes as hex', bytes.toString('hex')],
    ['list of texts', [placeholder]],
    ['list of integers', [...bytes]],
    ['map', { [placeholder]: placeholder }],
    ['map as text', JSON.stringify({ [placeholder]: placeholder })],
  ])('%s', (_shape, value) => {
    expect(decode(message(event({ after: { id: 1, big: value, small: 'x' } })))).toMatchObject([{ holes: ['big'] }]);
  });

  test.each([
    ['a text that contains it', `say ${placeholder}`],
    ['a list of two', [placeholder, placeholder]],
    ["Debezium's default, which is not ours", '__debezium_unavailable_value'],
    ['null', null],
  ])('but not %s', (_shape, value) => {
    expect(decode(message(event({ after: { id: 1, big: value } })))).toMatchObject([{ holes: [] }]);
  });
});

describe('what cannot be understood is a fault with a code, never an exception', () => {
  test.each([
    ['EVENT_NOT_JSON', message('{"op":')],
    ['EVENT_NOT_JSON', message('')],
    ['EVENT_NOT_DEBEZIUM', message('17')],
    ['EVENT_NOT_DEBEZIUM', message('null')],
    ['EVENT_NOT_DEBEZIUM', message([])],
    ['EVENT_NOT_DEBEZIUM', message({ id: 1, name: 'flattened' })],
    ['EVENT_NOT_DEBEZIUM', message(event({ op: 'x' }))],
    ['EVENT_NOT_DEBEZIUM', message(event({ after: null }))],
    ['EVENT_NOT_DEBEZIUM', message({ op: 't', source: { schema: 'public', table: 'products' } })],
    ['EVENT_NOT_DEBEZIUM', message(event({ source: { ...source, lsn: 'x' } }))],
    ['EVENT_NOT_DEBEZIUM', message(event({ source: { ...source, sequence: '["x"' } }))],
    ['EVENT_UNKNOWN_TABLE', message(event({ source: { ...source, table: 'secrets' } }))],
    ['EVENT_WITHOUT_KEY', message(event({ after: { name: 'x' } }))],
    ['EVENT_WITHOUT_KEY', message(event({ after: { id: null } }))],
    ['EVENT_WITHOUT_KEY', message(event({ op: 'd', before: null, after: null }))],
    ['EVENT_WITHOUT_KEY', message(event({ op: 'd', before: { name: 'x' }, after: null }))],
  ])('%s', (code, given) => {
    expect(faultOf(decode(given))).toBe(code);
  });

  test('whatever the bytes and the envelope', () => {
    const envelope = fc.record(
      {
        op: fc.jsonValue(),
        before: fc.jsonValue(),
        after: fc.jsonValue(),
        source: fc.jsonValue(),
        payload: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const noisySource = fc.record({
      schema: fc.constant('public'),
      table: fc.constant('products'),
      lsn: fc.oneof(fc.nat(), fc.jsonValue()),
      sequence: fc.oneof(fc.jsonValue(), fc.string(), fc.constantFrom('[]', '{}', 'null', '[1]', '["x"]')),
      snapshot: fc.constantFrom('false', 'true', null),
    });
    const nearly = fc.record({
      op: fc.constantFrom('c', 'u', 'd', 'r', 't'),
      before: fc.jsonValue(),
      after: fc.oneof(fc.jsonValue(), fc.constant({ id: 1 })),
      source: noisySource,
    });
    const value = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.oneof(envelope, nearly).map((each) => Buffer.from(JSON.stringify(each))),
    );
    fc.assert(
      fc.property(value, (bytes) => {
        expect(decode(message(null, { value: bytes })).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('numbers are exact', () => {
  test.each([
    ['{"id":9007199254740993}', { id: '9007199254740993' }],
    ['{"id":-9223372036854775808}', { id: '-9223372036854775808' }],
    ['[9223372036854775807]', ['9223372036854775807']],
    ['{"n":0.12345678901234567890}', { n: '0.12345678901234567890' }],
    ['{"n":17,"m":0.1}', { n: 17, m: 0.1 }],
    ['{"text":": 9007199254740993,"}', { text: ': 9007199254740993,' }],
  ])('%s', (text, value) => {
    expect(parseExact(text)).toEqual(value);
  });

  test('a double cannot hold them, a text does', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (number) => {
        expect(String((parseExact(`{"n":${number}}`) as { readonly n: unknown }).n)).toBe(String(number));
      }),
    );
  });
});

describe("an envelope in Debezium's own order, parsed piece by piece", () => {
  const written = (change: object): string => {
    const { op, before, after, source: from } = { ...event({}), ...change } as Record<string, unknown>;
    const clocks = '"ts_ms":1700000000000,"ts_us":1700000000000001,"ts_ns":1700000000000001234';
    return `{"before":${JSON.stringify(before)},"after":${JSON.stringify(after)},"source":${JSON.stringify(from)},"transaction":null,"op":${JSON.stringify(op)},${clocks}}`;
  };

  test('says the same as when it is parsed whole, whatever stands in its row', () => {
    const image = fc.dictionary(
      fc.string(),
      fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null)),
    );
    fc.assert(
      fc.property(image, fc.constantFrom('c', 'u', 'r'), fc.nat(), (row, op, lsn) => {
        const text = written({ op, after: { ...row, id: 1 }, source: { ...source, lsn } });
        expect(decode(message(text))).toEqual(decode(message(` ${text}`)));
      }),
    );
  });

  test.each([
    ['a row that holds such a text', { after: { id: 1, name: ',"source":{"lsn":1},"op":"d"}' } }],
    ['a column named source', { after: { id: 1, source: { lsn: 1 } } }],
    ['a number that a double cannot hold', { after: { id: 1, n: '@9007199254740993' } }],
    ['one within an array', { after: { id: 1, n: [1, '@9223372036854775807'] } }],
    ['one that a double rounds to another whole number', { after: { id: 1, n: '@10.000000000000000001' } }],
    ['one of many digits behind the point', { after: { id: 1, n: '@0.12345678901234567890' } }],
    ['one as Java writes large doubles', { after: { id: 1, n: '@1.0E22' } }],
    ['one of no more digits than a double has', { after: { id: 1, n: '@0.1234567890123' } }],
  ])('%s', (_, change) => {
    const text = written(change).replace(/"@([\d.E]+)"/, '$1');
    expect(decode(message(text))).toEqual(decode(message(` ${text}`)));
    expect(decode(message(text))).toMatchObject([{ kind: 'row', op: 'u', order: { commit: 150, lsn: 200 } }]);
  });

  test('rows of one snapshot share their source, and the next table has its own', () => {
    const rows = [source, source, { ...source, lsn: 900 }].map((from, id) =>
      decode(message(written({ op: 'u', after: { id }, source: from }))),
    );
    expect(rows).toMatchObject([
      [{ key: '0', order: { lsn: 200 } }],
      [{ key: '1', order: { lsn: 200 } }],
      [{ key: '2', order: { lsn: 900 } }],
    ]);
  });
});
