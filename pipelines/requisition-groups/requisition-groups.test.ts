import { expect, test } from 'vitest';
import { deriveExample } from '../example.ts';
import { examples } from './examples.ts';
import { requisitionGroups } from './requisition-groups.ts';

const { root } = examples[0] as (typeof examples)[number];

test('a group without a node has no rows, and says why', () => {
  expect(() => deriveExample(requisitionGroups, { ...root, supervisorynodeid: null })).toThrow(
    /requisition_groups.supervisorynodeid is empty/,
  );
});

test('schedules keep their ids when eLMIS deletes and inserts them again, in another order', () => {
  const again = deriveExample(requisitionGroups, { ...root, schedules: root.schedules.toReversed() });
  const ids = (rows: typeof again.rows) => new Set(rows.schedules.map((row) => row.id));
  expect(ids(again.rows)).toEqual(ids(deriveExample(requisitionGroups, root).rows));
});
