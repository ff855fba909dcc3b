// The first guarantee, as a property: whatever happens in v2, in whatever batches its events are read by pipelines that
// know nothing of each other, however often they come again, and wherever a connection dies: v3 is what the definitions
// make of v2's rows, the books say so, and nothing is left to do.
//
// A counterexample is repeated with MKONDO_TEST_CONVERGENCE_SEED and made small with MKONDO_TEST_CONVERGENCE_SHRINK=1.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../infra/demo/random.ts';
import { pipelines } from '../../pipelines/index.ts';
import { runs } from './runs.ts';
import { finish, play, take } from './steps.ts';
import { createTestbed } from './testbed.ts';
import type { Testbed } from './testbed.ts';
import { worlds } from './worlds.ts';

const { env } = process;
/** For each world. The default is for every run of the tests; a night takes thousands. */
const RUNS = Number(env['MKONDO_TEST_CONVERGENCE_RUNS'] ?? 25);
const HOUR_MS = 3_600_000;
const parameters = {
  numRuns: RUNS,
  endOnFailure: env['MKONDO_TEST_CONVERGENCE_SHRINK'] === undefined,
  ...(env['MKONDO_TEST_CONVERGENCE_SEED'] === undefined ? {} : { seed: Number(env['MKONDO_TEST_CONVERGENCE_SEED']) }),
};

describe.each(worlds)('$name', (world) => {
  const seen = { runs: 0, happenings: 0, messages: 0, steps: 0, crashes: 0, forgotten: 0 };
  let testbed: Testbed;

  beforeAll(async () => {
    testbed = await createTestbed({ pipelines: pipelines.filter(({ name }) => world.pipelines.includes(name)) });
  });
  afterAll(async () => {
    const figures = Object.entries(seen).map(([what, count]) => `${count} ${what}`);
    console.log(`${world.name}: ${figures.join(', ')}`);
    await testbed.close();
  });

  test(
    'any history, interleaving, repetition and crash ends in the v3 that the definitions say',
    async () => {
      await fc.assert(
        fc.asyncProperty(runs(world), async (run) => {
          await testbed.clean();
          const v2 = play(world, run);
          for (const step of run.steps) {
            const engine = testbed.engines[step.pipeline];
            if (engine !== undefined && (await take({ testbed, engine, v2, step }))) seen.crashes += 1;
          }
          seen.forgotten += await finish(testbed, v2, createRandom(run.seed));
          seen.runs += 1;
          seen.happenings += run.happenings.length;
          seen.steps += run.steps.length;
          for (const log of v2.topics.values()) seen.messages += log.length;
          expect(await testbed.compare(v2)).toEqual({ differences: [] });
        }),
        parameters,
      );
    },
    HOUR_MS,
  );
});
