// Reading Kafka at given positions, at once and without a consumer group: one long-polling fetch over all topics of a
// pipeline. docs/decisions/0003 compares the clients.
import { Admin, Consumer, ListOffsetTimestamps } from '@platformatic/kafka';
import type { KafkaMessage } from '../model/change-event.ts';
import { MkondoError } from '../model/errors.ts';
import type { Offsets } from './contract.ts';

export interface Chunk {
  readonly messages: readonly KafkaMessage[];
  /** Where reading goes on, for every partition that was read. Passes over offsets that hold no record. */
  readonly next: Offsets;
  /** So many more events Kafka holds already, as its offsets count. */
  readonly behind: number;
}

export interface TopicBounds {
  readonly start: number;
  readonly end: number;
}

/** Partition -> where it begins and ends. */
export type Bounds = Readonly<Record<string, TopicBounds>>;

export interface TopicReader {
  /** Partitions ('<topic>/<partition>') of the wanted topics that exist now. */
  partitions: () => Promise<readonly string[]>;
  /**
   * Reads from the positions on. Waits up to `maxWaitMs` when nothing is there.
   * @throws MkondoError OFFSET_OUT_OF_RANGE with what was lost, KAFKA_UNAVAILABLE
   */
  read: (positions: Offsets, options: { readonly maxWaitMs: number; readonly maxBytes: number }) => Promise<Chunk>;
  bounds: () => Promise<Bounds>;
  /** The first offset at or after a time, for every partition; the end where there is none. */
  offsetsAt: (timeMs: number) => Promise<Offsets>;
  close: () => Promise<void>;
}

const OFFSET_OUT_OF_RANGE = 1;
/** Codes that pass by themselves: the leader moves, or the topic is made just now. */
const PASSING = new Set([3, 5, 6, 9, 74, 76, 100, 103]);
type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;
/** One answer carries at most this much of one partition, or three quarters of the answer, so that one topic cannot starve the others. */
const PARTITION_BYTES = 3 * 1024 * 1024;
/** With more than this waiting, partitions are read at a pace at which all of them end together. */
const PACED_EVENTS = 10_000;
/** Least of one partition in an answer: a batch of Debezium's producer (16 KB by default) must fit. A bigger one comes in its turn. */
const LEAST_BYTES = 32 * 1024;

/**
 * How much of each partition one answer may carry. Far behind, in proportion to what waits there: rows that belong
 * together, in several topics, come at about the same time, and a root need not be derived before it is whole.
 */
export function paceOf(positions: Offsets, ends: Offsets, maxBytes: number): Readonly<Record<string, number>> {
  const waiting = Object.entries(positions).map(
    ([at, offset]) => [at, Math.max(0, (ends[at] ?? offset) - offset)] as const,
  );
  const all = waiting.reduce((sum, [, events]) => sum + events, 0);
  return Object.fromEntries(
    waiting.map(([at, events]) => [
      at,
      all < PACED_EVENTS
        ? Math.min(PARTITION_BYTES, Math.floor((maxBytes * 3) / 4))
        : Math.max(LEAST_BYTES, Math.floor((maxBytes * events) / all)),
    ]),
  );
}

/**
 * The positions in another order at each turn. Kafka fills an answer in the order that was asked for, and sends what is bigger
 * than the answer only when it is the first: a partition that always stood behind busy ones would have to wait for them.
 */
export function inTurn(positions: Offsets, turn: number): Offsets {
  const entries = Object.entries(positions);
  const first = entries.length === 0 ? 0 : turn % entries.length;
  return Object.fromEntries([...entries.slice(first), ...entries.slice(0, first)]);
}

export function createTopicReader(options: {
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  readonly clientId: string;
}): TopicReader {
  const connection = {
    clientId: options.clientId,
    bootstrapBrokers: [...options.brokers],
    // The activity is the one that tries again, with its state in order.
    retries: 1,
    retryDelay: 200,
    connectTimeout: 3000,
    timeout: 15_000,
  };
  const consumer = new Consumer({
    ...connection,
    groupId: `${options.clientId}-reads-without-a-group`,
    autocreateTopics: false,
    metadataMaxAge: 30_000,
  });
  const admin = new Admin(connection);
  let known = new Map<
    string,
    { readonly id: string; readonly partitions: readonly { readonly leader: number; readonly leaderEpoch: number }[] }
  >();

  const refresh = async (): Promise<void> => {
    // Debezium makes a topic at its first event, so some may be missing for long.
    const all = new Set(await admin.listTopics());
    const existing = options.topics.filter((topic) => all.has(topic));
    for (const topic of existing) if (!known.has(topic)) consumer.topics.track(topic);
    if (existing.length === 0) return;
    const metadata = await consumer.metadata({ topics: [...existing], forceUpdate: true });
    known = new Map(
      [...metadata.topics].map(([topic, { id, partitions }]) => [
        topic,
        { id, partitions: partitions.map(({ leader, leaderEpoch }) => ({ leader, leaderEpoch })) },
      ]),
    );
  };

  /** Ends of the partitions, as they were last heard of. */
  const ends: Record<string, number> = {};
  let turn = 0;

  const reader: TopicReader = {
    async partitions() {
      if (Object.keys(ends).length === 0) Object.assign(ends, await offsets(ListOffsetTimestamps.LATEST));
      else await reach('list topics', refresh);
      return [...known].flatMap(([topic, { partitions }]) => partitions.map((_, partition) => `${topic}/${partition}`));
    },

    async read(positions, { maxWaitMs, maxBytes }) {
      if (known.size === 0) await reach('list topics', refresh);
      turn += 1;
      const byLeader = groupByLeader(inTurn(positions, turn), { known, pace: paceOf(positions, ends, maxBytes) });
      const responses = await reach('fetch', () =>
        Promise.all(
          [...byLeader].map(([node, topics]) =>
            consumer
              .fetch({
                node,
                topics: [...topics],
                maxWaitTime: maxWaitMs,
                minBytes: 1,
                maxBytes,
                isolationLevel: 0,
              })
              .catch(answerIn),
          ),
        ),
      );
      const names = new Map([...known].map(([topic, { id }]) => [id, topic]));
      const chunks = responses.map((response) => readResponse(response, names, positions));
      Object.assign(ends, ...chunks.map((chunk) => chunk.ends));
      const [lost] = chunks.flatMap((chunk) => chunk.outOfRange);
      if (lost !== undefined) {
        // The answer to such a fetch does not say what Kafka holds (-1 for both ends): ask.
        const { start, end } = (await reader.bounds())[lost] ?? { start: 0, end: 0 };
        throw outOfRange(lost, positions[lost] ?? 0, start, end);
      }
      if (chunks.some((chunk) => chunk.isStale)) await reach('list topics', refresh);
      return {
        messages: chunks.flatMap((chunk) => chunk.messages),
        next: Object.assign({}, ...chunks.map((chunk) => chunk.next)) as Offsets,
        behind: chunks.reduce((sum, chunk) => sum + chunk.behind, 0),
      };
    },

    async bounds() {
      const [starts, ends] = [await offsets(ListOffsetTimestamps.EARLIEST), await offsets(ListOffsetTimestamps.LATEST)];
      return Object.fromEntries(Object.entries(ends).map(([at, end]) => [at, { start: starts[at] ?? 0, end }]));
    },

    async offsetsAt(timeMs) {
      const [found, ends] = [await offsets(BigInt(timeMs)), await offsets(ListOffsetTimestamps.LATEST)];
      return Object.fromEntries(
        Object.entries(ends).map(([at, end]) => [at, (found[at] ?? -1) < 0 ? end : (found[at] as number)]),
      );
    },

    async close() {
      await Promise.all([consumer.close(true), admin.close()]);
    },
  };

  async function offsets(timestamp: bigint): Promise<Offsets> {
    await reach('list topics', refresh);
    if (known.size === 0) return {};
    const listed = await reach('list offsets', () => consumer.listOffsets({ topics: [...known.keys()], timestamp }));
    return Object.fromEntries(
      [...listed].flatMap(([topic, list]) =>
        list.map((offset, partition) => [`${topic}/${partition}`, Number(offset)]),
      ),
    );
  }

  return reader;
}

function groupByLeader(
  positions: Offsets,
  {
    known,
    pace,
  }: {
    readonly known: ReadonlyMap<
      string,
      { readonly id: string; readonly partitions: readonly { readonly leader: number; readonly leaderEpoch: number }[] }
    >;
    readonly pace: Readonly<Record<string, number>>;
  },
): ReadonlyMap<number, readonly { topicId: string; partitions: FetchPartition[] }[]> {
  const byLeader = new Map<number, Map<string, FetchPartition[]>>();
  for (const [at, offset] of Object.entries(positions)) {
    const { topic, partition } = parsePosition(at);
    const found = known.get(topic);
    const leader = found?.partitions[partition];
    if (found === undefined || leader === undefined) continue;
    const topics = byLeader.get(leader.leader) ?? new Map<string, FetchPartition[]>();
    byLeader.set(leader.leader, topics);
    const partitions = topics.get(found.id) ?? [];
    topics.set(found.id, partitions);
    partitions.push({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: pace[at] ?? PARTITION_BYTES,
    });
  }
  return new Map(
    [...byLeader].map(([node, topics]) => [
      node,
      [...topics].map(([topicId, partitions]) => ({ topicId, partitions })),
    ]),
  );
}

interface FetchPartition {
  partition: number;
  currentLeaderEpoch: number;
  fetchOffset: bigint;
  lastFetchedEpoch: number;
  partitionMaxBytes: number;
}

function readResponse(
  response: FetchResponse,
  names: ReadonlyMap<string, string>,
  positions: Offsets,
): Chunk & { readonly ends: Offsets; readonly isStale: boolean; readonly outOfRange: readonly string[] } {
  const messages: KafkaMessage[] = [];
  const next: Record<string, number> = {};
  const ends: Record<string, number> = {};
  const outOfRange: string[] = [];
  let behind = 0;
  let isStale = false;
  for (const { topicId, partitions } of response.responses) {
    const topic = names.get(topicId);
    if (topic === undefined) continue;
    for (const partition of partitions) {
      const at = `${topic}/${partition.partitionIndex}`;
      const from = positions[at] ?? 0;
      if (partition.errorCode === OFFSET_OUT_OF_RANGE) {
        outOfRange.push(at);
        continue;
      }
      if (PASSING.has(partition.errorCode)) {
        isStale = true;
        continue;
      }
      if (partition.errorCode !== 0)
        throw unavailable(`Kafka refused to read ${at} (error code ${partition.errorCode})`);
      let to = from;
      for (const batch of partition.records ?? []) {
        const isControl = (batch.attributes & 0x20) !== 0;
        for (const record of batch.records) {
          const offset = Number(batch.firstOffset) + record.offsetDelta;
          if (offset < from || isControl) continue;
          messages.push({
            topic,
            partition: partition.partitionIndex,
            offset,
            key: record.key,
            value: record.value,
            headers: record.headers,
          });
        }
        // A batch ends where it says, also when compaction took its last records away.
        to = Math.max(to, Number(batch.firstOffset) + batch.lastOffsetDelta + 1);
      }
      if (to > from) next[at] = to;
      ends[at] = Number(partition.highWatermark);
      behind += Math.max(0, Number(partition.highWatermark) - to);
    }
  }
  return { messages, next, ends, behind, isStale, outOfRange };
}

/** The error for positions that Kafka does not hold any more (or, after a topic was made anew, not yet). */
export function outOfRange(at: string, from: number, start: number, end: number): MkondoError {
  const isLost = from < start;
  return new MkondoError(
    'OFFSET_OUT_OF_RANGE',
    isLost
      ? `Kafka no longer holds ${at} from offset ${from}: it begins at ${start}, so ${start - from} event(s) are lost to this pipeline.`
      : `Kafka holds ${at} only up to offset ${end}, but this pipeline has already read up to ${from}: the topic was made anew, or its data was lost.`,
    {
      advice: `First have the table read again (an incremental snapshot through Debezium's signal channel), then replay this pipeline from offset ${isLost ? start : 0} of ${at}: that says that the gap is known. Nothing was skipped.`,
    },
  );
}

export function parsePosition(at: string): { readonly topic: string; readonly partition: number } {
  const slash = at.lastIndexOf('/');
  return { topic: at.slice(0, slash), partition: Number(at.slice(slash + 1)) };
}

function unavailable(message: string, cause?: unknown): MkondoError {
  return new MkondoError('KAFKA_UNAVAILABLE', message, {
    advice: 'Nothing is lost: reading is tried again until Kafka answers. See whether the brokers run.',
    cause,
  });
}

/** The client throws when any partition answers with an error; what Kafka said of each partition stands in the answer. */
function answerIn(error: unknown): FetchResponse {
  const { code, response } = error as { readonly code?: string; readonly response?: FetchResponse };
  if (code === 'PLT_KFK_RESPONSE' && response?.errorCode === 0) return response;
  throw error;
}

async function reach<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof MkondoError) throw error;
    throw unavailable(`Kafka did not answer (${what}): ${(error as Error).message}`, error);
  }
}
