// The examples of all pipelines, written to a real v3 schema in the order of the list: types, keys, foreign keys and v3's
// triggers accept them, and nothing in them refers to a row that is not there.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { all } from './examples.ts';
import { createDatabase } from '../support/databases.ts';
import type { TestDatabase } from '../support/databases.ts';
import { adoptingWriter, inTransaction } from './writer.ts';
import type { Writer } from './writer.ts';

describe('a real v3', () => {
  let v3: TestDatabase;
  let writer: Writer;

  beforeAll(async () => {
    v3 = await createDatabase('v3');
    writer = adoptingWriter(v3.client);
  }, 60_000);
  afterAll(() => v3.drop());

  // In order: each pipeline stands on the rows of those before it.
  test.each([...all])('accepts every example of $name', async ({ pipeline, examples }) => {
    for (const { root } of examples) {
      await expect(inTransaction(v3.client, () => writer.write(pipeline, root))).resolves.toBeUndefined();
    }
  });

  test.each([...all])('holds every row that one of $name refers to', async ({ pipeline }) => {
    for (const { table, references } of Object.values(pipeline.owns)) {
      for (const { columns, table: parent, key } of references) {
        const given = columns.map((column) => `child.${column} IS NOT NULL`).join(' AND ');
        const same = columns.map((column, index) => `parent.${key[index]} = child.${column}`).join(' AND ');
        const { rows } = await v3.client.query(
          `SELECT count(*) AS all, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM ${parent} AS parent WHERE ${same})) AS dangling
           FROM ${table} AS child WHERE ${given}`,
        );
        expect(rows, `${table} (${columns.join()})`).toEqual([
          { all: expect.not.stringMatching(/^0$/), dangling: '0' },
        ]);
      }
    }
  });
});
