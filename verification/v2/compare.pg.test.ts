// What the verifier makes of rows of v3's own that stand for roots.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestbed } from '../../test/engine/testbed.ts';
import type { Testbed } from '../../test/engine/testbed.ts';
import { facilityTypes } from '../../pipelines/facility-types/facility-types.ts';
import { requisitionGroups } from '../../pipelines/requisition-groups/requisition-groups.ts';
import { compareAdopted, compareTarget } from './compare.ts';

const V3S = '11111111-0000-4000-8000-000000000001';
const GONE = '11111111-0000-4000-8000-000000000002';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed({ pipelines: [facilityTypes, requisitionGroups] });
});
afterAll(() => testbed.close());
beforeEach(() => testbed.clean());

async function tie(
  pipeline: string,
  table: string,
  values: { root: string; id: string; source: string },
): Promise<void> {
  await testbed.client.query(
    'INSERT INTO cdc.crosswalk (v2_table, v2_key, v3_table, v3_id, pipeline, root, source) VALUES ($1, $2, $3, $4, $1, $2, $5)',
    [pipeline, values.root, table, values.id, values.source],
  );
}

test('a row that was found by its key must still bear it; one that an operator named need only be there', async () => {
  await testbed.client.query(
    "INSERT INTO referencedata.facility_types (id, code, active, primaryhealthcare) VALUES ($1, 'clinic', true, false)",
    [V3S],
  );
  const table = 'referencedata.facility_types';
  await tie('facility-types', table, { root: '1', id: V3S, source: 'key' });
  await tie('facility-types', table, { root: '2', id: V3S, source: 'rest' });
  await tie('facility-types', table, { root: '3', id: GONE, source: 'file' });
  await tie('facility-types', table, { root: '4', id: V3S.replace('1', '2'), source: 'file' });
  const compare = (code: string) =>
    compareAdopted(testbed.client, {
      pipeline: facilityTypes,
      values: new Map([
        ['1', code],
        ['2', 'another'],
        ['3', 'a third'],
      ]),
    });
  expect((await compare('Clinic')).map(({ root }) => root)).toEqual(['3']);
  expect(new Set((await compare('store')).map(({ root }) => root))).toEqual(new Set(['1', '3']));
});

test('what hangs below an adopted row is as little too much as the row', async () => {
  await testbed.client.query(`
    INSERT INTO referencedata.geographic_levels (id, code, levelnumber) VALUES ('${GONE}', 'l', 1);
    INSERT INTO referencedata.geographic_zones (id, code, levelid) VALUES ('${GONE}', 'z', '${GONE}');
    INSERT INTO referencedata.facility_types (id, code, active, primaryhealthcare) VALUES ('${GONE}', 't', true, false);
    INSERT INTO referencedata.facilities (id, code, active, enabled, geographiczoneid, typeid) VALUES ('${GONE}', 'f', true, true, '${GONE}', '${GONE}');
    INSERT INTO referencedata.supervisory_nodes (id, code, name, facilityid) VALUES ('${GONE}', 'n', 'n', '${GONE}');
    INSERT INTO referencedata.requisition_groups (id, code, name, supervisorynodeid) VALUES ('${V3S}', 'g', 'g', '${GONE}');
    INSERT INTO referencedata.requisition_group_members (requisitiongroupid, facilityid) VALUES ('${V3S}', '${GONE}');
    CREATE TEMP TABLE expected_members AS SELECT *, NULL::text AS _root FROM referencedata.requisition_group_members LIMIT 0;
  `);
  const extra = async (): Promise<number> => {
    const target = requisitionGroups.owns['members'];
    if (target === undefined) throw new Error('requisition groups own no members');
    const expected = { name: 'members', target, table: 'expected_members', columns: [] };
    return (await compareTarget(testbed.client, { pipeline: requisitionGroups, expected, excusedKeys: [], samples: 5 }))
      .extra;
  };
  expect(await extra()).toBe(1);
  await tie('requisition-groups', 'referencedata.requisition_groups', { root: '1', id: V3S, source: 'rest' });
  expect(await extra()).toBe(0);
  await testbed.client.query(`
    DELETE FROM referencedata.requisition_group_members; DELETE FROM referencedata.requisition_groups;
    DELETE FROM referencedata.supervisory_nodes; DELETE FROM referencedata.facilities;
    DELETE FROM referencedata.geographic_zones; DELETE FROM referencedata.geographic_levels;
  `);
});
