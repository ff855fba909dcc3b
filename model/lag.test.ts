import { expect, test } from 'vitest';
import { lagOf, observe } from './lag.ts';

test('nothing is behind when the ends are reached', () => {
  const unreached = observe({}, { ends: { 'a/0': 5 }, positions: { 'a/0': 5 }, nowMs: 1_000 });
  expect(lagOf(unreached, { 'a/0': 5 }, 9_000)).toEqual({ events: 0, seconds: 0 });
});

test('the lag is as old as the oldest end that is not reached', () => {
  let unreached = observe({}, { ends: { 'a/0': 10 }, positions: { 'a/0': 5 }, nowMs: 1_000 });
  unreached = observe(unreached, { ends: { 'a/0': 30, 'b/0': 2 }, positions: { 'a/0': 5 }, nowMs: 4_000 });
  expect(lagOf(unreached, { 'a/0': 5 }, 5_000)).toEqual({ events: 27, seconds: 4 });
  unreached = observe(unreached, { ends: { 'a/0': 30, 'b/0': 2 }, positions: { 'a/0': 12, 'b/0': 2 }, nowMs: 6_000 });
  expect(lagOf(unreached, { 'a/0': 12, 'b/0': 2 }, 6_000)).toEqual({ events: 18, seconds: 2 });
});

test('a long lag does not grow without bounds in memory', () => {
  let unreached = {};
  for (let second = 0; second < 5_000; second += 1) {
    unreached = observe(unreached, { ends: { 'a/0': second + 1 }, positions: {}, nowMs: second * 1_000 });
  }
  expect(lagOf(unreached, {}, 5_000_000)).toEqual({ events: 5_000, seconds: 5_000 });
  expect(JSON.stringify(unreached).length).toBeLessThan(50_000);
});
