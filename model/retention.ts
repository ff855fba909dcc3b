// How long Kafka still keeps the oldest event that a pipeline has not landed. Kafka is asked when events were written, by
// admin requests alone; nothing is read. All that is said here is a lower bound: Kafka deletes whole segments, and looks
// for them every few minutes.
import type { Admin, ConfigResourceTypes } from 'kafkajs';
import type { Offsets } from '../activities/contract.ts';

/** When the first event that is not landed may be gone. */
export interface Retention {
  /** ISO 8601; in the past when events are gone, or may be. */
  readonly until: string;
  readonly topic: string;
}

export interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that is there, and the first that is not written yet. */
  readonly low: number;
  readonly high: number;
}

type Asks = Pick<Admin, 'describeConfigs' | 'fetchTopicOffsetsByTimestamp'>;

/** In Kafka's protocol. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- an ES module cannot import kafkajs' enum
const TOPIC = 2 as ConfigResourceTypes.TOPIC;
const CONFIG_AGE_MS = 10 * 60_000;

export interface RetentionReader {
  /** Of those partitions that keep events for a limited time, the one that loses the first; null when none does. */
  read(
    admin: Asks,
    given: { readonly partitions: readonly Partition[]; readonly positions: Offsets; readonly nowMs: number },
  ): Promise<Retention | null>;
}

/** Remembers topics' settings for ten minutes, and when an event was written for as long as it is asked for. */
export function createRetentionReader(): RetentionReader {
  const settings = new Map<string, { readonly atMs: number; readonly retentionMs: number | null }>();
  const written = new Map<string, { readonly offset: number; readonly atMs: number }>();

  async function retentionOf(admin: Asks, topics: ReadonlySet<string>, nowMs: number): Promise<void> {
    const unknown = [...topics].filter((topic) => nowMs - (settings.get(topic)?.atMs ?? -Infinity) > CONFIG_AGE_MS);
    if (unknown.length === 0) return;
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: unknown.map((name) => ({
        type: TOPIC,
        name,
        configNames: ['retention.ms', 'cleanup.policy'],
      })),
    });
    for (const { resourceName, configEntries } of resources) {
      const values = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
      settings.set(resourceName, { atMs: nowMs, retentionMs: keptForMs(values) });
    }
  }

  return {
    async read(admin, { partitions, positions, nowMs }) {
      await retentionOf(admin, new Set(partitions.map(({ topic }) => topic)), nowMs);
      let first: { readonly untilMs: number; readonly topic: string } | null = null;
      for (const { topic, partition, low, high } of partitions) {
        const retentionMs = settings.get(topic)?.retentionMs ?? null;
        if (retentionMs === null) continue;
        const at = `${topic}/${partition}`;
        const offset = positions[at] ?? low;
        let writtenMs = nowMs;
        if (offset < low) writtenMs = nowMs - retentionMs;
        else if (offset < high) {
          const known = written.get(at);
          writtenMs =
            known?.offset === offset
              ? known.atMs
              : nowMs -
                (await ageOf(offset, {
                  mostMs: retentionMs,
                  offsetAt: async (ageMs) => {
                    const found = await admin.fetchTopicOffsetsByTimestamp(topic, Math.max(0, nowMs - ageMs));
                    return Number(found.find((each) => each.partition === partition)?.offset ?? high);
                  },
                }));
          written.set(at, { offset, atMs: writtenMs });
        } else written.delete(at);
        const untilMs = writtenMs + retentionMs;
        if (first === null || untilMs < first.untilMs) first = { untilMs, topic };
      }
      return first === null ? null : { until: new Date(first.untilMs).toISOString(), topic: first.topic };
    },
  };
}

/** Null: for ever, as far as time goes. */
export function keptForMs(settings: ReadonlyMap<string, string>): number | null {
  const retentionMs = Number(settings.get('retention.ms') ?? -1);
  const isDeleted = (settings.get('cleanup.policy') ?? 'delete').split(',').includes('delete');
  return !isDeleted || retentionMs < 0 || !Number.isFinite(retentionMs) ? null : retentionMs;
}

const FIRST_AGE_MS = 60 * 60_000;

/**
 * How old an event is at most, to a hundredth of `mostMs`; `mostMs` when it is older. An event that was written within the
 * hour, which is the rule, takes one request. `offsetAt`: the first offset that was written at most so long ago.
 */
export async function ageOf(
  offset: number,
  { mostMs, offsetAt }: { readonly mostMs: number; readonly offsetAt: (ageMs: number) => Promise<number> },
): Promise<number> {
  let youngest = 0;
  let oldest = Math.min(FIRST_AGE_MS, mostMs);
  while ((await offsetAt(oldest)) > offset) {
    if (oldest === mostMs) return mostMs;
    youngest = oldest;
    oldest = Math.min(oldest * 2, mostMs);
  }
  if (youngest === 0) return oldest;
  while (oldest - youngest > mostMs / 100) {
    const middle = Math.round((youngest + oldest) / 2);
    if ((await offsetAt(middle)) > offset) youngest = middle;
    else oldest = middle;
  }
  return oldest;
}
