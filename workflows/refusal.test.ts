import { expect, test } from 'vitest';
import type { Mode, OperationName } from '../activities/contract.ts';
import { operationNames } from './messages.ts';
import { refusal } from './refusal.ts';

const since = '2026-01-31T00:00:00.000Z';
const reset = { id: 'reset-1', name: 'reset', at: since, by: 'Asha' };

function answer(name: OperationName, mode: Mode, operation: typeof reset | null = null): string | null {
  const stop = mode === 'drifted' ? { code: 'SCHEMA_DRIFT', message: 'products.code is gone' } : null;
  return refusal(
    { name, pipeline: 'products' },
    { state: { mode, reason: 'stock count', by: 'Asha', since, stop }, operation, nowMs: Date.parse(since) },
  );
}

test.each([
  ['running', ['pause', 'reset', 'reprocess', 'replay', 'retryQuarantined', 'mend', 'discard']],
  ['paused', ['resume', 'replay', 'retryQuarantined', 'discard']],
  ['drifted', ['resume', 'replay', 'discard']],
  // Without an operation, a pipeline that is being reset was left behind: an operator may bring it back.
  ['resetting', ['pause', 'resume', 'reset', 'reprocess', 'replay', 'retryQuarantined', 'mend', 'discard']],
] as const)('a pipeline that is %s takes %j', (mode, taken) => {
  expect(operationNames.filter((name) => answer(name, mode) === null)).toEqual(taken);
});

test('a pause for years is none', () => {
  const state = { mode: 'running', reason: '', by: 'Asha', since, stop: null } as const;
  const asked = { name: 'pause', pipeline: 'products' } as const;
  const judged = (until: string): string | null =>
    refusal({ ...asked, until }, { state, operation: null, nowMs: Date.parse(since) });
  expect(judged('2028-01-01T00:00:00Z')).toContain('more than 366 days away');
  expect(judged('2027-01-01T00:00:00Z')).toBeNull();
});

test('one long operation at a time, and none is silently ignored', () => {
  expect(operationNames.filter((name) => answer(name, 'running', reset) === null)).toEqual(['pause', 'cancel']);
  expect(answer('reprocess', 'running', reset)).toBe(
    `reprocess of products was refused: reset is running since ${since}, asked for by Asha (id reset-1). Wait for its end, or cancel it, then ask again.`,
  );
});

test('while rows are being cleared, pause and resume wait', () => {
  expect(operationNames.filter((name) => answer(name, 'resetting', reset) === null)).toEqual(['cancel']);
});

test('says since when, by whom, why, and what to do instead', () => {
  expect(answer('pause', 'paused')).toBe(
    `pause of products was refused: it is paused already, since ${since} by Asha (stock count). Nothing is to be done; resume ends the pause, and another "for" or "until" changes its end.`,
  );
  expect(answer('reset', 'drifted')).toBe(
    `reset of products was refused: the engine has stopped it, since ${since} by Asha (SCHEMA_DRIFT: products.code is gone). Mend what stopped it, resume it, then ask again.`,
  );
});

test('a pause is changed by another one with another end, or with none, and never ends in the past', () => {
  const pause = (until: string | undefined, now: string | null): string | null =>
    refusal(
      { name: 'pause', pipeline: 'products', ...(until === undefined ? {} : { until }) },
      {
        state: { mode: 'paused', reason: 'stock count', by: 'Asha', since, until: now, stop: null },
        operation: null,
        nowMs: Date.parse(since),
      },
    );
  const [six, eight] = ['2026-01-31T06:00:00.000Z', '2026-01-31T08:00:00.000Z'];
  expect(pause(eight, six)).toBeNull();
  expect(pause(undefined, six)).toBeNull();
  expect(pause(six, null)).toBeNull();
  expect(pause(six, six)).toContain(`it is paused already, since ${since} until ${six} by Asha (stock count)`);
  expect(pause(since, null)).toContain(`the pause would have ended at ${since}, and that is over`);
});
