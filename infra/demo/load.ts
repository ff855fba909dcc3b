// Makes the demo databases: both schemas where they are absent, and the demo's data where v2 is empty. Safe to run again:
// each database is made in one transaction, so it is either as it was or complete.
import { Client } from 'pg';
import { MkondoError } from '../../model/errors.ts';
import type { Logger } from '../../model/log.ts';
import { readCatalog } from '../../pipelines/catalog/read-catalog.ts';
import { copyTables } from './copy-rows.ts';
import { referenceData } from './data/reference-data.ts';
import { requisitionBatches } from './data/requisitions.ts';
import { sequenceOf, v2Schema, v3Schema } from './schema.ts';

export interface DemoSettings {
  /** A role that may create tables in schema public; it will own them. */
  readonly v2Url: string;
  /** A role that may create schemas, in a database with postgis and uuid-ossp (or a superuser, who adds them). */
  readonly v3Url: string;
  /** 1: 300 facilities, 900 requisitions, 40,000 lines. 25: the whole country, a million lines. Lines grow in proportion. */
  readonly scale: number;
  readonly seed: number;
  readonly log: Pick<Logger, 'info'>;
}

/** @throws MkondoError PART_MISSING when v3 lacks an extension that this role cannot create */
export async function loadDemo({ v2Url, v3Url, scale, seed, log }: DemoSettings): Promise<void> {
  await Promise.all([
    inTransaction(v3Url, (v3) => createV3(v3, log)),
    inTransaction(v2Url, (v2) => loadV2(v2, { scale, seed, log })),
  ]);
}

async function createV3(v3: Client, log: DemoSettings['log']): Promise<void> {
  if (await exists(v3, 'referencedata.orderables')) return;
  try {
    await v3.query('CREATE EXTENSION IF NOT EXISTS postgis; CREATE EXTENSION IF NOT EXISTS "uuid-ossp"');
  } catch (cause) {
    throw new MkondoError(
      'PART_MISSING',
      'The v3 database lacks the extension postgis or uuid-ossp, and this role cannot create them.',
      {
        advice:
          'As a superuser run CREATE EXTENSION postgis; CREATE EXTENSION "uuid-ossp"; in the v3 database, then start again.',
        cause,
      },
    );
  }
  const { tables, foreignKeys, rest } = v3Schema();
  await runAll(v3, [...tables, ...foreignKeys, ...rest]);
  log.info('made the v3 schemas');
}

async function loadV2(v2: Client, { scale, seed, log }: Omit<DemoSettings, 'v2Url' | 'v3Url'>): Promise<void> {
  const { tables, foreignKeys } = v2Schema();
  const fresh = !(await exists(v2, 'public.requisitions'));
  if (fresh) await runAll(v2, tables);
  const { rows: levels } = await v2.query('SELECT FROM geographic_levels LIMIT 1');
  if (levels.length > 0) return;

  const reference = referenceData({ scale, seed });
  await copyTables(v2, reference);
  let lines = 0;
  for (const batch of requisitionBatches(reference, { scale, seed })) {
    await copyTables(v2, batch);
    lines += batch['public.requisition_line_items'].length;
  }
  await raiseSequences(v2);
  // Foreign keys and their indexes come last: checking all rows at once costs a fraction of checking each.
  if (fresh) await runAll(v2, foreignKeys);
  log.info(
    { scale, seed, facilities: reference['public.facilities'].length, requisitionLines: lines },
    'loaded the demo eLMIS',
  );
}

/** The rows came with their ids; the next one that eLMIS makes must get the next id. */
async function raiseSequences(v2: Client): Promise<void> {
  const statements = readCatalog('v2').flatMap(({ schema, table, columns }) =>
    columns.flatMap((column) => {
      const sequence = sequenceOf(column);
      return sequence === undefined
        ? []
        : [
            `SELECT setval('${schema}.${sequence}', max(${column.name})) FROM ${schema}.${table} HAVING max(${column.name}) IS NOT NULL`,
          ];
    }),
  );
  await runAll(v2, statements);
}

async function runAll(client: Client, statements: readonly string[]): Promise<void> {
  await client.query(statements.join(';\n'));
}

async function exists(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  return rows[0]?.there ?? false;
}

async function inTransaction(url: string, act: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'mkondo-demo' });
  await client.connect();
  try {
    await client.query('BEGIN');
    await act(client);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
