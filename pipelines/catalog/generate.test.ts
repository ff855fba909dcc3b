import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { printCatalog } from './generate.ts';
import { parseConstraint } from './read-catalog.ts';
import { v2Tables } from './v2.ts';
import { v3Tables } from './v3.ts';

describe('the generated catalogs', () => {
  it.each(['v2', 'v3'] as const)('%s.ts is what the generator prints: run `npm run generate`', (side) => {
    expect(readFileSync(new URL(`${side}.ts`, import.meta.url), 'utf8')).toBe(printCatalog(side));
  });

  it('knows which tables have no primary key', () => {
    expect(v2Tables['public.orders'].primaryKey).toEqual([]);
    expect(v2Tables['public.requisition_line_item_losses_adjustments'].primaryKey).toEqual([
      'requisitionlineitemid',
      'type',
    ]);
    expect(v3Tables['requisition.previous_adjusted_consumptions'].primaryKey).toEqual([]);
  });

  it('requires only v3 columns that have neither NULL nor a default', () => {
    expect(v3Tables['referencedata.orderables'].required).not.toContain('lastupdated');
    expect(v3Tables['referencedata.orderables'].required).toContain('netcontent');
  });
});

describe('parseConstraint', () => {
  it('tells plain columns from expressions in a unique index', () => {
    const plain = parseConstraint({ name: 'u', kind: 'unique index', definition: '(a, b) WHERE (NOT c)' });
    expect(plain).toEqual({ kind: 'unique', of: ['a', 'b'], where: 'NOT c', deferred: false });
    const expression = parseConstraint({ name: 'u', kind: 'unique index', definition: '(lower((code)::text))' });
    expect(expression).toEqual({ kind: 'unique', of: 'lower((code)::text)', where: undefined, deferred: false });
  });

  it('refuses a form that it does not know', () => {
    expect(() =>
      parseConstraint({
        name: 'fk',
        kind: 'foreign key',
        definition: 'FOREIGN KEY (a) REFERENCES t(id) ON DELETE CASCADE',
      }),
    ).toThrow('fk (foreign key) has an unknown form');
  });
});
