import { expect, test } from 'vitest';
import { countAsOne, countTests, failuresOf, sum } from './totals.ts';

interface File {
  readonly status: string;
  readonly tests: readonly string[];
}

function report(...files: readonly File[]): string {
  const count = (status: string): number =>
    files.flatMap(({ tests }) => tests).filter((each) => each === status).length;
  return JSON.stringify({
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    testResults: files.map(({ status, tests }, at) => ({
      name: `file ${at}`,
      status,
      message: 'it broke\n    at somewhere',
      assertionResults: tests.map((each) => ({
        status: each,
        fullName: `${each} in file ${at}`,
        failureMessages: each === 'failed' ? ['expected 1\nto be 2\n    at here\n    at there'] : [],
      })),
    })),
  });
}

test('counts what vitest counted', () => {
  const text = report(
    { status: 'failed', tests: ['passed', 'failed', 'pending'] },
    { status: 'passed', tests: ['passed'] },
  );
  expect(countTests(text, false)).toEqual({ passed: 2, failed: 1, skipped: 1 });
});

test('counts a file that could not be loaded, or whose beforeAll threw, as one failed test', () => {
  const text = report({ status: 'failed', tests: [] }, { status: 'failed', tests: ['pending', 'pending'] });
  expect(countTests(text, false)).toEqual({ passed: 0, failed: 2, skipped: 2 });
});

test('counts a run that failed although no test did', () => {
  expect(countTests(report({ status: 'passed', tests: ['passed'] }), false)).toEqual({
    passed: 1,
    failed: 1,
    skipped: 0,
  });
});

test('counts a run without a report as failed, whatever it says of itself', () => {
  expect(countTests(undefined, true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test('names the tests that failed, and the files whose tests could not run, without their stacks', () => {
  const text = report({ status: 'failed', tests: ['passed', 'failed'] }, { status: 'failed', tests: ['pending'] });
  expect(failuresOf(text)).toEqual([
    { what: 'failed in file 0', why: 'expected 1\nto be 2' },
    { what: 'file 1', why: 'it broke' },
  ]);
  expect(failuresOf(undefined)).toEqual([]);
});

test('sums up', () => {
  expect(sum([countAsOne(true), countAsOne(false), { passed: 3, failed: 0, skipped: 2 }])).toEqual({
    passed: 4,
    failed: 1,
    skipped: 2,
  });
});
