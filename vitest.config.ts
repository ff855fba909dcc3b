// What a test needs is told by its place: `*.test.ts` beside a source needs nothing, `*.pg.test.ts` a PostgreSQL server,
// and each folder named below has parts of its own. `npm run check`, `npm test` and test/run.ts choose among these.
import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Folders under test/ whose tests start real parts: Temporal, Kafka, Connect, PostgreSQL, our own processes. */
const withParts = ['walk-through', 'rules', 'monitoring', 'workflows', 'replay', 'bridge', 'debezium', 'e2e', 'fuzz'];

const minuteMs = 60_000;

/** Real parts may be slow, but a test that hangs must not hang the run. */
const patience = { testTimeout: 5 * minuteMs, hookTimeout: 5 * minuteMs, teardownTimeout: minuteMs };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'pure',
          isolate: false, // nothing to keep apart, and a third of the time
          testTimeout: minuteMs, // a busy machine is no fault
          include: ['**/*.test.ts'],
          exclude: [
            '**/node_modules/**',
            '.*/**',
            '**/*.pg.test.ts',
            ...withParts.map((folder) => `test/${folder}/**`),
          ],
        },
      },
      {
        test: {
          name: 'postgres',
          include: ['**/*.pg.test.ts'],
          exclude: ['**/node_modules/**', '.*/**', ...withParts.map((folder) => `test/${folder}/**`)],
          globalSetup: 'test/support/postgres-server.ts',
          testTimeout: minuteMs,
          hookTimeout: minuteMs,
          maxWorkers: 2,
        },
      },
      ...withParts.map((folder) => ({
        test: {
          name: folder,
          include: [`test/${folder}/**/*.test.ts`],
          ...(existsSync(`${import.meta.dirname}/test/${folder}/global-setup.ts`)
            ? { globalSetup: `test/${folder}/global-setup.ts` }
            : {}),
          fileParallelism: false, // the parts fill the machine already
          ...patience,
        },
      })),
    ],
  },
});
