// The demo eLMIS on a real server: loaded, played, and played again. MKONDO_TEST_PG_URL names a superuser of a server
// that may be littered on, with PostGIS; without it the file is skipped.
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalog } from '../../pipelines/catalog/read-catalog.ts';
import { referenceData } from './data/reference-data.ts';
import { loadDemo } from './load.ts';
import { createSimulator } from './simulator.ts';

const serverUrl = process.env['MKONDO_TEST_PG_URL'];
const title = serverUrl === undefined ? ' (skipped: set MKONDO_TEST_PG_URL to a superuser of a test server)' : '';
const log = { info: () => undefined, warn: () => undefined };

describe.skipIf(serverUrl === undefined)(`the simulator${title}`, () => {
  const suffix = randomBytes(4).toString('hex');
  const v3 = `sim_v3_${suffix}`;
  const twins = [`sim_one_${suffix}`, `sim_two_${suffix}`] as const;

  beforeAll(async () => {
    for (const database of [v3, ...twins]) await query('postgres', `CREATE DATABASE ${database}`);
    for (const database of twins) {
      await loadDemo({ v2Url: urlOf(database), v3Url: urlOf(v3), scale: 0.2, seed: 1, log });
    }
  }, 120_000);

  afterAll(async () => {
    for (const database of [v3, ...twins]) await query('postgres', `DROP DATABASE ${database} WITH (FORCE)`);
  });

  it('loads every text as it was made, whatever is in it', async () => {
    const made = referenceData({ scale: 0.2, seed: 1 });
    for (const table of ['public.facilities', 'public.products', 'public.processing_periods'] as const) {
      const { rows } = await query(twins[0], `SELECT id, description FROM ${table} ORDER BY id`);
      expect(rows).toEqual(made[table].map(({ id, description }) => ({ id, description: description ?? null })));
    }
  });

  it('finds loaded data and leaves it as it is', async () => {
    const before = await checksums(twins[0]);
    await loadDemo({ v2Url: urlOf(twins[0]), v3Url: urlOf(v3), scale: 0.2, seed: 2, log });
    expect(await checksums(twins[0])).toEqual(before);
  });

  it('plays every operation, and the same seed on the same data does the same', async () => {
    const summaries = [];
    for (const database of twins) {
      const simulator = createSimulator({ v2Url: urlOf(database), seed: 5, log });
      for (const name of simulator.operations) await simulator.step(name);
      for (let action = 0; action < 400; action += 1) await simulator.step();
      summaries.push(simulator.summary());
      await simulator.close();
    }
    expect(Object.entries(summaries[0]?.operations ?? {}).filter(([, count]) => count.done === 0)).toEqual([]);
    expect(summaries[0]).toEqual(summaries[1]);
    expect(await checksums(twins[0])).toEqual(await checksums(twins[1]));
  }, 120_000);

  it('goes on after v2 has ended its sessions, and stops when told', async () => {
    const simulator = createSimulator({ v2Url: urlOf(twins[0]), seed: 6, log });
    const stop = new AbortController();
    const run = simulator.run({ actionsPerSecond: 200, signal: stop.signal });
    await until(() => simulator.summary().actions > 20);
    await query(
      'postgres',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${twins[0]}' AND application_name = 'elmis-simulator'`,
    );
    await until(() => simulator.summary().reconnects > 0);
    const { rowChanges } = simulator.summary();
    await until(() => simulator.summary().rowChanges > rowChanges);
    stop.abort();
    const summary = await run;
    await simulator.close();
    expect(summary.reconnects).toBeGreaterThan(0);
    expect(Object.values(summary.operations).reduce((sum, { failed }) => sum + failed, 0)).toBeLessThanOrEqual(
      summary.reconnects,
    );
    const { rows } = await query(
      'postgres',
      `SELECT FROM pg_stat_activity WHERE datname = '${twins[0]}' AND application_name = 'elmis-simulator'`,
    );
    expect(rows).toHaveLength(0);
  }, 60_000);
});

function urlOf(database: string): string {
  const url = new URL(serverUrl ?? '');
  url.pathname = `/${database}`;
  return url.href;
}

async function query(database: string, sql: string): Promise<{ readonly rows: readonly unknown[] }> {
  const client = new Client({ connectionString: urlOf(database) });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Of every v2 table: its rows, but for the times at which they were written. */
async function checksums(database: string): Promise<unknown> {
  const timeless = `(to_jsonb(row) - '{createddate,modifieddate,startdate,enddate,golivedate,godowndate,packeddate,shippeddate,receiveddate,effectivedate,manufacturedate}'::text[])::text`;
  const tables = readCatalog('v2').map(
    ({ table }) =>
      `SELECT '${table}' AS table, count(*), md5(string_agg(${timeless}, '' ORDER BY ${timeless})) FROM ${table} AS row`,
  );
  return (await query(database, tables.join(' UNION ALL '))).rows;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
