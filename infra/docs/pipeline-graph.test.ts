import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Pipeline } from '../../pipelines/definition.ts';
import { references, source, target } from '../../pipelines/definition.ts';
import { parentsOf, printGraph, withoutShortcuts } from './pipeline-graph.ts';
import type { Parents } from './pipeline-graph.ts';

const root = source('public.programs', { columns: ['id'] });
const derive = (): Record<string, never[]> => ({});

const zones: Pipeline = {
  name: 'zones',
  summary: '',
  root,
  owns: {
    zones: target('referencedata.geographic_zones', {
      key: ['id'],
      references: [references('parentid', 'referencedata.geographic_zones')],
    }),
  },
  derive,
};
const facilities: Pipeline = {
  name: 'facilities',
  summary: '',
  root,
  owns: {
    facilities: target('referencedata.facilities', {
      key: ['id'],
      references: [
        references('geographiczoneid', 'referencedata.geographic_zones'),
        references('operatedbyid', 'referencedata.facility_operators'),
      ],
    }),
  },
  derive,
};
const cards: Pipeline = {
  name: 'stock-cards',
  summary: '',
  root,
  owns: {
    cards: target('stockmanagement.stock_cards', {
      key: ['id'],
      references: [
        references('facilityid', 'referencedata.facilities'),
        references('lotid', 'referencedata.geographic_zones'),
      ],
    }),
  },
  derive,
};

test('the parents of a pipeline are the others whose rows its rows refer to', () => {
  expect([...parentsOf([zones, facilities, cards])]).toEqual([
    ['zones', []],
    ['facilities', ['zones']],
    ['stock-cards', ['facilities', 'zones']],
  ]);
});

test('the picture has every pipeline, and no arrow that follows from others', () => {
  expect(printGraph([zones, facilities, cards]).split('\n')).toEqual([
    '```mermaid',
    'flowchart LR',
    '  zones',
    '  facilities',
    '  stock-cards',
    '  facilities --> zones',
    '  stock-cards --> facilities',
    '```',
  ]);
});

test('without shortcuts whoever was reached is reached still, and no arrow can be spared', () => {
  fc.assert(
    fc.property(graphs, (parents) => {
      const fewer = withoutShortcuts(parents);
      expect(pairsReached(fewer)).toEqual(pairsReached(parents));
      for (const [name, direct] of fewer) {
        for (const parent of direct) {
          expect(parents.get(name)).toContain(parent);
          const spared = new Map(fewer).set(
            name,
            direct.filter((other) => other !== parent),
          );
          expect(pairsReached(spared)).not.toEqual(pairsReached(fewer));
        }
      }
    }),
  );
});

/** Each may refer to any before it. */
const graphs: fc.Arbitrary<Parents> = fc
  .array(fc.array(fc.nat({ max: 6 }), { maxLength: 4 }), { maxLength: 7 })
  .map(
    (lists) =>
      new Map(
        lists.map((list, place) => [`p${place}`, [...new Set(list)].filter((n) => n < place).map((n) => `p${n}`)]),
      ),
  );

function pairsReached(parents: Parents): ReadonlySet<string> {
  const reachedFrom = (name: string): readonly string[] =>
    (parents.get(name) ?? []).flatMap((parent) => [parent, ...reachedFrom(parent)]);
  return new Set([...parents.keys()].flatMap((name) => reachedFrom(name).map((other) => `${name} ${other}`)));
}
