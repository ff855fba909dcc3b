import { expect, test } from 'vitest';
import { judge } from './source.ts';
import type { SourceHealth } from './source-watch.ts';

const well: SourceHealth = {
  connector: {
    watch: 'watched',
    name: 'mkondo',
    state: 'RUNNING',
    tasks: [{ id: 0, state: 'RUNNING', trace: null }],
    message: null,
  },
  slot: {
    watch: 'watched',
    name: 'mkondo',
    active: true,
    walStatus: 'reserved',
    retainedBytes: 1_000,
    confirmedLagBytes: 0,
    safeBytes: null,
    message: null,
  },
};
const soon = { heartbeatAgeSeconds: 5 };

test('a source that runs and sends heartbeats is well', () => {
  expect(judge(well, soon)).toEqual({ state: 'well', findings: [] });
});

test('what nobody looks at is no trouble, and not known to be well', () => {
  const unwatched = {
    ...well.slot,
    watch: 'not watched',
    active: null,
    message: 'MKONDO_V2_MONITORING_URL ...',
  } as const;
  expect(judge({ ...well, slot: unwatched }, soon)).toEqual({ state: 'unknown', findings: [] });
  expect(judge(well, { heartbeatAgeSeconds: null }).state).toBe('unknown');
});

test.each([
  ['a connector that is paused', { connector: { ...well.connector, state: 'PAUSED' } }, 5, /connector is PAUSED/],
  [
    'a task that has failed',
    { connector: { ...well.connector, tasks: [{ id: 0, state: 'FAILED', trace: 'no such slot' }] } },
    5,
    /Task 0 .* FAILED: no such slot/,
  ],
  ['a connector without a task', { connector: { ...well.connector, tasks: [] } }, 5, /no task/],
  [
    'a Connect that is away',
    {
      connector: {
        ...well.connector,
        watch: 'no answer',
        state: null,
        tasks: [],
        message: 'Kafka Connect does not answer: x.',
      },
    },
    5,
    /does not answer/,
  ],
  ['a slot that nobody reads', { slot: { ...well.slot, active: false } }, 5, /Nobody reads/],
  ['a slot that is lost', { slot: { ...well.slot, walStatus: 'lost' } }, 5, /given the slot up/],
  ['a slot that is soon lost', { slot: { ...well.slot, walStatus: 'unreserved' } }, 5, /about to give/],
  ['much log in v2', { slot: { ...well.slot, retainedBytes: 3 * 1024 ** 3 } }, 5, /3\.0 GB/],
  ['no heartbeat', {}, 61, /No heartbeat .* 61 s/],
] as const)('%s is trouble', (_, change, heartbeatAgeSeconds, finding) => {
  const { state, findings } = judge({ ...well, ...change }, { heartbeatAgeSeconds });
  expect(state).toBe('troubled');
  expect(findings).toEqual([expect.stringMatching(finding)]);
});
