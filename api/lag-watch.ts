// Measures every ten seconds how far each pipeline is behind Kafka, so that a request is answered from memory.
import { setTimeout as wait } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Offsets } from '../activities/contract.ts';
import { createRetentionReader } from '../model/retention.ts';
import type { Partition, Retention } from '../model/retention.ts';
import { lagOf, observe } from '../model/lag.ts';
import type { Lag, Unreached } from '../model/lag.ts';
import type { Metrics } from '../model/metrics.ts';

const LOOK_MS = 10_000;

export interface LagWatch {
  /** Null while Kafka or v3 does not answer. */
  readonly of: (pipeline: string) => Lag | null;
  /** Until when Kafka keeps what the pipeline has not landed; null also where it keeps it for ever. */
  readonly retentionOf: (pipeline: string) => Retention | null;
  /** When Debezium sent its last heartbeat, ISO 8601, to about a look's length; null when it is not known. */
  readonly heartbeatAt: () => string | null;
  readonly ended: Promise<void>;
}

export function watchLag(options: {
  readonly kafka: Kafka;
  readonly topics: ReadonlyMap<string, readonly string[]>;
  readonly heartbeatTopic: string;
  readonly metrics: Pick<Metrics, 'retentionLeftSeconds'>;
  readonly readPositions: () => Promise<ReadonlyMap<string, Offsets>>;
  readonly onFailure: (error: unknown) => void;
  readonly signal: AbortSignal;
}): LagWatch {
  const { kafka, topics, heartbeatTopic, metrics, readPositions, onFailure, signal } = options;
  const unreached = new Map<string, Unreached>();
  const lags = new Map<string, Lag>();
  const retentions = new Map<string, Retention | null>();
  const readers = new Map([...topics.keys()].map((pipeline) => [pipeline, createRetentionReader()]));
  const wanted = new Set([...topics.values()].flat());

  let heartbeat: { readonly high: number; readonly atMs: number } | null = null;

  async function lookForHeartbeat(admin: ReturnType<Kafka['admin']>): Promise<void> {
    const [first] = await admin.fetchTopicOffsets(heartbeatTopic);
    const high = Number(first?.high ?? 0);
    if (high === 0 || heartbeat?.high === high) return;
    const nowMs = Date.now();
    // Known from one look to the next; of the first, Kafka knows how old it is.
    const atMs = heartbeat === null ? nowMs - (await newestAgeMs(admin, { high, nowMs })) : nowMs;
    heartbeat = { high, atMs };
  }

  /** How old the newest event of the topic is, to a second or a twentieth. */
  async function newestAgeMs(
    admin: ReturnType<Kafka['admin']>,
    { high, nowMs }: { readonly high: number; readonly nowMs: number },
  ): Promise<number> {
    const isYounger = async (ageMs: number): Promise<boolean> => {
      const [found] = await admin.fetchTopicOffsetsByTimestamp(heartbeatTopic, nowMs - ageMs);
      return Number(found?.offset ?? high) < high;
    };
    let [younger, older] = [0, 1_000];
    while (older < 100 * 86_400_000 && !(await isYounger(older))) [younger, older] = [older, older * 2];
    while (older - younger > Math.max(1_000, older / 20)) {
      const middle = Math.round((younger + older) / 2);
      if (await isYounger(middle)) older = middle;
      else younger = middle;
    }
    return older;
  }

  async function look(admin: ReturnType<Kafka['admin']>): Promise<void> {
    const there = await admin.listTopics();
    if (there.includes(heartbeatTopic)) await lookForHeartbeat(admin);
    const existing = there.filter((topic) => wanted.has(topic));
    const ends = new Map<string, Offsets>();
    const kept = new Map<string, readonly Partition[]>();
    for (const topic of existing) {
      const partitions = await admin.fetchTopicOffsets(topic);
      kept.set(
        topic,
        partitions.map(({ partition, low, high }) => ({ topic, partition, low: Number(low), high: Number(high) })),
      );
      ends.set(
        topic,
        Object.fromEntries(partitions.map(({ partition, high }) => [`${topic}/${partition}`, Number(high)])),
      );
    }
    const positions = await readPositions();
    const nowMs = Date.now();
    for (const [pipeline, read] of topics) {
      const reached = positions.get(pipeline) ?? {};
      const next = observe(unreached.get(pipeline) ?? {}, {
        ends: Object.assign({}, ...read.map((topic) => ends.get(topic) ?? {})) as Offsets,
        positions: reached,
        nowMs,
      });
      unreached.set(pipeline, next);
      lags.set(pipeline, lagOf(next, reached, nowMs));
      const partitions = read.flatMap((topic) => kept.get(topic) ?? []);
      const found = (await readers.get(pipeline)?.read(admin, { partitions, positions: reached, nowMs })) ?? null;
      retentions.set(pipeline, found);
      if (found === null) metrics.retentionLeftSeconds.remove({ pipeline });
      else metrics.retentionLeftSeconds.set({ pipeline }, Math.max(0, Date.parse(found.until) - nowMs) / 1000);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const admin = kafka.admin();
      try {
        await admin.connect();
        while (!signal.aborted) {
          await look(admin);
          await pause();
        }
      } catch (error) {
        lags.clear();
        retentions.clear();
        heartbeat = null;
        metrics.retentionLeftSeconds.reset();
        onFailure(error);
        await pause();
      } finally {
        await admin.disconnect().catch(() => undefined);
      }
    }
  }

  async function pause(): Promise<void> {
    await wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }

  return {
    of: (pipeline) => lags.get(pipeline) ?? null,
    retentionOf: (pipeline) => retentions.get(pipeline) ?? null,
    heartbeatAt: () => (heartbeat === null ? null : new Date(heartbeat.atMs).toISOString()),
    ended: run(),
  };
}
