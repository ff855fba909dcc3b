import type { Dashboard } from '../dashboard.ts';

export const kafka: Dashboard = {
  name: 'kafka',
  title: 'Kafka and Debezium',
  description:
    'From the replication slot to the topics: whether capture runs, how far behind it is, what the topics hold.',
  rows: [
    {
      title: 'Debezium',
      panels: [
        {
          kind: 'stat',
          title: 'Tasks that run',
          description: 'One: there is one slot.',
          unit: 'none',
          limits: { look: 1, bad: 0.5 },
          query: { expr: 'sum(kafka_connect_running_tasks)', legend: 'running' },
        },
        {
          kind: 'stat',
          title: 'Tasks that failed',
          description: 'A failed task does not start again by itself.',
          unit: 'none',
          limits: { look: 0.5, bad: 1 },
          query: { expr: 'sum(kafka_connect_failed_tasks)', legend: 'failed' },
        },
        {
          kind: 'stat',
          title: 'Connected to v2',
          description: '1 while it streams from the slot.',
          unit: 'none',
          limits: { look: 1, bad: 0.5 },
          query: { expr: 'max(debezium_connected{context="streaming"})', legend: 'connected' },
        },
        {
          kind: 'stat',
          title: 'Heartbeats',
          description: 'One in five seconds, also when v2 is silent.',
          unit: 'cps',
          limits: { look: 0.1, bad: 0.01 },
          query: { expr: 'mkondo:heartbeats:rate', legend: 'heartbeats' },
        },
        {
          kind: 'stat',
          title: 'Tables left to snapshot',
          description: 'Not 0 while the first state of the tables is being read.',
          unit: 'none',
          limits: null,
          query: { expr: 'max(debezium_remainingtablecount)', legend: 'tables' },
        },
        {
          kind: 'stat',
          title: 'Erroneous events',
          description: 'Events that Debezium could not make; its log has why.',
          unit: 'none',
          limits: { look: 1, bad: 10 },
          query: { expr: 'sum(debezium_numberoferroneousevents_total)', legend: 'events' },
        },
        {
          kind: 'graph',
          title: 'Behind v2',
          description: 'From a commit in v2 to its event in Debezium.',
          unit: 'ms',
          limits: { look: 1_000, bad: 10_000 },
          queries: [{ expr: 'debezium_millisecondsbehindsource{context="streaming"}', legend: 'behind' }],
        },
        {
          kind: 'graph',
          title: 'Events seen',
          description: 'By the snapshot, and by streaming.',
          unit: 'cps',
          limits: null,
          queries: [
            {
              expr: 'sum by (context) (rate(debezium_totalnumberofeventsseen_total[$__rate_interval]))',
              legend: '{{context}}',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Queue to Kafka',
          description: 'Share of the queue that is full. Full means that Kafka takes less than v2 gives.',
          unit: 'percentunit',
          limits: { look: 0.5, bad: 0.9 },
          queries: [
            {
              expr: '1 - debezium_queueremainingcapacity{context="streaming"} / debezium_queuetotalcapacity{context="streaming"}',
              legend: 'used',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Records, errors and retries of the task',
          description: 'What Connect has written; errors and retries belong to 0.',
          unit: 'cps',
          limits: null,
          queries: [
            { expr: 'rate(kafka_connect_source_records_write_total[$__rate_interval])', legend: 'written' },
            { expr: 'rate(kafka_connect_task_record_errors_total[$__rate_interval])', legend: 'errors' },
            { expr: 'rate(kafka_connect_task_retries_total[$__rate_interval])', legend: 'retries' },
          ],
        },
      ],
    },
    {
      title: 'Kafka',
      panels: [
        {
          kind: 'graph',
          title: 'Messages in',
          description: 'Of all topics together.',
          unit: 'cps',
          limits: null,
          queries: [{ expr: 'rate(kafka_broker_messagesin_total[$__rate_interval])', legend: 'messages' }],
        },
        {
          kind: 'graph',
          title: 'Bytes in and out',
          description: 'Out is a multiple of in: several pipelines read a topic.',
          unit: 'Bps',
          limits: null,
          queries: [
            { expr: 'rate(kafka_broker_bytesin_total[$__rate_interval])', legend: 'in' },
            { expr: 'rate(kafka_broker_bytesout_total[$__rate_interval])', legend: 'out' },
          ],
        },
        {
          kind: 'graph',
          title: 'Largest topics',
          description: 'Ten of them. What a topic holds is what a pipeline could read again.',
          unit: 'bytes',
          limits: null,
          queries: [{ expr: 'topk(10, sum by (topic) (kafka_log_size_bytes))', legend: '{{topic}}' }],
        },
        {
          kind: 'graph',
          title: 'Requests, p99',
          description: 'A fetch waits for news up to half a second, so that is its usual figure.',
          unit: 'ms',
          limits: { look: 600, bad: 2_000 },
          queries: [{ expr: 'kafka_request_p99_milliseconds', legend: '{{request}}' }],
        },
        {
          kind: 'graph',
          title: 'Partitions in trouble',
          description: 'Under-replicated: a broker is missing. Offline: nobody can read or write.',
          unit: 'none',
          limits: { look: 0.5, bad: 1 },
          queries: [
            { expr: 'kafka_under_replicated_partitions', legend: 'under-replicated' },
            { expr: 'kafka_offline_partitions', legend: 'offline' },
          ],
        },
        {
          kind: 'graph',
          title: 'Heap',
          description: 'Of Kafka and of Connect; their limits are set where they are started.',
          unit: 'bytes',
          limits: { look: 512 * 1024 ** 2, bad: 768 * 1024 ** 2 },
          queries: [{ expr: 'jvm_memory_used_bytes{job=~"kafka|connect",area="heap"}', legend: '{{job}}' }],
        },
      ],
    },
  ],
};
