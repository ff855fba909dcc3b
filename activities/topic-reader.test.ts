// At which pace, and in which order, the topics of a pipeline are read.
import { expect, test } from 'vitest';
import { inTurn, paceOf } from './topic-reader.ts';

const MB = 1024 * 1024;

test('near the end, every partition may fill an answer', () => {
  expect(paceOf({ 'lines/0': 900, 'heads/0': 5 }, { 'lines/0': 1_000, 'heads/0': 5 }, 4 * MB)).toEqual({
    'lines/0': 3 * MB,
    'heads/0': 3 * MB,
  });
});

test('near the end, no partition takes a small answer for itself', () => {
  expect(paceOf({ 'lines/0': 900, 'heads/0': 5 }, { 'lines/0': 1_000, 'heads/0': 6 }, MB)).toEqual({
    'lines/0': (3 * MB) / 4,
    'heads/0': (3 * MB) / 4,
  });
});

test('far behind, partitions end together: each has its share, and at least a batch', () => {
  const ends = { 'lines/0': 750_000, 'changes/0': 250_000, 'heads/0': 0 };
  expect(paceOf({ 'lines/0': 0, 'changes/0': 0, 'heads/0': 0 }, ends, 4 * MB)).toEqual({
    'lines/0': 3 * MB,
    'changes/0': MB,
    'heads/0': 32 * 1024,
  });
});

test('a partition of which no end is known yet is not waited for', () => {
  expect(paceOf({ 'lines/0': 0, 'new/0': 0 }, { 'lines/0': 100_000 }, 4 * MB)['new/0']).toBe(32 * 1024);
});

test('each partition is asked for first in its turn', () => {
  const positions = { 'lines/0': 7, 'heads/0': 5, 'changes/0': 3 };
  const firsts = [1, 2, 3].map((turn) => Object.keys(inTurn(positions, turn))[0]);
  expect(firsts).toEqual(['heads/0', 'changes/0', 'lines/0']);
  expect(inTurn(positions, 4)).toEqual(positions);
  expect(inTurn({}, 1)).toEqual({});
});
