// One short conversation with Kafka's administration.
import { Admin } from '@platformatic/kafka';

/** Connects, works, disconnects. Fails at once when the broker does not answer: the caller decides whether to ask again. */
export async function withKafkaAdmin<T>(broker: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({
    clientId: 'mkondo-local',
    bootstrapBrokers: [broker],
    retries: 0,
    connectTimeout: 2000,
    timeout: 10_000,
  });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
