// How long Kafka still keeps what a pipeline has not landed, for the page of a pipeline that does not get on.
import { Kafka, logLevel } from '../model/kafka.ts';
import { createRetentionReader } from '../model/retention.ts';
import type { Partition, Retention } from '../model/retention.ts';
import type { Offsets } from './contract.ts';
import type { Engine } from './engine.ts';

/** Our schema is not asked: v3 may be what does not answer. */
export async function readRetention(engine: Engine, applied: Offsets): Promise<Retention | null> {
  const kafka = new Kafka({
    clientId: `mkondo-${engine.name}-retention`,
    brokers: [...engine.deps.brokers],
    retry: { retries: 2, initialRetryTime: 200 },
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const partitions: Partition[] = [];
    for (const topic of engine.topics.filter((each) => existing.has(each))) {
      for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
        partitions.push({ topic, partition, low: Number(low), high: Number(high) });
    }
    return await createRetentionReader().read(admin, { partitions, positions: applied, nowMs: Date.now() });
  } finally {
    await admin.disconnect();
  }
}
