// Follows the topics of every pipeline: how far each holds data, told as soon as it grows. Rows are not wanted here, so the
// consumer jumps to the end of a topic at every batch, and a backlog of millions is not read through the bridge.
import { setTimeout as wait } from 'node:timers/promises';
import type { Admin, Consumer, Kafka } from 'kafkajs';
import { MkondoError } from '../model/errors.ts';

export interface FollowOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Those that do not exist yet are taken up when they appear: Debezium makes a topic at its first event. */
  readonly topics: readonly string[];
  /** The first offset that the partition does not hold yet. May be told again. */
  readonly onWatermark: (position: Position) => void;
  /** Every watermark was told; called again each time that they are. */
  readonly onFollowing: () => void;
  readonly onFailure: (error: MkondoError) => void;
  /** Up to where the group's offsets may be committed: what was claimed, and accepted. */
  readonly committable: () => readonly Position[];
  readonly signal: AbortSignal;
}

export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** One fetch of a partition brings this much at most; it is thrown away, so it is as small as Kafka allows to be useful. */
const PARTITION_BYTES = 16 * 1024;
const LOOK_FOR_TOPICS_MS = 5_000;
/** Watermarks are asked for as well, in case that a fetch was missed. */
const ASK_FOR_WATERMARKS_MS = 30_000;
/** Asked for this often while the group is joined: after a crash that takes until the dead member's session is over. */
const JOINING_MS = 500;
const SESSION_MS = 10_000;
const BACK_OFF_MOST_MS = 3_000;
/** A consumer that is joining its group takes long to leave it; a bridge that ends does not wait for that. */
const FAREWELL_MS = 3_000;

/** Follows until the signal is given. Never fails: Kafka's absence is told, and waited for. */
export async function follow(options: FollowOptions): Promise<void> {
  const { signal, onFailure, onFollowing } = options;
  for (let failures = 0; !signal.aborted;) {
    try {
      await followKnownTopics({
        ...options,
        onFollowing() {
          failures = 0;
          onFollowing();
        },
      });
    } catch (cause) {
      failures += 1;
      onFailure(
        new MkondoError(
          'KAFKA_UNAVAILABLE',
          `Following Kafka failed: ${cause instanceof Error ? cause.message : String(cause)}.`,
          {
            advice: 'The bridge tries again by itself. If this lasts, look at Kafka and at MKONDO_KAFKA_BROKERS.',
            cause,
          },
        ),
      );
      await pause(Math.min(250 * 2 ** failures, BACK_OFF_MOST_MS), signal);
    }
  }
}

/** Ends when another topic has appeared, or at the signal; throws when the consumer or Kafka is gone. */
async function followKnownTopics(options: FollowOptions): Promise<void> {
  const { kafka, groupId, signal, onFollowing } = options;
  const admin = kafka.admin();
  const consumer = kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxBytesPerPartition: PARTITION_BYTES,
    // Short, so that the consumer ends quickly; data is answered at once whatever this says.
    maxWaitTimeInMs: 1_000,
    sessionTimeout: SESSION_MS,
    readUncommitted: true,
  });
  const committed = new Map<string, number>();
  let crash: Error | null = null;
  let isJoined = false;
  consumer.on(consumer.events.CRASH, ({ payload }) => (crash = payload.restart ? crash : payload.error));
  try {
    await admin.connect();
    const topics = await existing(admin, options.topics);
    if (topics.length > 0) {
      void consume(consumer, topics, options).then(
        () => (isJoined = true),
        (error: unknown) => (crash = error instanceof Error ? error : new Error(String(error))),
      );
    }
    for (let askedMs = 0; ; await pause(isJoined ? LOOK_FOR_TOPICS_MS : JOINING_MS, signal)) {
      if (crash !== null) throw crash as Error;
      if (isJoined) await commit(consumer, options.committable(), committed);
      if (signal.aborted) return;
      if ((await existing(admin, options.topics)).length > topics.length) return;
      if (!isJoined || Date.now() - askedMs >= ASK_FOR_WATERMARKS_MS) {
        // Once more after the group was joined, for what came between the last question and the first fetch.
        askedMs = isJoined ? Date.now() : 0;
        await tellWatermarks(admin, topics, options);
        onFollowing();
      }
    }
  } finally {
    const farewell = Promise.allSettled([consumer.disconnect(), admin.disconnect()]);
    await (signal.aborted ? Promise.race([farewell, wait(FAREWELL_MS)]) : farewell);
  }
}

async function consume(consumer: Consumer, topics: readonly string[], options: FollowOptions): Promise<void> {
  await consumer.connect();
  // From the beginning where the group has no offset: the first fetch jumps to the end, and no event falls between.
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch }) => {
      const { topic, partition, highWatermark } = batch;
      options.onWatermark({ topic, partition, offset: Number(highWatermark) });
      consumer.seek({ topic, partition, offset: highWatermark });
    },
  });
}

async function existing(admin: Admin, wanted: readonly string[]): Promise<readonly string[]> {
  const all = new Set(await admin.listTopics());
  return wanted.filter((topic) => all.has(topic));
}

async function tellWatermarks(admin: Admin, topics: readonly string[], { onWatermark }: FollowOptions): Promise<void> {
  for (const topic of topics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
      onWatermark({ topic, partition, offset: Number(high) });
    }
  }
}

/** Commits what has changed since the last time. Losing a commit only repeats a claim. */
async function commit(
  consumer: Consumer,
  positions: readonly Position[],
  committed: Map<string, number>,
): Promise<void> {
  const news = positions.filter(({ topic, partition, offset }) => committed.get(`${topic}/${partition}`) !== offset);
  if (news.length === 0) return;
  await consumer.commitOffsets(
    news.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })),
  );
  for (const { topic, partition, offset } of news) committed.set(`${topic}/${partition}`, offset);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
