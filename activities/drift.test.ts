import { describe, expect, test } from 'vitest';
import { v3Tables } from '../pipelines/catalog/v3.ts';
import { programs } from '../pipelines/programs/programs.ts';
import { driftOfRow, driftOfV3, driftText } from './drift.ts';
import type { Drift } from './drift.ts';

describe('v2, by its events', () => {
  const table = { source: 'public.programs', watched: ['id', 'code', 'active'] };
  const row = { id: 1, code: 'TB', name: 'Tuberculosis', active: true };
  const kindsOf = (
    image: Parameters<typeof driftOfRow>[1]['image'],
    holes: readonly string[] = [],
    before: readonly Drift[] = [],
  ) => driftOfRow(table, { image, holes }, before).map(({ column, kind, seen }) => [column, kind, seen]);

  test('a row as the mapping expects it is none', () => {
    expect(kindsOf(row)).toEqual([]);
    expect(kindsOf({ ...row, code: null, active: null })).toEqual([]);
  });

  test('a column that the catalog does not know is new; one that nobody reads may go', () => {
    expect(kindsOf({ ...row, colour: 'red' })).toEqual([['colour', 'new', 'string']]);
    const { name: _, ...without } = row;
    expect(kindsOf(without)).toEqual([]);
  });

  test('a column that is read and does not come is missing, unless it was not sent because it did not change', () => {
    const { code: _, ...without } = row;
    expect(kindsOf(without)).toEqual([['code', 'missing', '']]);
    expect(kindsOf(without, ['code'])).toEqual([]);
  });

  test('values of another type are told; NULL neither says so nor takes it back', () => {
    const drift = driftOfRow(table, { image: { ...row, active: 'yes', id: 'a' }, holes: [] }, []);
    expect(drift.map((each) => driftText(each, 'v2'))).toEqual([
      'v2 public.programs.id: string where integer is expected',
      'v2 public.programs.active: string where boolean is expected',
    ]);
    expect(kindsOf({ ...row, active: null, id: 2 }, [], drift)).toEqual([['active', 'type', 'string']]);
    expect(kindsOf(row, [], drift)).toEqual([]);
  });
});

describe('v3, by its catalog', () => {
  interface Found {
    readonly relation: string;
    readonly column: string;
    readonly type: string;
    readonly required: boolean;
  }
  const columns: readonly Found[] = Object.values(programs.owns).flatMap(({ table }) =>
    Object.entries(v3Tables[table].columns).map(([column, type]) => ({
      relation: table,
      column,
      type,
      required: false,
    })),
  );
  const relation = 'referencedata.programs';
  const told = (found: readonly Found[]): readonly string[] =>
    driftOfV3(programs, found).map((each) => driftText(each, 'v3'));

  test('as the catalog has it, it is none', () => {
    expect(told(columns)).toEqual([]);
  });

  test('columns that came, went or changed are told, and tables that went', () => {
    const changed = columns
      .filter(({ column }) => column !== 'code')
      .map((each) => (each.column === 'name' ? { ...each, type: 'character varying(10)' } : each));
    expect(told([...changed, { relation, column: 'tenant', type: 'uuid', required: true }])).toEqual(
      expect.arrayContaining([
        'v3 referencedata.programs.code: missing (character varying(255) expected)',
        'v3 referencedata.programs.name: character varying(10) where text is expected',
        'v3 referencedata.programs.tenant: new (uuid), and must be filled',
      ]),
    );
    expect(told(columns.filter((each) => each.relation !== relation))).toContain(
      'v3 referencedata.programs: missing (table expected)',
    );
  });
});
