// What Prometheus asks. Which addresses a job has is told by a file of its own, so that the rest is the same everywhere.
import type { Ports } from '../local/ports.ts';

export interface Job {
  readonly name: string;
  readonly what: string;
  /** Its address in the local stack. */
  readonly port: keyof Ports;
  /** One of ours, which the stack may be told not to start. */
  readonly isOurs?: true;
  /** A regular expression of what is kept of very much. */
  readonly keeps?: string;
}

export const jobs: readonly Job[] = [
  { name: 'bridge', what: 'claims, lag and modes of all pipelines', port: 'bridge', isOurs: true },
  { name: 'worker', what: 'batches, rows, losses, errors', port: 'worker', isOurs: true },
  { name: 'worker-temporal', what: "the Temporal SDK's view of the worker", port: 'workerTemporal', isOurs: true },
  { name: 'api', what: 'requests, verification, retention', port: 'api', isOurs: true },
  {
    name: 'temporal',
    what: 'the Temporal server',
    port: 'temporalMetrics',
    keeps: [
      'service_requests',
      'service_error_with_type',
      'service_latency_bucket',
      'persistence_requests',
      'persistence_latency_bucket',
      'state_transition_count_sum',
      'workflow_(success|failed|timeout|continued_as_new)',
      'memory_heapinuse',
      'process_.+',
    ].join('|'),
  },
  { name: 'kafka', what: 'the broker, by JMX', port: 'kafkaJmx' },
  { name: 'connect', what: 'Kafka Connect and Debezium, by JMX', port: 'connectJmx' },
  { name: 'v2', what: "v2's replication slot, by views of replication alone", port: 'v2Exporter' },
  { name: 'v3', what: "v3's server and our books", port: 'v3Exporter' },
  { name: 'host', what: 'processor, memory, disks', port: 'nodeExporter' },
  { name: 'prometheus', what: 'Prometheus itself', port: 'prometheus' },
  { name: 'alertmanager', what: 'Alertmanager', port: 'alertmanager' },
];

/** A file of Prometheus' file discovery. */
export function targetsFile(addresses: readonly string[]): string {
  return `${JSON.stringify([{ targets: addresses }], null, 2)}\n`;
}
