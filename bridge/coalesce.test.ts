import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as coalesce from './coalesce.ts';
import type { Lane } from './coalesce.ts';

const quiet = coalesce.looked(coalesce.looking(coalesce.emptyLane), true, 0);
const claimed = coalesce.withClaim(quiet, { 'a/0': 5 }, 1_000);

test('a quiet pipeline is told at once', () => {
  expect(coalesce.due(quiet, 0)).toBeNull();
  expect(coalesce.due(claimed, 1_000)).toEqual({ act: 'send', inMs: 0 });
});

test('before its first signal a bridge looks whether an earlier one has left any', () => {
  const first = coalesce.withClaim(coalesce.emptyLane, { 'a/0': 5 }, 1_000);
  expect(coalesce.due(first, 1_000)).toEqual({ act: 'look', inMs: 0 });
  expect(coalesce.due(coalesce.looked(coalesce.looking(first), true, 1_001), 1_001)).toEqual({ act: 'send', inMs: 0 });
});

test('one signal is in flight at most, and what comes meanwhile waits', () => {
  const { lane, parcel } = coalesce.sending(claimed, 1_000);
  expect(parcel).toEqual({ claimed: { 'a/0': 5 }, wake: false, sinceMs: 1_000 });
  expect(coalesce.due(coalesce.withClaim(lane, { 'a/0': 6 }, 1_001), 1_001)).toBeNull();
});

test('a busy pipeline is told every few seconds, of everything since', () => {
  let lane = coalesce.accepted(coalesce.sending(claimed, 1_000).lane);
  for (let offset = 6; offset < 1_000; offset += 1)
    lane = coalesce.withClaim(lane, { 'a/0': offset, 'b/0': 3 }, 1_000 + offset);
  expect(coalesce.due(lane, 2_000)).toEqual({ act: 'look', inMs: 4_000 });
  lane = coalesce.looked(coalesce.looking(lane), true, 6_001);
  expect(coalesce.due(lane, 6_001)).toEqual({ act: 'send', inMs: 0 });
  expect(coalesce.sending(coalesce.withWake(lane, 6_001), 6_001).parcel).toEqual({
    claimed: { 'a/0': 999, 'b/0': 3 },
    wake: true,
    sinceMs: 1_006,
  });
});

test('a workflow that does not take its signal gets no other, for however long', () => {
  let lane = coalesce.accepted(coalesce.sending(claimed, 1_000).lane);
  for (let nowMs = 6_000; nowMs < 1_000_000; nowMs += 2_000) {
    lane = coalesce.withClaim(lane, { 'a/0': nowMs }, nowMs);
    expect(coalesce.due(lane, nowMs)).toEqual({ act: 'look', inMs: 0 });
    expect(coalesce.due(coalesce.looking(lane), nowMs)).toBeNull();
    lane = coalesce.looked(coalesce.looking(lane), false, nowMs);
    expect(coalesce.due(lane, nowMs)).toEqual({ act: 'look', inMs: 2_000 });
  }
  lane = coalesce.looked(coalesce.looking(lane), true, 1_000_000);
  expect(coalesce.sending(lane, 1_000_000).parcel).toMatchObject({ claimed: { 'a/0': 998_000 }, sinceMs: 6_000 });
});

test('what Temporal did not answer is tried again, sooner at first than a busy pipeline is told', () => {
  const expected = [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000];
  let lane = claimed;
  for (const inMs of expected) {
    lane = coalesce.failed(coalesce.sending(lane, 1_000).lane);
    expect(coalesce.due(lane, 1_000)).toEqual({ act: 'send', inMs });
  }
  expect(lane).toMatchObject({ claimed: { 'a/0': 5 }, sinceMs: 1_000 });
  lane = coalesce.accepted(coalesce.sending(lane, 2_000).lane);
  for (const inMs of expected) {
    lane = coalesce.lookFailed(coalesce.looking(lane), 7_000);
    expect(coalesce.due(lane, 7_000)).toEqual({ act: 'look', inMs });
  }
});

test('no claim and no wake is lost and none goes too early, whatever fails in whatever order', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('claim' as const), offset: fc.nat(100) }),
    fc.constant({ do: 'wake' as const }),
    fc.constant({ do: 'send' as const }),
    fc.constant({ do: 'accept' as const }),
    fc.constant({ do: 'fail' as const }),
    fc.record({ do: fc.constant('look' as const), taken: fc.option(fc.boolean()) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let lane: Lane = coalesce.emptyLane;
      let hasUntaken = false;
      let tooEarly = 0;
      let claimedMost = 0;
      let acceptedMost = 0;
      let unheardWakes = 0;
      let wakesInFlight = 0;
      for (const next of steps) {
        if (next.do === 'claim') {
          lane = coalesce.withClaim(lane, { 'a/0': next.offset }, 0);
          claimedMost = Math.max(claimedMost, next.offset);
        } else if (next.do === 'wake') {
          lane = coalesce.withWake(lane, 0);
          unheardWakes += 1;
        } else if (next.do === 'send' && coalesce.due(lane, 1e9)?.act === 'send') {
          tooEarly += hasUntaken ? 1 : 0;
          lane = coalesce.sending(lane, 0).lane;
          wakesInFlight = unheardWakes;
        } else if (next.do === 'accept' && lane.inFlight !== null) {
          acceptedMost = Math.max(acceptedMost, lane.inFlight.claimed['a/0'] ?? 0);
          if (lane.inFlight.wake) unheardWakes -= wakesInFlight;
          lane = coalesce.accepted(lane);
          hasUntaken = true;
        } else if (next.do === 'fail') {
          lane = coalesce.failed(lane);
        } else if (next.do === 'look' && coalesce.due(lane, 1e9)?.act === 'look') {
          lane = coalesce.looking(lane);
          lane = next.taken === null ? coalesce.lookFailed(lane, 0) : coalesce.looked(lane, next.taken, 0);
          if (next.taken === true) hasUntaken = false;
        }
      }
      expect(tooEarly).toBe(0);
      const held = Math.max(lane.claimed['a/0'] ?? 0, lane.inFlight?.claimed['a/0'] ?? 0);
      expect(Math.max(held, acceptedMost)).toBe(claimedMost);
      expect(lane.wake || lane.inFlight?.wake === true).toBe(unheardWakes > 0);
    }),
  );
});
