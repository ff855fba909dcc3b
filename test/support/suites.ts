// Everything that proves something about this repository, in the order in which it runs: cheap before costly.

/** `check`: no part is needed; `parts`: real parts, minutes in all; `long`: whole runs of the system. */
export type SuiteKind = 'check' | 'parts' | 'long';

export interface Suite {
  readonly name: string;
  readonly kind: SuiteKind;
  /** Each argument apart. */
  readonly command: readonly string[];
  /** A vitest project counts its tests; anything else counts as one. */
  readonly isVitest: boolean;
  /** It is ended then, and has failed. For what hangs: twice what it takes on a slow machine, or more. */
  readonly longestMinutes: number;
}

export const suites: readonly Suite[] = [
  tool('types', 'tsc -p .'),
  tool('lint', 'oxlint --type-aware'),
  tool('format', 'oxfmt --check'),
  tool('dead code', 'knip'),
  project('pure', 'check', 4),
  project('postgres', 'parts', 12),
  project('walk-through', 'parts', 10),
  project('rules', 'parts', 4),
  project('workflows', 'parts', 8),
  project('replay', 'parts', 5),
  project('bridge', 'parts', 6),
  project('debezium', 'parts', 10),
  project('e2e', 'parts', 25),
  project('fuzz', 'long', 10),
  project('monitoring', 'long', 12),
  whole('chaos', 'npm run test:chaos -- --minutes 2', 12),
  whole('experiment', 'npm run test:experiment -- --lines 10000', 12),
  whole('throughput', 'npm run bench:throughput -- --lines 20000', 8),
  whole('first load', 'npm run bench:first-load -- --lines 20000 --compare 5000', 12),
  whole('latency', 'npm run bench:latency -- --seconds 10', 6),
];

function tool(name: string, command: string): Suite {
  return { name, kind: 'check', command: command.split(' '), isVitest: false, longestMinutes: 3 };
}

/** A project of vitest.config.ts. */
function project(name: string, kind: SuiteKind, longestMinutes: number): Suite {
  return { name, kind, command: ['vitest', 'run', '--project', name], isVitest: true, longestMinutes };
}

function whole(name: string, command: string, longestMinutes: number): Suite {
  return { name, kind: 'long', command: command.split(' '), isVitest: false, longestMinutes };
}
