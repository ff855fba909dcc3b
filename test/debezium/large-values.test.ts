// Values that PostgreSQL keeps out of line (TOAST) and does not log when they did not change: the connector writes its
// placeholder in their stead, in a shape that depends on the type.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCapture, parse } from './capture.ts';
import type { Capture } from './capture.ts';

let capture: Capture;

/** Incompressible text of 20,000 characters or so. */
const noise = (seed: number): string =>
  `(SELECT string_agg(md5((n + ${seed})::text), '') FROM generate_series(1, 625) n)`;

beforeAll(async () => {
  capture = await openCapture({
    name: 'large_values',
    tables: { texts: ['id'], others: ['id'], blind: ['id'], whole: ['id'], told: ['id'] },
    before: `
      CREATE TABLE texts (id int PRIMARY KEY, n int, t text, v varchar, c varchar(30000), b bytea, num numeric);
      CREATE TABLE others (id int PRIMARY KEY, n int, j json, jb jsonb, x xml, ta text[], va varchar[], ia int[], la bigint[], ua uuid[], da date[], ja json[]);
      CREATE TABLE blind (id int PRIMARY KEY, n int, ba bytea[], na numeric[]);
      CREATE TABLE whole (id int PRIMARY KEY, n int, t text);
      ALTER TABLE whole REPLICA IDENTITY FULL;
      CREATE TABLE told (id int PRIMARY KEY, n int, t text);
      INSERT INTO texts VALUES (1, 1, ${noise(1)}, ${noise(2)}, ${noise(3)}, convert_to(${noise(4)}, 'UTF8'), (repeat('123456789', 4000))::numeric)`,
  });
});
afterAll(() => capture.close());

test('text, bytes and long numerics that did not change are kept', async () => {
  await capture.v2.query('UPDATE texts SET n = 2');
  await capture.v2.query(
    `INSERT INTO texts VALUES (2, 1, ${noise(11)}, ${noise(12)}, 'short', convert_to(${noise(14)}, 'UTF8'), (repeat('987654321', 4000) || '.5')::numeric)`,
  );
  await capture.v2.query(
    'UPDATE texts SET n = 3; UPDATE texts SET n = 4, t = NULL WHERE id = 1; UPDATE texts SET n = 5',
  );
  await capture.v2.query(`UPDATE texts SET v = ${noise(21)} WHERE id = 2; UPDATE texts SET n = 6`);
  await expectPlaceholders('texts', ['t', 'v', 'c', 'b']);
  await capture.expectLandedAnyHow('texts');
});

test('several changes of a row in one batch, none of which carries all of its large values', async () => {
  await capture.v2
    .query(`BEGIN; UPDATE texts SET t = ${noise(31)} WHERE id = 1; UPDATE texts SET v = ${noise(32)} WHERE id = 1;
    UPDATE texts SET n = 9 WHERE id = 1; COMMIT; UPDATE texts SET c = 'small' WHERE id = 1`);
  await capture.expectLandedAnyHow('texts');
});

test('json, xml and arrays that did not change are kept', async () => {
  const list = (value: string): string => `(SELECT array_agg(${value}) FROM generate_series(1, 4000) n)`;
  await capture.v2
    .query(`INSERT INTO others VALUES (1, 1, json_build_object('a', ${noise(1)}), jsonb_build_object('a', ${noise(2)}),
    ('<a>' || ${noise(3)} || '</a>')::xml, ${list('md5(n::text)')}, ${list('md5(n::text)::varchar')}, ${list('(random() * 2e9)::int')}, ${list('(random() * 9e18)::bigint')},
    ${list('md5(n::text)::uuid')}, ${list(`date '2000-01-01' + (random() * 20000)::int`)}, ${list(`json_build_object('n', md5(n::text))`)})`);
  await capture.land('others');
  const before = await capture.landed('others');
  await capture.v2.query('UPDATE others SET n = 2');
  await capture.land('others');
  expect(await capture.landed('others')).toEqual(before.map((row) => ({ ...row, n: '2' })));
  await expectPlaceholders('others', ['j', 'jb', 'x', 'ta', 'va', 'ia', 'la', 'ua', 'da', 'ja']);
});

test('with the whole row as replica identity nothing is left out', async () => {
  await capture.v2.query(
    `INSERT INTO whole VALUES (1, 1, ${noise(1)}); UPDATE whole SET n = 2; UPDATE whole SET n = 3`,
  );
  await capture.expectLandedAnyHow('whole');
});

test('arrays of bytes and of numerics: the placeholder comes as null and cannot be told, a limit of the connector', async () => {
  const list = (value: string): string => `(SELECT array_agg(${value}) FROM generate_series(1, 4000) n)`;
  await capture.v2.query(
    `INSERT INTO blind VALUES (1, 1, ${list(`convert_to(md5(n::text), 'UTF8')`)}, ${list('random()::numeric')}); UPDATE blind SET n = 2`,
  );
  const last = (await capture.messages('blind')).at(-1)?.value;
  expect(parse(last as Buffer).after).toMatchObject({ n: 2, ba: null, na: null });
});

test('a text that a user typed like the default placeholder is a value like any other', async () => {
  await capture.v2.query(`INSERT INTO told VALUES (1, 1, '__debezium_unavailable_value'); UPDATE told SET n = 2`);
  await capture.expectLandedAnyHow('told');
});

test('an unchanged large value of a row that landing never saw is quarantined, and heals by the next full image', async () => {
  await capture.land('told');
  await capture.v2.query(`INSERT INTO told VALUES (7, 1, ${noise(7)})`);
  await capture.skip('told');
  await capture.v2.query('UPDATE told SET n = 2 WHERE id = 7');
  await capture.land('told');
  expect(await capture.quarantined('told')).toEqual([
    { code: 'EVENT_WITH_HOLE', message: expect.stringContaining('told 7: v2 did not send t') as string },
  ]);
  await capture.v2.query(`UPDATE told SET t = ${noise(8)} WHERE id = 7`);
  await capture.expectLanded('told');
  expect(await capture.quarantined('told')).toEqual([]);
});

async function expectPlaceholders(table: string, columns: readonly string[]): Promise<void> {
  const images = (await capture.messages(table)).flatMap(({ value }) =>
    value === null ? [] : [parse(value).after ?? {}],
  );
  const isPlaceholder = (value: unknown): boolean => {
    const text = JSON.stringify(value) ?? '';
    const { placeholder } = capture.stack;
    return (
      [placeholder, Buffer.from(placeholder).toString('hex'), [...Buffer.from(placeholder)].join(',')].some((each) =>
        text.includes(each),
      ) || /^\["[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f-]+"\]$/.test(text)
    );
  };
  expect(columns.filter((column) => images.some((image) => isPlaceholder(image[column])))).toEqual(columns);
}
