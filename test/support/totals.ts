// How many tests of a suite passed, and which failed, from vitest's JSON report and the way the process ended.
import { z } from 'zod';

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const vitestReport = z.object({
  numPassedTests: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});

/** A test that failed, or a file that could not run its tests. */
export interface Failure {
  /** The test's full name, or the file's path. */
  readonly what: string;
  /** What it said, without its stack. */
  readonly why: string;
}

/** A suite that reports no single tests. */
export function countAsOne(isGreen: boolean): Totals {
  return { passed: isGreen ? 1 : 0, failed: isGreen ? 0 : 1, skipped: 0 };
}

/**
 * `reportText` is undefined when vitest died before it wrote one. A file that fails outside its tests (it cannot be loaded,
 * its beforeAll throws) counts as one failed test; so does a run that fails for no test's sake.
 */
export function countTests(reportText: string | undefined, isGreen: boolean): Totals {
  if (reportText === undefined) return countAsOne(false);
  const report = vitestReport.parse(JSON.parse(reportText));
  const failed = failuresOf(reportText).length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !isGreen ? 1 : failed,
    skipped: report.numPendingTests,
  };
}

/** The tests and files behind the failures that countTests counts; none when vitest died before it wrote a report. */
export function failuresOf(reportText: string | undefined): readonly Failure[] {
  if (reportText === undefined) return [];
  return vitestReport
    .parse(JSON.parse(reportText))
    .testResults.flatMap(({ name, status, message, assertionResults }) => {
      const failed = assertionResults.filter((assertion) => assertion.status === 'failed');
      if (failed.length === 0) return status === 'failed' ? [{ what: name, why: withoutStack(message) }] : [];
      return failed.map(({ fullName, failureMessages }) => ({
        what: fullName,
        why: failureMessages.map(withoutStack).join('\n'),
      }));
    });
}

function withoutStack(text: string): string {
  return text.replace(/\n\s+at [^]*/, '').trim();
}

export function sum(all: readonly Totals[]): Totals {
  const add = (pick: (totals: Totals) => number): number => all.reduce((total, each) => total + pick(each), 0);
  return { passed: add(({ passed }) => passed), failed: add(({ failed }) => failed), skipped: add((t) => t.skipped) };
}
