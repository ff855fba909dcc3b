import { expect, test } from 'vitest';
import type { Trouble } from '../../verification/v2/troubles.ts';
import { victims } from './kills.ts';
import { faultsOf } from './verdict.ts';

const kills = [...victims, ...victims].map((victim) => ({ victim }));
const operations = { rename: { done: 3, nothingToDo: 0, failed: 1 } };

function verified(troubles: readonly Trouble[], refusedAlike: readonly string[] = [], differences = 0) {
  const pipeline = {
    pipeline: 'products',
    mode: 'running',
    roots: 2,
    rows: 2,
    differences,
    tables: [],
    samples: [],
    troubles,
    refusedAlike,
  };
  return { differences, pipelines: [pipeline] };
}

function root(code: string, root = '7'): Trouble {
  return { kind: 'quarantined', root, code, message: 'why' };
}

test('a run in which all happened, and nothing is left, passes', () => {
  expect(faultsOf({ kills, operations, verification: verified([]) })).toEqual([]);
});

test('what is left in quarantine fails the run, though v3 is what v2 says', () => {
  const event: Trouble = { kind: 'event quarantined', root: null, code: 'EVENT_NOT_JSON', message: 'no JSON' };
  expect(faultsOf({ kills, operations, verification: verified([root('V3_CONSTRAINT'), event]) })).toEqual([
    'products 7 is left quarantined: V3_CONSTRAINT why',
    'products  is left event quarantined: EVENT_NOT_JSON no JSON',
  ]);
});

test('a root that no v3 row can be made of may stay, and no other for its sake', () => {
  const troubles = [root('DERIVE_FAILED', '7'), root('DERIVE_FAILED', '8')];
  expect(faultsOf({ kills, operations, verification: verified(troubles, ['7']) })).toEqual([
    'products 8 is left quarantined: DERIVE_FAILED why',
  ]);
});

test('a victim that was spared, an operation that was not played and a difference fail the run', () => {
  const unplayed = { rename: { done: 0, nothingToDo: 9, failed: 0 } };
  expect(faultsOf({ kills: kills.slice(1), operations: unplayed, verification: verified([], [], 2) })).toEqual([
    'the operation rename was never played',
    'worker was killed 1 time(s), not twice',
    '2 difference(s) between v3 and v2',
  ]);
});
