// How many messages Kafka's topics hold. All our topics have one partition.
import { Consumer, ListOffsetTimestamps } from '@platformatic/kafka';

/** Topic -> the offset behind its last message. */
export async function logEnds({
  broker,
  topics,
}: {
  readonly broker: string;
  readonly topics: readonly string[];
}): Promise<ReadonlyMap<string, number>> {
  const consumer = new Consumer({
    clientId: 'bench',
    groupId: 'bench-reads-without-a-group',
    bootstrapBrokers: [broker],
    retries: 3,
  });
  try {
    const listed = await consumer.listOffsets({ topics: [...topics], timestamp: ListOffsetTimestamps.LATEST });
    return new Map([...listed].map(([topic, [end]]) => [topic, Number(end ?? 0)]));
  } finally {
    await consumer.close(true);
  }
}
