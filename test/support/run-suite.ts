// Runs one suite as a process group of its own, to its end, its time limit or our interruption.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { boundToUs } from '../../infra/local/parts/bound-to-us.ts';
import { projectDir } from '../../infra/local/settings.ts';
import type { Suite } from './suites.ts';
import { countAsOne, countTests, failuresOf } from './totals.ts';
import type { Failure, Totals } from './totals.ts';

export interface SuiteResult extends Totals {
  readonly suite: Suite;
  readonly seconds: number;
  /** How it ended, when not by itself with code 0. */
  readonly ending: string | undefined;
  /** What it said; empty when it spoke to the terminal itself. */
  readonly output: string;
  /** Its failed tests, where it has tests. */
  readonly failures: readonly Failure[];
}

export interface RunOptions {
  /** Keep its output for later instead of showing it as it comes: for suites that run side by side. */
  readonly isQuiet: boolean;
  /** Where its parts keep their data. */
  readonly temporaryDir: string;
  readonly signal: AbortSignal;
}

const reportsDir = join(projectDir, '.run', 'test');
/** After a polite signal; then by force. */
const graceMs = 30_000;

export async function runSuite(suite: Suite, { isQuiet, temporaryDir, signal }: RunOptions): Promise<SuiteResult> {
  const reportFile = join(reportsDir, `${suite.name}.json`);
  await mkdir(reportsDir, { recursive: true });
  await rm(reportFile, { force: true });
  const [program = '', ...given] = suite.command;
  const reporters = suite.isVitest ? ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`] : [];
  const bound = boundToUs({ file: program, args: [...given, ...reporters] }, 'SIGTERM');
  const began = performance.now();
  const child = spawn(bound.file, bound.args, {
    cwd: projectDir,
    detached: true, // a group of its own, which we end as a whole
    stdio: ['ignore', isQuiet ? 'pipe' : 'inherit', isQuiet ? 'pipe' : 'inherit'],
    env: {
      ...process.env,
      PATH: `${join(projectDir, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      TMPDIR: temporaryDir,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));

  let ending: string | undefined;
  const timers: NodeJS.Timeout[] = [];
  const end = (why: string): void => {
    ending = why;
    signalGroup(child.pid, 'SIGTERM');
    timers.push(setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs));
  };
  const interrupt = (): void => end('was interrupted');
  signal.addEventListener('abort', interrupt, { once: true });
  if (signal.aborted) interrupt();
  timers.push(setTimeout(() => end(`was ended after ${suite.longestMinutes} minutes`), suite.longestMinutes * 60_000));
  const how = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, by) =>
      resolve(code === 0 ? undefined : by === null ? `ended with ${code}` : `was ended by ${by}`),
    );
  });
  for (const timer of timers) clearTimeout(timer);
  signal.removeEventListener('abort', interrupt);
  signalGroup(child.pid, 'SIGKILL'); // whatever it started and forgot
  ending ??= how;
  const isGreen = ending === undefined;
  const report = suite.isVitest ? await readFile(reportFile, 'utf8').catch(() => undefined) : undefined;
  const totals = suite.isVitest ? countTests(report, isGreen) : countAsOne(isGreen);
  const seconds = (performance.now() - began) / 1000;
  return { suite, ...totals, seconds, ending, output, failures: failuresOf(report) };
}

function signalGroup(group: number | undefined, name: NodeJS.Signals): void {
  if (group === undefined) return;
  try {
    process.kill(-group, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // gone already
  }
}
