// v2's rows out of a real v2, as landing holds them.
import type { Client } from 'pg';
import type { Row } from './v2-tables.ts';

/** Numbers and booleans as such, all else as PostgreSQL's text. */
export async function readV2Rows(client: Client, table: string): Promise<readonly Row[]> {
  const numbers = new Set([21, 23, 700, 701]); // int2, int4, float4, float8
  const boolean = 16;
  const { rows } = await client.query<Row>({
    text: `SELECT * FROM ${table}`,
    types: {
      getTypeParser: (type: number) => (text: string) => {
        if (numbers.has(type)) return Number(text);
        return type === boolean ? text === 't' : text;
      },
    },
  });
  return rows;
}
