import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ApplyResult, PipelineState } from '../activities/contract.ts';
import * as remember from './memory.ts';
import type { Memory } from './memory.ts';
import { nextStep } from './next-step.ts';
import { lagOf, shownState } from './status.ts';

const state: PipelineState = {
  mode: 'running',
  reason: '',
  by: 'system',
  since: '2026-01-31T00:00:00.000Z',
  stop: null,
  applied: {},
  lastEventAt: null,
  dirty: 0,
  waiting: 0,
  quarantined: 0,
  retryInMs: null,
  operation: null,
};
const idle: Memory = { ...remember.emptyMemory, woken: false, state, heardAtMs: 0 };

function result(changes: Partial<ApplyResult>): ApplyResult {
  return { ...state, counts: { events: 0, landed: 0, derived: 0, written: 0, quarantined: 0 }, ...changes };
}

function afterApply(
  memory: Memory,
  changes: Partial<ApplyResult>,
  times: { readonly fromMs: number; readonly toMs: number },
): Memory {
  return remember.applyEnded(remember.applyBegan(memory, times.fromMs), { result: result(changes), nowMs: times.toMs });
}

const some = { events: 5, landed: 5, derived: 5, written: 5, quarantined: 0 };

test('claims end at the greatest offsets, in whatever order and however often they come', () => {
  const offsets = fc.dictionary(fc.constantFrom('a/0', 'b/0', 'c/0'), fc.nat(1_000));
  fc.assert(
    fc.property(fc.array(offsets, { minLength: 1 }), fc.array(fc.nat()), (claims, order) => {
      const shuffled = [...claims, ...claims]
        .map((claim, index) => ({ claim, at: order[index] ?? index }))
        .sort((a, b) => a.at - b.at);
      const claimAll = (list: readonly Record<string, number>[]): Memory['claimed'] =>
        list.reduce((memory, claim) => remember.claimedTo(memory, claim, 0), idle).claimed;
      expect(claimAll(shuffled.map(({ claim }) => claim))).toEqual(claimAll(claims));
    }),
  );
});

test.each([null, undefined, 7, 'a/0', ['a'], { 'a/0': 'x' }, { nonsense: 5 }, { 'a/0': 0.5 }])(
  '%j is no claim, and does no harm',
  (input) => {
    expect(remember.claimedTo(idle, input, 0).claimed).toEqual({});
  },
);

test('a claim that Kafka cannot fulfil is given up after a whole minute, one that came meanwhile is not', () => {
  const asked = remember.applyBegan(remember.claimedTo(idle, { 'a/0': 5, 'b/0': 9, 'c/0': 1 }, 0), 0);
  const during = remember.claimedTo(asked, { 'c/0': 2 }, 50_000);
  const applied = { applied: { 'a/0': 5 } };
  expect(remember.applyEnded(during, { result: result(applied), nowMs: 60_000 }).claimed).toEqual({
    'a/0': 5,
    'c/0': 2,
  });
  expect(remember.applyEnded(during, { result: result(applied), nowMs: 20_000 }).claimed).toEqual({
    'a/0': 5,
    'b/0': 9,
    'c/0': 2,
  });
  expect(
    remember.applyEnded(during, { result: result({ ...applied, counts: some }), nowMs: 60_000 }).claimed,
  ).toHaveProperty('b/0', 9);
});

test('an idle pipeline waits for a message alone', () => {
  expect(nextStep(idle, 10)).toEqual({ do: 'wait', ms: null });
});

test('a claim that is ahead is applied at once, one that is behind wakes nobody', () => {
  const claimed = remember.claimedTo(idle, { 'a/0': 5 }, 10);
  expect(nextStep(claimed, 10)).toEqual({ do: 'apply' });
  const applied = afterApply(claimed, { applied: { 'a/0': 5 }, counts: some }, { fromMs: 10, toMs: 20 });
  expect(nextStep(remember.claimedTo(applied, { 'a/0': 4 }, 30), 30)).toEqual({ do: 'wait', ms: null });
});

test('a wake that comes during an apply is followed by another one', () => {
  const during = remember.wokenUp(remember.applyBegan(remember.wokenUp(idle), 0));
  expect(nextStep(remember.applyEnded(during, { result: result({}), nowMs: 20 }), 20)).toEqual({ do: 'apply' });
});

test('an apply whose minute was over under steady flow is followed by another one at once', () => {
  expect(nextStep(afterApply(idle, { counts: some }, { fromMs: 0, toMs: 60_000 }), 60_000)).toEqual({ do: 'apply' });
  expect(nextStep(afterApply(idle, { counts: some }, { fromMs: 0, toMs: 20_000 }), 20_000)).toEqual({
    do: 'wait',
    ms: null,
  });
});

test('roots that are due later are tried then, and ever more rarely when that brings nothing', () => {
  let memory = afterApply(idle, { retryInMs: 4_000, counts: some }, { fromMs: 0, toMs: 0 });
  expect(nextStep(memory, 1_000)).toEqual({ do: 'wait', ms: 3_000 });
  expect(nextStep(memory, 4_000)).toEqual({ do: 'apply' });
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(() => {
    memory = afterApply(memory, { retryInMs: 0 }, { fromMs: 0, toMs: 0 });
    const step = nextStep(memory, 0);
    return step.do === 'wait' ? step.ms : 0;
  });
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(nextStep(remember.claimedTo(memory, { 'a/0': 1 }, 0), 0)).toEqual({ do: 'apply' });
});

test('a failure is tried again after a back-off that grows to five minutes, and ends when an operator acts', () => {
  const fault = { code: 'SCHEMA_DRIFT', message: 'gone', advice: 'mend' };
  let memory = remember.claimedTo(idle, { 'a/0': 5 }, 0);
  const waits = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
    memory = remember.applyFailed(memory, fault, 0);
    const step = nextStep(memory, 0);
    return step.do === 'wait' ? step.ms : 0;
  });
  expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  expect(shownState(memory, 0)).toBe('failing');
  expect(nextStep(remember.claimedTo(remember.wokenUp(memory), { 'a/0': 6 }, 0), 0)).toEqual({
    do: 'wait',
    ms: 300_000,
  });
  expect(nextStep(remember.operatorActed(memory, 7), 7)).toEqual({ do: 'apply' });
});

test('an answer that was under way does not undo a change of mode', () => {
  const paused = remember.heard(idle, { ...state, mode: 'paused', since: '2026-01-31T00:00:10.000Z', dirty: 1 }, 5);
  const late = remember.heard(paused, { ...state, dirty: 7 }, 6);
  expect(late.state).toMatchObject({ mode: 'paused', since: '2026-01-31T00:00:10.000Z', dirty: 7 });
});

test('positions that went back, after v3 was restored, are believed: it is applied again', () => {
  const claimed = remember.claimedTo({ ...idle, state: { ...state, applied: { 'a/0': 5 } } }, { 'a/0': 5 }, 0);
  expect(nextStep(claimed, 0).do).toBe('wait');
  expect(nextStep(remember.heard(claimed, { ...state, applied: { 'a/0': 2 } }, 1), 1)).toEqual({ do: 'apply' });
});

test('the lag is since the claim that it fell behind by, then since the newest event that it landed, and 0 when it caught up', () => {
  const night = { ...idle, state: { ...state, lastEventAt: '1970-01-01T00:00:00.000Z' } };
  const behind = remember.claimedTo(night, { 'a/0': 10 }, 36_000_000);
  expect(lagOf(behind, 36_005_000)).toMatchObject({ events: 10, seconds: 5 });
  const catching = afterApply(
    behind,
    { applied: { 'a/0': 4 }, lastEventAt: new Date(35_940_000).toISOString(), counts: some },
    { fromMs: 36_005_000, toMs: 36_010_000 },
  );
  expect(lagOf(catching, 36_010_000)).toMatchObject({ events: 6, seconds: 70 });
  const caught = afterApply(
    catching,
    { applied: { 'a/0': 10 }, counts: some },
    { fromMs: 36_010_000, toMs: 36_020_000 },
  );
  expect(lagOf(caught, 36_020_000)).toMatchObject({ events: 0, seconds: 0 });
});

test('while an apply is under way the lag is what it was when that began, until it is so late that it must be failing', () => {
  const caughtUp = { ...idle, state: { ...state, applied: { 'a/0': 10 } } };
  const began = remember.applyBegan(remember.claimedTo(caughtUp, { 'a/0': 11 }, 5_000), 8_000);
  const busy = remember.claimedTo(began, { 'a/0': 5_000, 'b/0': 7 }, 9_000);
  const applyingSince = new Date(8_000).toISOString();
  expect(lagOf(busy, 60_000)).toEqual({ events: 1, seconds: 3, asOf: applyingSince, applyingSince });
  // The state was read in between: the event has been applied since.
  const read = remember.heard(busy, { ...state, applied: { 'a/0': 40 } }, 20_000);
  expect(lagOf(read, 60_000)).toEqual({ events: 0, seconds: 0, asOf: new Date(20_000).toISOString(), applyingSince });
  // One that began for a wake was not behind; what came since is not its lag either.
  const woken = remember.claimedTo(remember.applyBegan(caughtUp, 8_000), { 'a/0': 5_000 }, 9_000);
  expect(lagOf(woken, 60_000)).toMatchObject({ events: 0, seconds: 0 });
  expect(lagOf(woken, 200_000)).toMatchObject({ events: 4_990, seconds: 191, applyingSince });
});

test('an apply that does not return is shown as being tried again', () => {
  expect(shownState(remember.applyBegan(idle, 0), 100_000)).toBe('running');
  expect(shownState(remember.applyBegan(idle, 0), 200_000)).toBe('retrying');
});
