// Every type that v2 has, at its ends: a value lands as v2's own text, once read by the snapshot and once streamed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { v2Tables } from '../../pipelines/catalog/v2.ts';
import { openCapture } from './capture.ts';
import type { Capture } from './capture.ts';

let capture: Capture;

/** Type -> values, as SQL literals without quotes. NULL is tried with each. */
const values: Readonly<Record<string, readonly string[]>> = {
  boolean: ['true', 'false'],
  smallint: ['0', '-32768', '32767'],
  integer: ['0', '-2147483648', '2147483647'],
  bigint: ['0', '9007199254740993', '-9007199254740993', '9223372036854775807', '-9223372036854775808'],
  'double precision': [
    '0',
    '-0',
    '0.1',
    '1e-7',
    '1.7976931348623157e308',
    '5e-324',
    'NaN',
    'Infinity',
    '-Infinity',
    '123456789012345680',
  ],
  real: ['0.1', '3.4028235e38', 'NaN', '-Infinity', '1e-45'],
  numeric: [
    '0',
    '1.10',
    '-0.000',
    '1e40',
    '123456789012345678901234567890.123456789',
    '0.1000000000000000000000001',
    'NaN',
    'Infinity',
    '-Infinity',
    '9007199254740993',
  ],
  'numeric(20,2)': ['0', '1.10', '999999999999999999.99', '-0.01', 'NaN', '9007199254740993.01'],
  'numeric(8,4)': ['1.1', '-9999.9999', 'NaN'],
  text: [
    '',
    ' ',
    'null',
    'NULL',
    '\\N',
    '"quoted"',
    'a\tb\nc\rd\\e',
    'Ünïcode 漢字 😀',
    '{"json": 1}',
    '[1]',
    '12345678901234567890',
    ': 12345678901234567890,',
  ],
  'character varying(250)': ['', 'x', "it''s", 'trailing  '],
  'character varying': ['any'],
  date: [
    '2018-01-31',
    '0001-01-01',
    '1582-10-04',
    '1582-10-15',
    '9999-12-31',
    '20000-02-29',
    '5874897-12-31',
    'infinity',
    '-infinity',
  ],
  'timestamp without time zone': [
    '2018-01-31 23:59:59',
    '2018-01-31 23:59:59.1',
    '2018-01-31 23:59:59.123456',
    '1969-12-31 23:59:59.999999',
    '0001-01-01 00:00:00',
    '0044-03-15 12:00:00 BC',
    '9999-12-31 23:59:59.999999',
    '20000-01-01 00:00:00.000001',
    '294246-12-31 23:59:59.999999',
    '4713-01-01 00:00:00 BC',
    'infinity',
    '-infinity',
    '1930-06-15 00:00:00',
    '2024-02-29 00:00:00.000001',
  ],
  'timestamp with time zone': [
    '2018-01-31 23:59:59+00',
    '2018-01-31 23:59:59.1+03',
    '2018-01-31 23:59:59.123456-11',
    '1969-12-31 23:59:59.999999+00',
    '0001-01-01 00:00:00+00',
    '9999-12-31 23:59:59.999999+00',
    '20000-01-01 00:00:00.000001+00',
    '1930-06-15 00:00:00+03',
    'infinity',
    '-infinity',
  ],
};

const types = Object.keys(values);
const tableOf = (type: string): string => `t_${type.replaceAll(/[^a-z0-9]+/g, '_')}`;
const rows = (type: string, from: number): string =>
  [...(values[type] ?? []), null]
    .map(
      (value, index) =>
        `INSERT INTO ${tableOf(type)} VALUES (${from + index}, ${value === null ? 'NULL' : `'${value}'`});`,
    )
    .join('\n');

beforeAll(async () => {
  capture = await openCapture({
    name: 'types',
    tables: {
      ...Object.fromEntries(types.map((type) => [tableOf(type), ['id']])),
      day: ['id'],
      keyed_number: ['id'],
      keyed_text: ['at', 'name'],
    },
    before: `${types.map((type) => `CREATE TABLE ${tableOf(type)} (id int PRIMARY KEY, v ${type}); ${rows(type, 1)}`).join('\n')}
      CREATE TABLE day (id int PRIMARY KEY, v date);
      CREATE TABLE keyed_number (id bigint PRIMARY KEY, v text);
      CREATE TABLE keyed_text (at timestamp, name text, v text, PRIMARY KEY (at, name))`,
  });
});
afterAll(() => capture.close());

test('every type of the catalog is tried here', () => {
  const used = new Set(Object.values(v2Tables).flatMap(({ columns }) => Object.values(columns)));
  const plain = (type: string): string => type.replace(/\(.*\)/, '');
  const tried = new Set(types.map(plain));
  expect([...used].filter((type) => !tried.has(plain(type)))).toEqual([]);
});

test.each(types)('%s', async (type) => {
  await capture.expectLanded(tableOf(type));
  await capture.v2.query(rows(type, 1001));
  await capture.v2.query(`UPDATE ${tableOf(type)} SET v = v WHERE id < 1000`);
  await capture.expectLandedAnyHow(tableOf(type), [1_000_000]);
});

test('days that only the snapshot misreads: before Christ, and those that the calendar reform of 1582 left out', async () => {
  await capture.v2.query(
    `INSERT INTO day VALUES (1, '0044-03-15 BC'), (2, '4713-01-01 BC'), (3, '0001-12-31 BC'), (4, '1582-10-10')`,
  );
  await capture.expectLandedAnyHow('day');
});

test('keys beyond 2^53, of text and of time', async () => {
  await capture.v2.query(`
    INSERT INTO keyed_number VALUES (9223372036854775807, 'a'), (9007199254740993, 'b'), (9007199254740992, 'c');
    UPDATE keyed_number SET v = 'B' WHERE id = 9007199254740993; DELETE FROM keyed_number WHERE id = 9007199254740992;
    INSERT INTO keyed_text VALUES ('2018-01-01 00:00:00.000001', '', 'a'), ('infinity', 'null', 'b'), ('0044-03-15 BC', '[1,"x"]', 'c');
    UPDATE keyed_text SET v = 'A' WHERE name = ''; UPDATE keyed_text SET name = 'NULL' WHERE name = 'null'`);
  await capture.expectLandedAnyHow('keyed_number');
  await capture.expectLandedAnyHow('keyed_text');
});
