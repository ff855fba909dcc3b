// What v3 refuses, and what only seems to be refused: one root among many, rows that exchange a value, rows of others.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { plainRow } from '../test/engine/v2-tables.ts';
import { changeIn, createSmallV2, insertInto } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed, deriveAll, settle } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import type { Transaction } from '../test/engine/v2-source.ts';
import { deriveDue } from './derive-due.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

async function quarantined(): Promise<readonly object[]> {
  const { rows } = await testbed.client.query<object>(
    'SELECT pipeline, root, code FROM cdc.quarantine WHERE resolved_at IS NULL ORDER BY 1, 2',
  );
  return rows;
}

const allWell = { differences: [] };

async function timePasses(): Promise<void> {
  await testbed.client.query(`UPDATE cdc.dirty SET not_before = '-infinity' WHERE isfinite(not_before)`);
}

/** Exchanges a column of two rows, over a third value as v2 must. */
function exchange(
  transaction: Transaction,
  table: string,
  {
    ids: [one, other],
    column,
    values: [first, second],
    between,
  }: {
    readonly ids: readonly [number, number];
    readonly column: string;
    readonly values: readonly [string | number, string | number];
    readonly between: string | number;
  },
): void {
  changeIn(transaction, table, { id: one, values: { [column]: between } });
  changeIn(transaction, table, { id: other, values: { [column]: first } });
  changeIn(transaction, table, { id: one, values: { [column]: second } });
}

describe('a refused root among 500', () => {
  test.each([
    {
      why: 'a value that is too long',
      name: 'product-categories',
      table: 'product_categories',
      values: { name: 'x'.repeat(300) },
    },
    {
      why: 'a value that no type of v3 takes',
      name: 'geographic-levels',
      table: 'geographic_levels',
      values: { levelnumber: 2 ** 40 },
    },
  ])('$why: only it is quarantined, all else is written', async ({ name, table, values }) => {
    const v2 = createSmallV2();
    v2.transaction((transaction) => {
      for (let id = 1; id <= 500; id += 1) insertInto(transaction, table, { id, ...(id === 317 ? values : {}) });
    });
    const engine = testbed.engine(name);
    await applyAll(engine, v2, { isDeferred: true });
    expect(await deriveAll(engine)).toEqual({ derived: 499, written: 499, quarantined: 1 });
    expect(await quarantined()).toEqual([{ pipeline: engine.name, root: '317', code: 'V3_VALUE_REJECTED' }]);

    // Corrected in v2, it follows by itself and leaves quarantine.
    v2.change(table, 317, plainRow(`public.${table}`, { id: 317 }));
    expect(await applyAll(engine, v2)).toMatchObject({ written: 1, quarantined: 0 });
    expect(await quarantined()).toEqual([]);
    expect(await testbed.compare(v2)).toEqual(allWell);
  });

  test('by far fewer statements than one for each', async () => {
    const v2 = createSmallV2();
    v2.transaction((transaction) => {
      for (let id = 1; id <= 500; id += 1)
        insertInto(transaction, 'geographic_levels', { id, ...(id === 317 ? { levelnumber: 2 ** 40 } : {}) });
    });
    testbed.crashing.countStatements();
    await applyAll(testbed.engine('geographic-levels'), v2, { isDeferred: true });
    expect(await deriveAll(testbed.engine('geographic-levels'))).toMatchObject({ quarantined: 1 });
    expect(testbed.crashing.countStatements()).toBeLessThan(200);
  });
});

describe('v3 speaks at commit', () => {
  test('a deferred trigger refuses one root of a batch, and the others are written', async () => {
    const v2 = createSmallV2('all');
    for (let id = 1; id <= 3; id += 1) {
      v2.add('processing_periods', { id: id + 1, scheduleid: 1, name: `period ${id}` });
      v2.transaction((transaction) => {
        insertInto(transaction, 'requisitions', {
          id,
          facilityid: 1,
          programid: 1,
          periodid: id,
          status: 'SUBMITTED',
          emergency: true,
        });
        insertInto(transaction, 'requisition_status_changes', { id, rnrid: id, status: 'SUBMITTED' });
      });
    }
    // The mapping cannot make such rows; a rule of v3 that it does not know can.
    await testbed.client.query(`
      CREATE FUNCTION test_refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT count(*) FROM requisition.requisitions WHERE id = NEW.requisitionid AND numberofmonthsinperiod = 7) > 0
        THEN RAISE EXCEPTION 'not in the seventh'; END IF; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER test_refuses AFTER INSERT ON requisition.status_changes
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test_refuses()`);
    try {
      v2.change('processing_periods', 2, { numberofmonths: 7 });
      await settle(testbed, v2);
      expect(await quarantined()).toEqual([{ pipeline: 'requisitions', root: '2', code: 'V3_CONSTRAINT' }]);
      const { rows } = await testbed.client.query<object>('SELECT count(*)::int FROM requisition.status_changes');
      expect(rows).toEqual([{ count: 2 }]);
    } finally {
      await testbed.client.query('DROP FUNCTION test_refuses() CASCADE');
    }
  });
});

describe('rows of others', () => {
  test('a row that v3 already has under our key stays as it is, and is reported', async () => {
    const v2 = createSmallV2();
    v2.add('geographic_levels', { id: 1 });
    v2.add('geographic_levels', { id: 2 });
    const levels = testbed.engine('geographic-levels');
    await applyAll(levels, v2);
    await testbed.client.query(`DELETE FROM cdc.ledger`);
    await testbed.client.query(`UPDATE referencedata.geographic_levels SET name = 'theirs'`);
    v2.change('geographic_levels', 1, { levelnumber: 5 });
    await applyAll(levels, v2);
    expect(await quarantined()).toEqual([{ pipeline: levels.name, root: '1', code: 'V3_ROW_NOT_OURS' }]);
    const { rows } = await testbed.client.query<object>(
      'SELECT DISTINCT name, levelnumber FROM referencedata.geographic_levels',
    );
    expect(rows).toEqual([{ name: 'theirs', levelnumber: 1 }]);
  });

  test('a row of ours that somebody removed from v3 comes back with its next change', async () => {
    const v2 = createSmallV2();
    v2.add('geographic_levels', { id: 1 });
    const levels = testbed.engine('geographic-levels');
    await applyAll(levels, v2);
    await testbed.client.query('DELETE FROM referencedata.geographic_levels');
    v2.change('geographic_levels', 1, { levelnumber: 5 });
    await applyAll(levels, v2);
    expect(await testbed.compare(v2)).toEqual(allWell);
  });
});

describe('rows that exchange what must be unique', () => {
  const codes = { ids: [1, 2], column: 'code', values: ['code 1', 'code 2'], between: 'between' } as const;

  test('codes, in one batch', async () => {
    const v2 = createSmallV2();
    for (const id of [1, 2]) v2.add('geographic_levels', { id });
    await settle(testbed, v2);
    v2.transaction((transaction) => exchange(transaction, 'geographic_levels', codes));
    expect(await applyAll(testbed.engine('geographic-levels'), v2)).toMatchObject({ written: 2, quarantined: 0 });
    expect(await testbed.compare(v2)).toEqual(allWell);
  });

  test('codes, by two transactions that derive one of them each', async () => {
    const v2 = createSmallV2();
    for (const id of [1, 2]) v2.add('geographic_levels', { id });
    await settle(testbed, v2);
    v2.transaction((transaction) => exchange(transaction, 'geographic_levels', codes));
    const levels = testbed.engine('geographic-levels');
    await applyAll(levels, v2, { isDeferred: true });
    await deriveDue(levels, { limit: 1, quietMs: 0, run: 'test' });
    await deriveDue(levels, { limit: 1, quietMs: 0, run: 'test' });
    // Their times differ, as they do when two transactions set them: only one of them is due.
    for (const root of ['1', '2', '1', '2']) {
      await testbed.client.query(
        `UPDATE cdc.dirty SET not_before = CASE WHEN root = $1 THEN '-infinity'::timestamptz ELSE now() + interval '1 minute' END`,
        [root],
      );
      await deriveDue(levels, { limit: 500, quietMs: 0, run: 'test' });
    }
    expect(await testbed.compare(v2)).toEqual(allWell);
  });

  test('links of which the pair must be unique, in one batch', async () => {
    const v2 = createSmallV2('all');
    for (const id of [2, 3]) v2.add('products', { id });
    v2.add('program_products', { id: 2, programid: 1, productid: 2, productcategoryid: 1 });
    await settle(testbed, v2);
    v2.transaction((transaction) =>
      exchange(transaction, 'program_products', { ids: [1, 2], column: 'productid', values: [1, 2], between: 3 }),
    );
    await settle(testbed, v2);
    expect(await testbed.compare(v2)).toEqual(allWell);
  });

  test('a value that a deleted row leaves to a new one', async () => {
    const v2 = createSmallV2();
    v2.add('geographic_levels', { id: 1, code: 'same' });
    await settle(testbed, v2);
    v2.drop('geographic_levels', 1);
    v2.add('geographic_levels', { id: 2, code: 'same' });
    await settle(testbed, v2);
    expect(await testbed.compare(v2)).toEqual(allWell);
  });
});

describe('rows that hang together', () => {
  test('a chain of zones that moves and goes in one batch needs no second try', async () => {
    const v2 = createSmallV2('places');
    for (let id = 2; id <= 6; id += 1) v2.add('geographic_zones', { id, levelid: 1, parentid: id - 1 });
    await settle(testbed, v2);
    v2.transaction((transaction) => {
      insertInto(transaction, 'geographic_zones', { id: 9, levelid: 1, parentid: 1 });
      changeIn(transaction, 'geographic_zones', { id: 6, values: { parentid: 9 } });
      for (const id of [5, 4, 3, 2])
        transaction.remove(
          'public.geographic_zones',
          transaction.rows('public.geographic_zones').find((row) => row['id'] === id) ?? {},
        );
    });
    await applyAll(testbed.engine('geographic-zones'), v2);
    expect(await quarantined()).toEqual([]);
    expect(await testbed.compare(v2)).toEqual(allWell);
  });

  test('a child that moves to another parent of its root, of which the old one goes', async () => {
    const v2 = createSmallV2('all');
    v2.add('stock_cards', { id: 1, facilityid: 1, productid: 1 });
    for (const id of [1, 2]) {
      v2.add('lots', { id, productid: 1, lotnumber: `lot ${id}` });
      v2.add('lots_on_hand', { id, stockcardid: 1, lotid: id });
    }
    for (const id of [1, 2]) {
      v2.add('stock_card_entries', { id, stockcardid: 1, lotonhandid: 1, type: 'CREDIT', quantity: 5 });
    }
    await settle(testbed, v2);
    const entries = (): Promise<object> =>
      testbed.client
        .query<object>(
          `SELECT l.lotcode AS lot, count(*)::int AS entries FROM stockmanagement.stock_card_line_items i
           JOIN stockmanagement.stock_cards c ON c.id = i.stockcardid JOIN referencedata.lots l ON l.id = c.lotid GROUP BY 1`,
        )
        .then(({ rows }) => rows);
    expect(await entries()).toEqual([{ lot: 'lot 1', entries: 2 }]);

    // Both cards are of one v2 card: the lines leave the old one before it can be deleted.
    v2.transaction((transaction) => {
      for (const id of [1, 2]) changeIn(transaction, 'stock_card_entries', { id, values: { lotonhandid: 2 } });
    });
    await applyAll(testbed.engine('stock-cards'), v2);
    expect(await entries()).toEqual([{ lot: 'lot 2', entries: 2 }]);

    // The card stands on the event of its first entry, which goes.
    v2.drop('stock_card_entries', 1);
    await applyAll(testbed.engine('stock-cards'), v2);
    expect(await quarantined()).toEqual([]);
    expect(await testbed.compare(v2)).toEqual(allWell);
  });

  test('a parent that is deleted before its children are gone from v3 waits for them and goes', async () => {
    const v2 = createSmallV2('places');
    await settle(testbed, v2);
    v2.drop('facilities', 1);
    v2.drop('geographic_zones', 1);
    const zones = testbed.engine('geographic-zones');
    await applyAll(zones, v2);
    expect(await quarantined()).toEqual([{ pipeline: zones.name, root: '1', code: 'V3_CONSTRAINT' }]);
    await settle(testbed, v2);
    await timePasses();
    await deriveAll(zones);
    expect(await testbed.compare(v2)).toEqual(allWell);
  });
});

describe('transactions in each other’s way', () => {
  test('the victim of a deadlock is tried again at once', async () => {
    const v2 = createSmallV2('places');
    await settle(testbed, v2);
    v2.change('programs', 1, { name: 'Other' });
    const other = await testbed.crashing.pool.connect();
    await other.query('BEGIN');
    await other.query(`UPDATE referencedata.programs SET description = 'theirs'`);
    const applying = applyAll(testbed.engine('programs'), v2);
    // Once the batch waits for our row, we ask for the row that it holds: one of the two must give way.
    for (;;) {
      const { rowCount } = await testbed.client.query('SELECT FROM pg_locks WHERE NOT granted');
      if (rowCount !== 0) break;
    }
    const asking = other.query(`SELECT FROM cdc.pipelines WHERE name = 'programs' FOR UPDATE`).then(
      () => other.query('ROLLBACK'),
      () => other.query('ROLLBACK'),
    );
    await asking;
    other.release();
    expect(await applying).toMatchObject({ isApplied: true, quarantined: 0 });
    expect(await testbed.compare(v2)).toEqual(allWell);
  });
});
