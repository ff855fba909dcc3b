// Runs suites and sums up. `npm run check`: what needs no part, side by side. `npm test`: that, then everything on real
// parts. `npm test -- --all`: the whole runs of the system, too (.ci/run). `npm test -- e2e replay`: those by name.
// A suite that fails does not keep the next from running; what failed is named once more at the end. The last line is
// `N passed, N failed`.
import { mkdtemp, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runSuite } from './support/run-suite.ts';
import type { RunOptions, SuiteResult } from './support/run-suite.ts';
import { removeStateFolders } from './support/state-folder.ts';
import { suites } from './support/suites.ts';
import type { Suite } from './support/suites.ts';
import { sum } from './support/totals.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, all: { type: 'boolean' } },
});
const unknown = positionals.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`No suite is called ${unknown.join(', ')}; there are: ${suites.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const wanted = suites.filter(({ name, kind }) => {
  if (positionals.length > 0) return positionals.includes(name);
  return kind === 'check' || (!values.check && (kind === 'parts' || (values.all === true && kind === 'long')));
});

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());

const temporaryDir = await mkdtemp(join(tmpdir(), 'mkondo-tests-'));
await chmod(temporaryDir, 0o755); // the account of PostgreSQL has to pass
const options = { temporaryDir, signal: interruption.signal };
const results = [
  ...(await sideBySide(wanted.filter(({ kind }) => kind === 'check'))),
  ...(await oneByOne(wanted.filter(({ kind }) => kind !== 'check'))),
];
const left = await removeStateFolders(temporaryDir);

console.log('');
for (const { suite, failures } of results)
  for (const { what, why } of failures) console.log(`Failed in ${suite.name}: ${what}\n${indent(why)}\n`);
for (const result of results) console.log(describe(result));
if (left.length > 0) console.log(`Still ran at the end, and were ended: ${left.join(', ')}`);
const notRun = wanted.length - results.length;
if (notRun > 0) console.log(`Interrupted: ${notRun} suite(s) did not run.`);
const total = sum(results);
const failed = total.failed + (left.length > 0 && !interruption.signal.aborted ? 1 : 0) + notRun;
if (total.skipped > 0) console.log(`${total.skipped} skipped`);
console.log(`${total.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function sideBySide(group: readonly Suite[]): Promise<readonly SuiteResult[]> {
  const run = async (suite: Suite): Promise<SuiteResult> => {
    const result = await runSuite(suite, { ...options, isQuiet: true });
    if (result.failed > 0) console.log(`\n--- ${suite.name}\n${result.output}`);
    return result;
  };
  return Promise.all(group.map(run));
}

async function oneByOne(group: readonly Suite[]): Promise<readonly SuiteResult[]> {
  const done: SuiteResult[] = [];
  for (const suite of group) {
    if (options.signal.aborted) break;
    console.log(`\n--- ${suite.name}`);
    done.push(await runSuite(suite, { ...options, isQuiet: false } satisfies RunOptions));
  }
  return done;
}

/** A failure's text may be a whole document: its first lines tell which it is. */
function indent(text: string): string {
  const lines = text.split('\n');
  return [...lines.slice(0, 8), ...(lines.length > 8 ? ['...'] : [])]
    .map((line) => `    ${line.slice(0, 300)}`)
    .join('\n');
}

function describe({ suite, passed, failed, seconds, ending }: SuiteResult): string {
  const columns = [
    suite.name.padEnd(12),
    `${passed} passed`.padStart(12),
    `${failed} failed`.padStart(10),
    `${seconds.toFixed(1)} s`.padStart(9),
  ];
  return `${columns.join('  ')}${ending === undefined ? '' : `  ${ending}`}`;
}
