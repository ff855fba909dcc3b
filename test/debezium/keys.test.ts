// Keys that change, are taken over, or are told by something else than a primary key. The log position is no order of a
// row here: see StreamOrder in model/change-event.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyRows } from '../../activities/copy-rows.ts';
import { openCapture, operations, parse } from './capture.ts';
import type { Capture } from './capture.ts';

let capture: Capture;

beforeAll(async () => {
  capture = await openCapture({
    name: 'keys',
    tables: {
      plain: ['id'],
      deferred: ['id'],
      pair: ['a', 'b'],
      keyless: ['code'],
      indexed: ['code'],
      large: ['id'],
      bulk: ['id'],
    },
    before: `
      CREATE TABLE plain (id int PRIMARY KEY, v text);
      INSERT INTO plain SELECT n, 'row ' || n FROM generate_series(1, 6) n;
      CREATE TABLE deferred (id int, v text, CONSTRAINT deferred_key UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
      ALTER TABLE deferred REPLICA IDENTITY FULL;
      INSERT INTO deferred SELECT n, 'row ' || n FROM generate_series(1, 6) n;
      CREATE TABLE pair (a int, b varchar(20), v text, PRIMARY KEY (a, b));
      INSERT INTO pair VALUES (1, 'x', 'one'), (1, 'y', 'two'), (2, 'x,"y"', 'three');
      CREATE TABLE keyless (code text, v text);
      ALTER TABLE keyless REPLICA IDENTITY FULL;
      INSERT INTO keyless VALUES ('a', '1'), ('b', '2');
      CREATE TABLE indexed (code text NOT NULL, v text, CONSTRAINT indexed_code UNIQUE (code));
      ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_code;
      INSERT INTO indexed VALUES ('a', '1'), ('b', '2');
      CREATE TABLE large (id int PRIMARY KEY, v text, big text);
      ALTER TABLE large ALTER big SET STORAGE EXTERNAL;
      INSERT INTO large SELECT n, 'v', repeat('big ' || n, 2000) FROM generate_series(1, 4) n;
      CREATE TABLE bulk (id int PRIMARY KEY, v text)`,
  });
});
afterAll(() => capture.close());

test('a key that changes: the row of the old key is gone, the new one lives', async () => {
  await capture.v2.query('UPDATE plain SET id = 60 WHERE id = 6; UPDATE plain SET id = 61, v = NULL WHERE id = 60');
  await capture.expectLanded('plain');
  const headers = (await capture.messages('plain')).flatMap(({ headers }) => headers.map(([header]) => String(header)));
  expect(headers).toContain('__debezium.newkey');
  expect(headers).toContain('__debezium.oldkey');
  await capture.expectLandedAnyHow('plain');
});

test('every key moves on by one, in one transaction', async () => {
  await capture.v2.query('BEGIN; UPDATE plain SET id = -id; UPDATE plain SET id = 1 - id; COMMIT');
  await capture.expectLandedAnyHow('plain');
});

test('a key that is deleted and inserted again within a transaction, twice', async () => {
  await capture.v2.query(`BEGIN; DELETE FROM plain WHERE id = 2; INSERT INTO plain VALUES (2, 'second');
    DELETE FROM plain WHERE id = 2; INSERT INTO plain VALUES (2, 'third'); COMMIT`);
  await capture.v2.query(`BEGIN; INSERT INTO plain VALUES (90, 'never seen'); DELETE FROM plain WHERE id = 90; COMMIT`);
  await capture.expectLandedAnyHow('plain');
});

test('keys that are exchanged within a transaction, by a deferred constraint', async () => {
  await capture.v2.query(
    `BEGIN; UPDATE deferred SET id = 2 WHERE v = 'row 1'; UPDATE deferred SET id = 1 WHERE v = 'row 2'; COMMIT`,
  );
  await capture.expectLanded('deferred');
  await capture.v2
    .query(`BEGIN; UPDATE deferred SET id = 4 WHERE v = 'row 3'; UPDATE deferred SET id = 5 WHERE v = 'row 4';
    UPDATE deferred SET id = 3 WHERE v = 'row 5'; UPDATE deferred SET v = v || '!' WHERE id = 4; COMMIT`);
  await capture.expectLanded('deferred');
  await capture.v2.query(
    `BEGIN; INSERT INTO deferred VALUES (6, 'taker'); DELETE FROM deferred WHERE v = 'row 6'; COMMIT`,
  );
  await capture.v2.query(
    `BEGIN; INSERT INTO deferred VALUES (6, 'passing'); DELETE FROM deferred WHERE v = 'passing'; COMMIT`,
  );
  await capture.expectLandedAnyHow('deferred');
});

test('a row that is inserted at a lower log position than the delete which made room for it', async () => {
  await capture.v2.query(`INSERT INTO deferred VALUES (100, 'first')`);
  const other = await capture.connectV2();
  await other.query(`BEGIN; INSERT INTO deferred VALUES (100, 'second')`);
  await capture.v2.query(`BEGIN; DELETE FROM deferred WHERE v = 'first'; COMMIT`);
  await other.query('COMMIT');
  await capture.expectLandedAnyHow('deferred');
  const events = (await capture.messages('deferred')).flatMap(({ value }) => (value === null ? [] : [parse(value)]));
  const of = (op: string, v: string): number =>
    Number(events.find((event) => event.op === op && (event.after ?? event.before)?.['v'] === v)?.source['lsn']);
  expect(of('c', 'second')).toBeLessThan(of('d', 'first'));
});

test('transactions that run side by side: the log positions of a topic go back and forth', async () => {
  const other = await capture.connectV2();
  await other.query(`BEGIN; INSERT INTO plain VALUES (200, 'other')`);
  await capture.v2.query(`INSERT INTO plain VALUES (201, 'early'); UPDATE plain SET v = 'early too' WHERE id = 201`);
  await other.query(`INSERT INTO plain VALUES (202, 'late'); COMMIT`);
  await capture.v2.query(`UPDATE plain SET v = 'updated' WHERE id IN (200, 202)`);
  await capture.expectLandedAnyHow('plain');
  const positions = (await capture.messages('plain')).flatMap(({ value }) =>
    value === null ? [] : [Number(parse(value).source['lsn'])],
  );
  expect(positions.some((lsn, index) => index > 0 && lsn < (positions[index - 1] ?? 0))).toBe(true);
});

test('the rows of one COPY share one log position, and all land', async () => {
  await capture.v2.query(`INSERT INTO bulk SELECT n, 'x' FROM generate_series(1, 3) n`);
  const rows = Array.from({ length: 50 }, (_, index) => [String(100 + index), `copied ${index}`]);
  await copyRows(capture.v2, { table: 'bulk', columns: ['id', 'v'], rows });
  await capture.v2.query(`UPDATE bulk SET v = v || '!' WHERE id % 2 = 0`);
  await capture.expectLandedAnyHow('bulk', [1, 7, 1_000_000]);
  const positions = (await capture.messages('bulk')).flatMap(({ value }) =>
    value === null || parse(value).op !== 'c' ? [] : [String(parse(value).source['lsn'])],
  );
  expect(new Set(positions).size).toBeLessThan(positions.length);
});

test('keys of several columns', async () => {
  await capture.v2.query(`UPDATE pair SET v = 'ONE' WHERE a = 1 AND b = 'x'; UPDATE pair SET b = 'z' WHERE b = 'y';
    DELETE FROM pair WHERE a = 2; INSERT INTO pair VALUES (2, '', 'empty')`);
  await capture.expectLandedAnyHow('pair');
});

test('no primary key, the whole row as replica identity: the declared key tells rows apart', async () => {
  await capture.v2.query(`INSERT INTO keyless VALUES ('c', '3'); UPDATE keyless SET v = 'TWO' WHERE code = 'b';
    UPDATE keyless SET code = 'A', v = 'moved' WHERE code = 'a'; DELETE FROM keyless WHERE code = 'c'`);
  await capture.v2
    .query(`BEGIN; UPDATE keyless SET code = '' WHERE code = 'A'; UPDATE keyless SET code = 'A' WHERE code = 'b';
    UPDATE keyless SET code = 'b' WHERE code = ''; COMMIT`);
  await capture.expectLandedAnyHow('keyless');
});

test('no primary key, a unique index as replica identity', async () => {
  await capture.v2.query(`INSERT INTO indexed VALUES ('c', '3'); UPDATE indexed SET v = 'TWO' WHERE code = 'b';
    UPDATE indexed SET code = 'A' WHERE code = 'a'; DELETE FROM indexed WHERE code = 'c'`);
  await capture.expectLandedAnyHow('indexed');
});

test('a key that changes in a row whose large value does not: the value goes with the row', async () => {
  await capture.v2.query(`UPDATE large SET id = 10 WHERE id = 1; UPDATE large SET v = 'changed' WHERE id = 10`);
  await capture.v2.query('BEGIN; UPDATE large SET id = -id; UPDATE large SET id = 1 - id; COMMIT');
  await capture.v2.query(
    `BEGIN; UPDATE large SET id = 100 WHERE id = 3; INSERT INTO large VALUES (3, 'new', 'small'); COMMIT`,
  );
  await capture.expectLandedAnyHow('large');
  expect(await capture.quarantined('large')).toEqual([]);
});

test('tombstones stand behind deletes and change nothing', async () => {
  const ops = operations(await capture.messages('plain'));
  expect(ops.filter((op) => op === 'tombstone').length).toBe(ops.filter((op) => op === 'd').length);
});
