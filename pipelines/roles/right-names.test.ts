import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import v3OwnedRows from '../catalog/v3-owned-rows.json' with { type: 'json' };
import { rights } from '../../infra/demo/data/people.ts';
import { rightNames, v3RightOf } from './right-names.ts';

const v3Rights = new Set(v3OwnedRows['referencedata.rights'].map(({ name }) => name));

describe('the table of rights', () => {
  test('names only rights that v3 brings', () => {
    const names = Object.values(rightNames).filter((name) => name !== null);
    expect(names.filter((name) => !v3Rights.has(name))).toEqual([]);
  });

  test('is the one that docs/rights.md shows, with a judgement for each', () => {
    const text = readFileSync(new URL('../../docs/rights.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| ([A-Z_]+) \| ([A-Z_]+|-) \| (.+) \|$/gm)];
    expect(Object.fromEntries(rows.map(([, v2, v3]) => [v2, v3 === '-' ? null : v3]))).toEqual(rightNames);
    expect(rows).toHaveLength(Object.keys(rightNames).length);
  });

  test('knows every right of the demo eLMIS', () => {
    expect(rights().filter((right) => v3RightOf(right) === undefined)).toEqual([]);
  });
});

test.each([
  ['VIEW_REQUISITION', 'REQUISITION', 'REQUISITION_VIEW'],
  ['CREATE_LOT', 'REQUISITION', null],
  ['Print Issue report', 'REPORTING', 'REPORTS_VIEW'],
  ['MANAGE_REPORT', 'REPORTING', 'REPORT_TEMPLATES_EDIT'],
  ['BRAND_NEW_RIGHT', 'ADMIN', undefined],
  ['constructor', 'ADMIN', undefined],
])('%s of type %s is %s in v3', (name, righttype, expected) => {
  expect(v3RightOf({ name, righttype })).toBe(expected);
});
