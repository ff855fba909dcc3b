import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as coalesce from './coalesce.ts';
import type { Lane } from './coalesce.ts';

const claimed = coalesce.withClaim(coalesce.emptyLane, { 'a/0': 5 }, 1_000);

test('a quiet pipeline is told at once', () => {
  expect(coalesce.dueInMs(coalesce.emptyLane, 0)).toBeNull();
  expect(coalesce.dueInMs(claimed, 1_000)).toBe(0);
});

test('one signal is in flight at most, and what comes meanwhile waits', () => {
  const { lane, parcel } = coalesce.sending(claimed, 1_000);
  expect(parcel).toEqual({ claimed: { 'a/0': 5 }, wake: false, sinceMs: 1_000 });
  expect(coalesce.dueInMs(coalesce.withClaim(lane, { 'a/0': 6 }, 1_001), 1_001)).toBeNull();
});

test('a busy pipeline is told every few seconds, of everything since', () => {
  let lane = coalesce.accepted(coalesce.sending(claimed, 1_000).lane);
  for (let offset = 6; offset < 1_000; offset += 1)
    lane = coalesce.withClaim(lane, { 'a/0': offset, 'b/0': 3 }, 1_000 + offset);
  expect(coalesce.dueInMs(lane, 2_000)).toBe(4_000);
  expect(coalesce.sending(coalesce.withWake(lane, 6_000), 6_000).parcel).toEqual({
    claimed: { 'a/0': 999, 'b/0': 3 },
    wake: true,
    sinceMs: 1_006,
  });
});

test('a signal that was not accepted goes again, sooner at first than a busy pipeline is told', () => {
  const waits: (number | null)[] = [];
  let lane = claimed;
  for (let times = 0; times < 8; times += 1) {
    lane = coalesce.failed(coalesce.sending(lane, 1_000).lane);
    waits.push(coalesce.dueInMs(lane, 1_000));
  }
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  expect(lane).toMatchObject({ claimed: { 'a/0': 5 }, sinceMs: 1_000 });
});

test('no claim and no wake is lost, whatever fails in whatever order', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('claim' as const), offset: fc.nat(100) }),
    fc.constant({ do: 'wake' as const }),
    fc.constant({ do: 'send' as const }),
    fc.constant({ do: 'accept' as const }),
    fc.constant({ do: 'fail' as const }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let lane: Lane = coalesce.emptyLane;
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
        } else if (next.do === 'send' && lane.inFlight === null && lane.sinceMs !== null) {
          lane = coalesce.sending(lane, 0).lane;
          wakesInFlight = unheardWakes;
        } else if (next.do === 'accept' && lane.inFlight !== null) {
          acceptedMost = Math.max(acceptedMost, lane.inFlight.claimed['a/0'] ?? 0);
          if (lane.inFlight.wake) unheardWakes -= wakesInFlight;
          lane = coalesce.accepted(lane);
        } else if (next.do === 'fail') {
          lane = coalesce.failed(lane);
        }
      }
      const held = Math.max(lane.claimed['a/0'] ?? 0, lane.inFlight?.claimed['a/0'] ?? 0);
      expect(Math.max(held, acceptedMost)).toBe(claimedMost);
      expect(lane.wake || lane.inFlight?.wake === true).toBe(unheardWakes > 0);
    }),
  );
});
