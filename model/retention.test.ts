import { expect, test } from 'vitest';
import { ageOf, createRetentionReader, keptForMs } from './retention.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nowMs = Date.parse('2026-06-01T00:00:00Z');

/** A topic of which event n was written n hours after it began, 1000 hours ago; it keeps 30 days. */
const beganMs = nowMs - 1_000 * hourMs;
const asked: number[] = [];
const admin = {
  describeConfigs: async ({ resources }: { resources: readonly { name: string }[] }) => ({
    throttleTime: 0,
    resources: resources.map(({ name }) => ({
      errorCode: 0,
      errorMessage: '',
      resourceType: 2,
      resourceName: name,
      configEntries: [
        { configName: 'retention.ms', configValue: name === 'endless' ? '-1' : String(30 * dayMs) },
        { configName: 'cleanup.policy', configValue: 'delete' },
      ].map((entry) => ({
        ...entry,
        isDefault: false,
        readOnly: false,
        configSource: 1,
        isSensitive: false,
        configSynonyms: [],
      })),
    })),
  }),
  fetchTopicOffsetsByTimestamp: async (_topic: string, timestamp = 0) => {
    asked.push(timestamp);
    return [
      { partition: 0, offset: String(Math.min(1_000, Math.max(280, Math.ceil((timestamp - beganMs) / hourMs)))) },
    ];
  },
};
const partition = { topic: 't', partition: 0, low: 280, high: 1_000 };
const daysLeft = async (positions: Readonly<Record<string, number>>, topic = 't'): Promise<number | null> => {
  const found = await createRetentionReader().read(admin, { partitions: [{ ...partition, topic }], positions, nowMs });
  return found === null ? null : (Date.parse(found.until) - nowMs) / dayMs;
};

test('what has all landed is as safe as the topic keeps', async () => {
  expect(await daysLeft({ 't/0': 1_000 })).toBe(30);
});

test('a topic without a limit of time loses nothing', async () => {
  expect(await daysLeft({ 'endless/0': 300 }, 'endless')).toBeNull();
});

test('what Kafka has deleted is over', async () => {
  expect(await daysLeft({ 't/0': 100 })).toBe(0);
});

test.each([999, 900, 700, 500, 300])('of the event %i the time that is left is never said too long', async (offset) => {
  const age = (1_000 - offset) / 24;
  const left = await daysLeft({ 't/0': offset });
  expect(left).toBeLessThanOrEqual(30 - age);
  // To a hundredth of what the topic keeps, or to an hour.
  expect(left).toBeGreaterThanOrEqual(30 - age - 0.3 - 1 / 24);
});

test('an event of the last hour takes one request, and the same event none', async () => {
  const reader = createRetentionReader();
  asked.length = 0;
  const given = { partitions: [partition], positions: { 't/0': 999 }, nowMs };
  const found = await reader.read(admin, given);
  expect(asked).toHaveLength(1);
  expect(await reader.read(admin, { ...given, nowMs: nowMs + hourMs })).toEqual(found);
  expect(asked).toHaveLength(1);
});

test('of several partitions, the first to lose something counts', async () => {
  const partitions = [partition, { ...partition, topic: 'u' }, { ...partition, topic: 'endless' }];
  const positions = { 't/0': 1_000, 'u/0': 400, 'endless/0': 0 };
  expect(await createRetentionReader().read(admin, { partitions, positions, nowMs })).toMatchObject({ topic: 'u' });
});

test('an event that is older than what is kept is as old as that', async () => {
  expect(await ageOf(0, { mostMs: dayMs, offsetAt: async () => 1 })).toBe(dayMs);
});

test('a compacted topic has no limit of time', () => {
  expect(
    keptForMs(
      new Map([
        ['retention.ms', '1000'],
        ['cleanup.policy', 'compact'],
      ]),
    ),
  ).toBeNull();
  expect(
    keptForMs(
      new Map([
        ['retention.ms', '1000'],
        ['cleanup.policy', 'compact,delete'],
      ]),
    ),
  ).toBe(1_000);
});
