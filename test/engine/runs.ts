// A generated run: what happens in v2 and on the way to Kafka, and in what steps the pipelines take it in.
import fc from 'fast-check';
import { actionNames } from './actions.ts';
import type { Action } from './actions.ts';
import type { Crash } from './crashing-pool.ts';
import type { World } from './worlds.ts';

/** Something that puts messages into topics. */
export type Happening =
  | {
      readonly what: 'transaction';
      readonly actions: readonly Action[];
      /** It wrote while the one before it did. */
      readonly isInterleaved: boolean;
      /** The connector is killed in the middle of its events. */
      readonly isCut: boolean;
    }
  | { readonly what: 'restart'; readonly back: number }
  | { readonly what: 'snapshot'; readonly table: string };

const rareSteps = [
  'follow',
  'twins',
  'stale',
  'lanes',
  'beside',
  'replay',
  'forget',
  'reset',
  'reprocess',
  'pause',
  'resume',
] as const;

export interface Step {
  readonly what: 'read' | 'derive' | (typeof rareSteps)[number];
  /** Place in the world's list. */
  readonly pipeline: number;
  readonly seed: number;
  readonly isDeferred: boolean;
  /** Where it ends, if it comes so far. */
  readonly crash: Crash | null;
}

export interface Run {
  readonly seed: number;
  /** Whether the rows that stand at the beginning come by a snapshot, or by a transaction like all else. */
  readonly hasSnapshot: boolean;
  readonly happenings: readonly Happening[];
  readonly steps: readonly Step[];
}

export function runs(world: World): fc.Arbitrary<Run> {
  const table = fc.constantFrom(...world.busy.map((name) => `public.${name}`));
  const action: fc.Arbitrary<Action> = fc.record({
    what: fc.oneof(
      { weight: 1, arbitrary: fc.constant('update' as const) },
      { weight: 1, arbitrary: fc.constantFrom(...actionNames) },
    ),
    table,
    seed: fc.nat(),
  });
  const happening: fc.Arbitrary<Happening> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        what: fc.constant('transaction' as const),
        actions: fc.array(action, { minLength: 1, maxLength: 5, size: 'max' }),
        isInterleaved: fc.boolean(),
        isCut: fc.nat({ max: 5 }).map((number) => number === 0),
      }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const), back: fc.nat({ max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('snapshot' as const), table }) },
  );
  const crash: fc.Arbitrary<Crash> = fc.record({
    atStatement: fc.integer({ min: 1, max: 45 }),
    when: fc.constantFrom('before' as const, 'after' as const),
  });
  const step: fc.Arbitrary<Step> = fc.record({
    what: fc.oneof(
      { weight: 5, arbitrary: fc.constant('read' as const) },
      { weight: 3, arbitrary: fc.constant('derive' as const) },
      { weight: 5, arbitrary: fc.constantFrom(...rareSteps) },
    ),
    pipeline: fc.nat({ max: world.pipelines.length - 1 }),
    seed: fc.nat(),
    isDeferred: fc.boolean(),
    crash: fc.option(crash, { freq: 2 }),
  });
  return fc.record({
    seed: fc.nat(),
    hasSnapshot: fc.boolean(),
    happenings: fc.array(happening, { maxLength: 12, size: 'max' }),
    steps: fc.array(step, { maxLength: 40, size: 'max' }),
  });
}
