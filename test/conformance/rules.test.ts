// Each rule bites: a sound little pipeline keeps them all, and for every rule one fault in it is named.
import { describe, expect, test } from 'vitest';
import type { Join, Pipeline, SourceNode, Target } from '../../pipelines/definition.ts';
import { many, one, references, source, target } from '../../pipelines/definition.ts';
import { id } from '../../pipelines/example.ts';
import type { AnyExample, Row } from './examples.ts';
import { rules } from './rules.ts';

const supported = many('public.programs_supported', { on: { facilityid: 'id' }, columns: ['programid', 'active'] });
const root: SourceNode = source('public.facilities', {
  columns: ['id', 'typeid'],
  joins: { type: one('public.facility_types', { on: { id: 'typeid' }, columns: ['levelid'] }), supported },
});
const facilityRow = {
  id: id('facilities', 1),
  typeid: id('facility_types', 2),
  code: 'a',
  active: true,
  enabled: true,
};
const supportRow = { facilityid: facilityRow.id, programid: id('programs', 3), active: true };
const owns: Readonly<Record<string, Target>> = {
  facilities: target('referencedata.facilities', {
    key: ['id'],
    references: [references('typeid', 'referencedata.facility_types')],
  }),
  supported: target('referencedata.supported_programs', {
    key: ['facilityid', 'programid'],
    references: [references('programid', 'referencedata.programs')],
  }),
};
const rows = { facilities: [{ ...facilityRow, geographiczoneid: id('geographic_zones', 4) }], supported: [supportRow] };
const zoned: Readonly<Record<string, Target>> = {
  ...owns,
  facilities: target('referencedata.facilities', {
    key: ['id'],
    references: [
      references('typeid', 'referencedata.facility_types'),
      references('geographiczoneid', 'referencedata.geographic_zones'),
    ],
  }),
};
const tree = { id: 1, typeid: 2, type: { levelid: null }, supported: [{ programid: 3, active: true }] };
const example: AnyExample = { title: 'a facility', root: tree, rows, losses: [] };
const sound: Pipeline = { name: 'sound', summary: '', root, owns: zoned, derive: () => rows };

function check(title: string, pipeline: Partial<Pipeline>, examples: readonly AnyExample[] = [example]) {
  return rules[title]?.({ name: 'sound', pipeline: { ...sound, ...pipeline }, examples });
}

const facilityTarget = (options: Partial<Target>): Readonly<Record<string, Target>> => ({
  ...zoned,
  facilities: { ...(zoned['facilities'] as Target), ...options },
});
const joined = (join: Partial<Join>): SourceNode => ({
  ...root,
  joins: { ...root.joins, supported: { ...supported, ...join } },
});
const derivingFacility = (...facilities: readonly Row[]): Partial<Pipeline> => ({
  derive: () => ({ ...rows, facilities }),
});

test.each(Object.keys(rules))('a sound pipeline keeps: %s', (title) => {
  expect(check(title, {})).toEqual([]);
});

describe('a fault is named', () => {
  const columns = 'reads v2 columns that exist, by a key that v2 has';
  const joins = 'joins by columns that exist, to values that its tree holds by then';
  const keys = 'owns v3 columns that exist, under keys by which v3 tells rows apart';
  const foreignKeys = 'declares every foreign key that leads out of it as a reference';
  const referring = 'refers from columns that exist to columns that exist';
  const order = 'has children after their parents among its own tables, so that v3 takes rows in this order';
  const filled = 'has examples, which fill every table that it owns';
  const shapes = 'gives all rows of a table the same columns in the same order';
  const holdable = 'gives rows that v3 can hold: tables that it owns, columns that exist, the required ones filled';
  const apart = 'gives rows that v3 can tell apart';
  const pure = 'derives the same twice, and leaves its input as it was';
  const trees = 'has examples that are trees of just the declared columns';
  let calls = 0;

  test.each<[rule: string, pipeline: Partial<Pipeline>, fault: string]>([
    [columns, { root: joined({ columns: ['colour'] }) }, "public.programs_supported has no column 'colour'"],
    [columns, { root: { ...root, key: ['code'] } }, 'public.facilities has another key in v2'],
    [joins, { root: joined({ on: { facility: 'id' } }) }, "public.programs_supported has no column 'facility'"],
    [joins, { root: joined({ on: { facilityid: 'key' } }) }, "public.facilities has no column 'key'"],
    [joins, { root: joined({ on: { id: 'root.zone.id' } }) }, "root.zone.id does not follow joins of kind 'one'"],
    [
      joins,
      { root: joined({ on: { id: 'root.code' } }) },
      'root.code ends at a column whose changes nobody sees: declare it',
    ],
    [
      keys,
      { owns: facilityTarget({ key: ['name'] }) },
      'referencedata.facilities is owned by (name), which is no key of it',
    ],
    [keys, { owns: facilityTarget({ adopt: 'title' }) }, "referencedata.facilities has no column 'title'"],
    [
      foreignKeys,
      { owns },
      'referencedata.facilities has no reference (geographiczoneid) to referencedata.geographic_zones (id)',
    ],
    [
      referring,
      { owns: facilityTarget({ references: [references('zone', 'referencedata.geographic_zones')] }) },
      "referencedata.facilities has no column 'zone'",
    ],
    [
      order,
      { owns: { supported: zoned['supported'] as Target, facilities: zoned['facilities'] as Target } },
      'referencedata.supported_programs stands before its parent referencedata.facilities',
    ],
    [filled, { owns: { ...zoned, others: zoned['facilities'] as Target } }, "No example has rows of 'others'"],
    [
      shapes,
      derivingFacility({ id: '1', code: 'a' }, { code: 'b', id: '2' }),
      "'facilities' has rows of different columns: id, code / code, id",
    ],
    [
      holdable,
      derivingFacility({ ...rows.facilities[0], colour: 'red' }),
      "referencedata.facilities has no column 'colour'",
    ],
    [holdable, derivingFacility({ ...rows.facilities[0], code: null }), 'referencedata.facilities.code is not filled'],
    [
      holdable,
      derivingFacility({ ...rows.facilities[0], name: undefined }),
      'A row of referencedata.facilities has an undefined value',
    ],
    [holdable, { derive: () => ({ ...rows, facility: [] }) }, "'facility' is derived, but not owned"],
    [apart, derivingFacility(...rows.facilities, ...rows.facilities), 'referencedata.facilities has a key twice'],
    [
      pure,
      { derive: () => ({ facilities: [{ ...facilityRow, code: String((calls += 1)) }] }) },
      "'a facility' does not derive the same twice",
    ],
    [pure, { derive: (root: never) => (Object.assign(root, { id: 2 }), rows) }, "'a facility' was changed by derive"],
    [
      trees,
      { root: { ...root, columns: ['id'] } },
      "'a facility': a row of public.facilities has (id,supported,type,typeid) instead of (id,supported,type)",
    ],
  ])('%s', (rule, pipeline, fault) => {
    expect(check(rule, pipeline)).toContain(fault);
  });
});
