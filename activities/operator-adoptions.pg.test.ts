// What an operator says of v3's own rows, over REST or in the file; and the conflict that asks for it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSmallV2 } from '../test/engine/small-v2.ts';
import { deriveAll, settle, createTestbed } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import type { V2Source } from '../test/engine/v2-source.ts';
import { MkondoError } from '../model/errors.ts';
import { idOf } from '../model/ids.ts';
import { pipelines } from '../pipelines/index.ts';
import { adopt, applyAdoptionsFile, letGo, readAdoptions, readAdoptionsFile } from './operator-adoptions.ts';
import type { Adoption } from './operator-adoptions.ts';

const V3S_TYPE = '11111111-0000-4000-8000-000000000001';
const V3S_OTHER_TYPE = '11111111-0000-4000-8000-000000000002';
const V3S_REASON = '22222222-0000-4000-8000-000000000001';
const V3S_PROGRAM = '33333333-0000-4000-8000-000000000001';
const V3S_FACILITY = '44444444-0000-4000-8000-000000000001';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

async function insertType(id: string, code: string): Promise<void> {
  await testbed.client.query(
    'INSERT INTO referencedata.facility_types (id, code, name, active, primaryhealthcare) VALUES ($1, $2, $2, true, false)',
    [id, code],
  );
}

async function valuesOf(sql: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
  const { rows } = await testbed.client.query<unknown[]>({ rowMode: 'array', text: sql, values: [...values] });
  return rows.map(([value]) => value);
}

const typeOfFacility = () => valuesOf("SELECT typeid FROM referencedata.facilities WHERE code = 'code 1'");
const oursStands = async (id: string): Promise<boolean> =>
  (await valuesOf('SELECT id FROM referencedata.facility_types WHERE id = $1', [id])).length === 1;
const quarantine = () =>
  valuesOf("SELECT pipeline || ' ' || root || ' ' || code FROM cdc.quarantine WHERE resolved_at IS NULL ORDER BY 1");
const writtenAt = (table: string, id: string) => valuesOf(`SELECT xmin::text FROM ${table} WHERE id = $1`, [id]);

function pipelineOf(name: string) {
  const found = pipelines.find((pipeline) => pipeline.name === name);
  if (found === undefined) throw new Error(`There is no pipeline ${name}`);
  return found;
}

function say(pipeline: string, root: string, v3Id: string): Promise<Adoption> {
  const { pool } = testbed.crashing;
  return adopt(pool, {
    pipeline: pipelineOf(pipeline),
    root,
    v3Id,
    reason: 'they mean the same',
    by: 'Asha',
    source: 'rest',
  });
}

function unsay(pipeline: string, root: string) {
  return letGo(testbed.crashing.pool, {
    pipeline: pipelineOf(pipeline),
    root,
    reason: 'wrong',
    by: 'Asha',
    source: 'rest',
  });
}

/** Roots that yield or are barred are tried again at once instead of in seconds. */
async function settleNow(v2: V2Source): Promise<void> {
  await settle(testbed, v2);
  for (let tries = 0; tries < 4; tries += 1) {
    await testbed.client.query(`UPDATE cdc.dirty SET not_before = '-infinity' WHERE isfinite(not_before)`);
    await settle(testbed, v2);
  }
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof MkondoError ? error.code : String(error)),
  );

describe('an adoption', () => {
  test('that is added, changed and taken back: its children follow, our row goes last and comes back', async () => {
    const v2 = createSmallV2('places');
    await settle(testbed, v2);
    const ours = idOf('facility_types', '1');
    expect(await typeOfFacility()).toEqual([ours]);
    await insertType(V3S_TYPE, 'clinic');
    await insertType(V3S_OTHER_TYPE, 'post');
    const before = await writtenAt('referencedata.facility_types', V3S_TYPE);

    expect(await say('facility-types', '1', V3S_TYPE)).toMatchObject({
      ourId: ours,
      source: 'rest',
      state: 'following',
    });
    await deriveAll(testbed.engine('facility-types'));
    // The facility still points at ours.
    expect([await oursStands(ours), await typeOfFacility(), await quarantine()]).toEqual([true, [ours], []]);
    await settleNow(v2);
    expect([await oursStands(ours), await typeOfFacility(), await quarantine()]).toEqual([false, [V3S_TYPE], []]);

    await say('facility-types', '1', V3S_OTHER_TYPE);
    await settleNow(v2);
    expect(await typeOfFacility()).toEqual([V3S_OTHER_TYPE]);
    expect(await readAdoptions(testbed.crashing.pool)).toMatchObject([
      { v3Id: V3S_OTHER_TYPE, state: 'settled', by: 'Asha' },
    ]);

    await unsay('facility-types', '1');
    await settleNow(v2);
    expect([await oursStands(ours), await typeOfFacility(), await quarantine()]).toEqual([true, [ours], []]);
    expect(await writtenAt('referencedata.facility_types', V3S_TYPE)).toEqual(before);
    expect(await testbed.compare(v2)).toMatchObject({
      differences: [
        expect.stringContaining('facility-types: referencedata.facility_types: too much'),
        expect.anything(),
      ],
    });
    expect(await valuesOf('SELECT name FROM cdc.operations ORDER BY requested_at')).toEqual([
      'adopt',
      'adopt',
      'letGo',
    ]);
  });

  test('of a root with more rows leaves to v3 what hangs below its row', async () => {
    const v2 = createSmallV2('places');
    v2.add('programs_supported', { id: 1, facilityid: 1, programid: 1, active: true });
    await settle(testbed, v2);
    await testbed.client.query(
      `INSERT INTO referencedata.facilities (id, code, active, enabled, geographiczoneid, typeid)
       SELECT $1, 'v3 code', true, true, geographiczoneid, typeid FROM referencedata.facilities WHERE code = 'code 1'`,
      [V3S_FACILITY],
    );
    await say('facilities', '1', V3S_FACILITY);
    await settleNow(v2);
    expect(await valuesOf('SELECT code FROM referencedata.facilities')).toEqual(['v3 code']);
    expect(await valuesOf('SELECT facilityid FROM referencedata.supported_programs')).toEqual([]);
    expect(await valuesOf('SELECT count(*)::int FROM cdc.dirty')).toEqual([0]);
  });

  test('that came before its v2 row waits for it; whatever waited for our row follows', async () => {
    await insertType(V3S_TYPE, 'clinic');
    await say('facility-types', '1', V3S_TYPE);
    const v2 = createSmallV2('places');
    await settleNow(v2);
    expect(await typeOfFacility()).toEqual([V3S_TYPE]);
    expect(await oursStands(idOf('facility_types', '1'))).toBe(false);
  });

  test('of a row that v3 removed is quarantined by its name, and letting it go mends it', async () => {
    await insertType(V3S_TYPE, 'clinic');
    await say('facility-types', '1', V3S_TYPE);
    await testbed.client.query('DELETE FROM referencedata.facility_types WHERE id = $1', [V3S_TYPE]);
    const v2 = createSmallV2('places');
    await settleNow(v2);
    expect(await quarantine()).toEqual(['facility-types 1 ADOPTED_ROW_GONE']);
    expect((await readAdoptions(testbed.crashing.pool))[0]).toMatchObject({
      state: 'barred',
      code: 'ADOPTED_ROW_GONE',
    });
    await unsay('facility-types', '1');
    await settleNow(v2);
    expect(await testbed.compare(v2)).toEqual({ differences: [] });
  });

  test('is refused where it makes no sense, and changes nothing', async () => {
    const v2 = createSmallV2('places');
    v2.add('facility_types', { id: 2, code: 'disp', name: 'Dispensary' });
    v2.add('facility_types', { id: 3, code: 'WAREHOUSE', name: 'Warehouse' });
    await settle(testbed, v2);
    await insertType(V3S_TYPE, 'clinic');
    await say('facility-types', '1', V3S_TYPE);
    const [warehouse] = (await valuesOf(
      "SELECT id FROM referencedata.facility_types WHERE code = 'warehouse'",
    )) as string[];
    const crosswalk = () => valuesOf('SELECT row(c.*)::text FROM cdc.crosswalk c ORDER BY 1');
    const before = await crosswalk();
    expect([
      await codeOf(say('facility-types', '2', V3S_OTHER_TYPE)), // no such row
      await codeOf(say('facility-types', '2', V3S_TYPE)), // stands for another
      await codeOf(say('facility-types', '2', warehouse ?? '')), // stands for another by its key
      await codeOf(say('facility-types', '2', idOf('facility_types', '2'))), // ours
      await codeOf(say('requisitions', '1', V3S_TYPE)), // no single row
      await codeOf(unsay('facility-types', '3')), // by key
    ]).toEqual(Array.from({ length: 6 }, () => 'ADOPTION_REFUSED'));
    expect(await codeOf(unsay('facility-types', '2'))).toBe('ADOPTION_UNKNOWN');
    expect(await crosswalk()).toEqual(before);
  });

  test('that is said twice marks nothing the second time', async () => {
    const v2 = createSmallV2('places');
    await settle(testbed, v2);
    await insertType(V3S_TYPE, 'clinic');
    await say('facility-types', '1', V3S_TYPE);
    await settleNow(v2);
    await say('facility-types', '1', V3S_TYPE);
    expect(await valuesOf('SELECT pipeline FROM cdc.dirty')).toEqual([]);
  });
});

describe('a row of v3 that comes later than ours', () => {
  test('with the same natural key bars that root alone, does not loop, and goes when it is adopted', async () => {
    const v2 = createSmallV2('all');
    await settle(testbed, v2);
    const ours = idOf('losses_adjustments_types', 'LOST');
    await testbed.client.query(
      `INSERT INTO stockmanagement.stock_card_line_item_reasons (id, name, reasoncategory, reasontype, isfreetextallowed)
       VALUES ($1, 'LOST', 'ADJUSTMENT', 'DEBIT', false)`,
      [V3S_REASON],
    );
    v2.transaction((transaction) => {
      const [row] = transaction.rows('public.losses_adjustments_types');
      transaction.update('public.losses_adjustments_types', row ?? {}, {
        category: 'LOSS_AND_ADJUSTMENT',
        additive: true,
      });
    });
    v2.add('losses_adjustments_types', { name: 'FOUND', description: 'Found' });
    await settleNow(v2);
    expect(await quarantine()).toEqual(['stock-reasons LOST V3_ROW_CONFLICT']);
    expect(
      await valuesOf("SELECT name FROM stockmanagement.stock_card_line_item_reasons WHERE name = 'Found'"),
    ).toEqual(['Found']);
    const [message, advice] = await Promise.all([
      valuesOf('SELECT message FROM cdc.quarantine'),
      valuesOf('SELECT advice FROM cdc.quarantine'),
    ]);
    expect(message[0]).toContain(`"id":"${V3S_REASON}","name":"LOST"`);
    expect(message[0]).toContain(`"id":"${ours}","name":"Lost"`);
    expect(advice[0]).toContain(`PUT /adoptions/stock-reasons/LOST with {"v3Id": "${V3S_REASON}"`);
    // Nothing is due, now or later: it is not tried again and again.
    expect(await valuesOf('SELECT pipeline FROM cdc.dirty')).toEqual([]);
    expect(await valuesOf('SELECT attempts FROM cdc.quarantine')).toEqual([1]);

    await say('stock-reasons', 'LOST', V3S_REASON);
    await settleNow(v2);
    expect(await quarantine()).toEqual([]);
    expect(
      await valuesOf('SELECT id FROM stockmanagement.stock_card_line_item_reasons WHERE lower(name) = $1', ['lost']),
    ).toEqual([V3S_REASON]);
    await testbed.client.query('DELETE FROM stockmanagement.stock_card_line_item_reasons WHERE id = $1', [V3S_REASON]);
  });

  test('with a unique value that ours is to take: v3 refuses ours, once, and the others are written', async () => {
    const v2 = createSmallV2('places');
    await settle(testbed, v2);
    await testbed.client.query(
      "INSERT INTO referencedata.programs (id, code, name, active, periodsskippable, shownonfullsupplytab, enabledatephysicalstockcountcompleted, skipauthorization) VALUES ($1, 'mal', 'Malaria', true, false, false, false, false)",
      [V3S_PROGRAM],
    );
    v2.change('programs', 1, { code: 'mal' });
    v2.add('programs', { id: 2, code: 'tb', name: 'TB', active: true });
    await settleNow(v2);
    expect(await quarantine()).toEqual(['programs 1 V3_ROW_CONFLICT']);
    expect(await valuesOf('SELECT pipeline FROM cdc.dirty')).toEqual([]);
    expect(await valuesOf('SELECT attempts FROM cdc.quarantine')).toEqual([1]);
    expect(await valuesOf("SELECT code FROM referencedata.programs WHERE code = 'tb'")).toEqual(['tb']);

    await say('programs', '1', V3S_PROGRAM);
    await settleNow(v2);
    expect(await quarantine()).toEqual([]);
    expect(await valuesOf('SELECT id FROM referencedata.programs ORDER BY code')).toEqual([
      V3S_PROGRAM,
      idOf('programs', '2'),
    ]);
    await unsay('programs', '1');
  });
});

describe('the file of adoptions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mkondo-adoptions-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function file(content: unknown) {
    const path = join(folder, 'adoptions.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return readAdoptionsFile(path, pipelines);
  }
  const entry = { pipeline: 'facility-types', root: '1', v3Id: V3S_TYPE, reason: 'the same' };
  const apply = (adoptions: readonly object[]) =>
    applyAdoptionsFile(testbed.crashing.pool, { file: file({ adoptions }), pipelines });

  test('goes before REST in what it names; what it names no more is let go', async () => {
    const v2 = createSmallV2('places');
    await settle(testbed, v2);
    await insertType(V3S_TYPE, 'clinic');
    await insertType(V3S_OTHER_TYPE, 'post');
    await say('facility-types', '1', V3S_OTHER_TYPE);
    expect(await apply([entry])).toEqual([]);
    await settleNow(v2);
    expect(await typeOfFacility()).toEqual([V3S_TYPE]);
    expect(await codeOf(say('facility-types', '1', V3S_OTHER_TYPE))).toBe('ADOPTION_REFUSED');
    expect(await codeOf(unsay('facility-types', '1'))).toBe('ADOPTION_REFUSED');

    expect(await apply([entry])).toEqual([]);
    expect(await valuesOf('SELECT pipeline FROM cdc.dirty')).toEqual([]);

    expect(await apply([])).toEqual([]);
    await settleNow(v2);
    expect(await typeOfFacility()).toEqual([idOf('facility_types', '1')]);
  });

  test('leaves out what v3 does not allow now, and applies the rest', async () => {
    await insertType(V3S_TYPE, 'clinic');
    const refused = await apply([{ ...entry, root: '2', v3Id: V3S_OTHER_TYPE }, entry]);
    expect(refused.map(({ code }) => code)).toEqual(['ADOPTION_REFUSED']);
    expect(await readAdoptions(testbed.crashing.pool)).toMatchObject([{ root: '1', source: 'file' }]);
  });

  test.each([
    ['no JSON', '{', /cannot be read/],
    ['no UUID', { adoptions: [{ ...entry, v3Id: 'x' }] }, /adoptions\.0\.v3Id: must be the UUID/],
    ['a root twice', { adoptions: [entry, { ...entry, v3Id: V3S_OTHER_TYPE }] }, /names a root for the second time/],
    ['a v3 row twice', { adoptions: [entry, { ...entry, root: '2' }] }, /names a v3 row for the second time/],
    ['a pipeline that adopts nothing', { adoptions: [{ ...entry, pipeline: 'orders' }] }, /do not adopt: orders/],
  ])('with %s is refused at the start', (_, content, message) => {
    expect(() => file(content)).toThrow(message);
  });
});
