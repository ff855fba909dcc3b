import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import { examples } from './examples.ts';
import { facilities } from './facilities.ts';

const { root } = examples[0] as (typeof examples)[number];

test("a facility of an adopted type stands under v3's own type", () => {
  const warehouse = 'e2faaa9e-4b2d-4212-bb60-fd62970b2113';
  const { rows } = deriveExample(facilities, root, new Map([['facility_types:1', warehouse]]));
  expect(rows.facilities[0]?.typeid).toBe(warehouse);
});

test('supported programs have no number of their own: deleted and inserted again they are the same', () => {
  const { rows } = deriveExample(facilities, root);
  const keys = rows.supportedPrograms.map(({ facilityid, programid }) => [facilityid, programid]);
  expect(keys).toEqual([
    [id('facilities', 1), id('programs', 1)],
    [id('facilities', 1), id('programs', 2)],
  ]);
});

test('a start at any time of the day is a start on that day', () => {
  const supported = [{ programid: 1, active: true, startdate: '2013-07-01 23:30:00' }];
  const { rows } = deriveExample(facilities, { ...root, supported });
  expect(rows.supportedPrograms[0]?.startdate).toBe('2013-07-01');
});
