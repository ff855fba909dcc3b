// What cannot be applied goes to quarantine with its position, its bytes and a code; everything else goes on.
import type { Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { categoryName, operatorName } from './renamed-rows.ts';
import { Kafka, logLevel } from '../../model/kafka.ts';
import { eventually } from '../support/eventually.ts';
import { address, differences, kill, operateToItsEnd, quarantineOf, restart, settle, v2, v3 } from './system.ts';

const topic = 'elmis.public.product_categories';
let producer: Producer;

beforeAll(async () => {
  producer = new Kafka({ brokers: [address.kafka], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
});
afterAll(() => producer.disconnect());

test('keeps what is no change event, and applies the rest of its batch', async () => {
  await settle();
  const bad: readonly (readonly [string, string])[] = [
    ['EVENT_NOT_JSON', 'this is no JSON'],
    ['EVENT_NOT_DEBEZIUM', '{"hello":"world"}'],
    ['EVENT_UNKNOWN_TABLE', JSON.stringify(envelope({ table: 'no_such_table', after: { id: 1 }, lsn: 1 }))],
    ['EVENT_WITHOUT_KEY', JSON.stringify(envelope({ table: 'product_categories', after: { code: 'NO-KEY' }, lsn: 1 }))],
  ];
  // While no worker runs, bad and good events queue up, and are then read as one batch.
  await kill('worker');
  await send(bad.map(([, value]) => value));
  await v2(
    `INSERT INTO product_categories (id, code, name, displayorder) VALUES (870001, 'E2E-GOOD', 'Among bad ones', 1)`,
  );
  await restart('worker');

  await eventually(async () => expect(await categoryName(870001)).toBe('Among bad ones'));
  const kept = await quarantineOf('product-categories');
  expect(kept.map(({ code, payload }) => [code, payload?.data])).toEqual(bad);
  expect(kept.map(({ kind, attempts }) => ({ kind, attempts }))).toEqual(
    bad.map(() => ({ kind: 'event', attempts: 1 })),
  );
  const offsets = kept.map(({ position }) => position?.offset ?? -1);
  expect(kept.every(({ position }) => position?.topic === topic)).toBe(true);
  expect(offsets).toEqual(offsets.map((_, index) => (offsets[0] ?? -1) + index));
  await eventually(async () => {
    const metrics = await (await fetch(address.workerMetrics)).text();
    for (const [code] of bad) expect(metrics).toMatch(new RegExp(`mkondo_errors_total\\{[^}]*code="${code}"`));
  });

  // Nothing can mend these bytes; another try says so, and they stay.
  await operateToItsEnd('product-categories', 'retryQuarantined');
  const again = await quarantineOf('product-categories');
  expect(again.map(({ code, attempts }) => [code, attempts])).toEqual(bad.map(([code]) => [code, 2]));
});

test('keeps a row whose value does not fit its v3 column, until v2 corrects it', async () => {
  const [{ lsn } = { lsn: '0' }] = await v2<{ lsn: string }>(`SELECT pg_current_wal_lsn() - '0/0' AS lsn`);
  const row = { id: 870002, code: 'X'.repeat(300), name: 'Too long a code', displayorder: 1 };
  await send([JSON.stringify(envelope({ table: 'product_categories', after: row, lsn: Number(lsn) }))]);
  await eventually(async () =>
    expect(await rootFaults('product-categories')).toEqual([['870002', 'V3_VALUE_REJECTED']]),
  );
  expect(await categoryName(870002)).toBeUndefined();

  await v2(`INSERT INTO product_categories (id, code, name, displayorder) VALUES (870002, 'E2E-FITS', 'Fits now', 1)`);
  await eventually(async () => expect(await categoryName(870002)).toBe('Fits now'));
  await eventually(async () => expect(await rootFaults('product-categories')).toEqual([]));
});

test('keeps a row whose unique value a row of v3 holds, and applies it when it is retried after the fix', async () => {
  const [row] = await v3<{ id: string }>(
    `INSERT INTO referencedata.facility_operators (id, code, name) VALUES (uuid_generate_v4(), 'E2E-CLASH', 'Made in v3') RETURNING id`,
  );
  await v2(
    `INSERT INTO facility_operators (id, code, text, displayorder) VALUES (870003, 'E2E-CLASH', 'Made in v2', 1)`,
  );
  await eventually(async () => expect(await rootFaults('facility-operators')).toEqual([['870003', 'V3_ROW_CONFLICT']]));
  // Another change of the same pipeline is not held up.
  await v2(
    `INSERT INTO facility_operators (id, code, text, displayorder) VALUES (870004, 'E2E-BESIDE', 'Beside it', 2)`,
  );
  await eventually(async () => expect(await operatorName(870004)).toBe('Beside it'));

  await v3('DELETE FROM referencedata.facility_operators WHERE id = $1', [row?.id]);
  await operateToItsEnd('facility-operators', 'retryQuarantined');
  expect(await operatorName(870003)).toBe('Made in v2');
  expect(await rootFaults('facility-operators')).toEqual([]);
});

test('is what v2 says after all of that', async () => {
  expect(await differences()).toBe('');
});

function envelope(row: { readonly table: string; readonly after: object; readonly lsn: number }): object {
  return {
    before: null,
    after: row.after,
    source: {
      schema: 'public',
      table: row.table,
      lsn: row.lsn,
      // As in the first transaction after a snapshot: whatever v2 itself says later is newer.
      sequence: JSON.stringify([null, String(row.lsn)]),
      snapshot: 'false',
      ts_ms: Date.now(),
      txId: 1,
    },
    op: 'c',
    ts_ms: Date.now(),
  };
}

async function send(values: readonly string[]): Promise<void> {
  await producer.send({ topic, messages: values.map((value) => ({ key: null, value })) });
}

/** Root and code of what is in quarantine as a root. */
async function rootFaults(pipeline: string): Promise<readonly (readonly (string | null)[])[]> {
  return (await quarantineOf(pipeline)).filter(({ kind }) => kind === 'root').map(({ root, code }) => [root, code]);
}
