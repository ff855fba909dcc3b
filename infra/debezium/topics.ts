// The topics that Debezium writes, and their settings: declared once, for the connector and for whoever makes them first.

const dayMs = 24 * 60 * 60 * 1000;

/** Topic of a table: `public.products` -> `elmis.public.products`. */
export function topicOf({ prefix, table }: { readonly prefix: string; readonly table: string }): string {
  return `${prefix}.${table}`;
}

/** Topic of the heartbeats, which tell a quiet v2 from a dead connector. */
export function heartbeatTopicOf(prefix: string): string {
  return `__debezium-heartbeat.${prefix}`;
}

export const topicPartitions = 1; // one: order holds in a whole table, for truncates and keys that change hands, too

/** Kafka's settings of a change event topic. */
export const topicSettings = {
  // Nothing is compacted away: each event counts, and a claim names every offset up to its end.
  'cleanup.policy': 'delete',
  // Longer than the longest pause. What Kafka forgets has to be read from v2 again.
  'retention.ms': String(90 * dayMs),
  'max.message.bytes': String(16 * 1024 * 1024),
} as const satisfies Readonly<Record<string, string>>;
