import type { Dashboard } from '../dashboard.ts';

export const trust: Dashboard = {
  name: 'trust',
  title: 'Can I trust v3 now?',
  description:
    'One row for each pipeline. Where the first column is 0, v3 shows what eLMIS holds, and somebody has looked.',
  rows: [
    {
      title: 'In short',
      panels: [
        {
          kind: 'stat',
          title: 'Pipelines in doubt',
          description:
            'Pipelines that are behind, stopped, differ, were not verified in time, or have something in quarantine.',
          unit: 'none',
          limits: { look: 1, bad: 3 },
          query: { expr: 'count(mkondo:doubts > 0) or 0 * count(mkondo:doubts)', legend: 'in doubt' },
        },
        {
          kind: 'stat',
          title: 'Furthest behind',
          description: 'How long the slowest pipeline has been behind Kafka. Seconds are usual under load.',
          unit: 's',
          limits: { look: 10, bad: 60 },
          query: { expr: 'max(mkondo:lag_seconds)', legend: 'lag' },
        },
        {
          kind: 'stat',
          title: 'In quarantine',
          description: 'Events and roots that could not be applied. The rest is not held up by them.',
          unit: 'none',
          limits: { look: 1, bad: 100 },
          query: { expr: 'sum(mkondo:quarantine_open)', legend: 'open' },
        },
        {
          kind: 'stat',
          title: 'Rows that differ',
          description: 'What the last verifications against landing found. `mend` derives these roots again.',
          unit: 'none',
          limits: { look: 1, bad: 10 },
          query: { expr: 'sum(mkondo:verification_differences)', legend: 'rows' },
        },
        {
          kind: 'stat',
          title: 'Alerts',
          description: 'Alerts that are told just now; docs/runbooks.md says what to do for each.',
          unit: 'none',
          limits: { look: 1, bad: 3 },
          query: { expr: 'count(ALERTS{alertstate="firing"}) or vector(0)', legend: 'alerts' },
        },
        {
          kind: 'stat',
          title: 'Workers',
          description: 'Workers that answer. Without one nothing is landed and nothing derived.',
          unit: 'none',
          limits: { look: 1, bad: 0.5 },
          query: { expr: 'sum(up{job="worker"})', legend: 'workers' },
        },
      ],
    },
    {
      title: 'By pipeline',
      panels: [
        {
          kind: 'table',
          title: 'Pipelines',
          description: 'A row for each pipeline; what is coloured is a reason for doubt.',
          unit: 'none',
          limits: null,
          by: 'pipeline',
          columns: [
            { legend: 'Reasons for doubt', expr: 'mkondo:doubts', unit: 'none', limits: { look: 1, bad: 2 } },
            { legend: 'Behind', expr: 'mkondo:lag_seconds', unit: 's', limits: { look: 10, bad: 60 } },
            {
              legend: 'Events to land',
              expr: 'mkondo:lag_events',
              unit: 'none',
              limits: { look: 1_000, bad: 100_000 },
            },
            { legend: 'Latency p99', expr: 'mkondo:latency_seconds:p99', unit: 's', limits: { look: 1, bad: 10 } },
            { legend: 'In quarantine', expr: 'mkondo:quarantine_open', unit: 'none', limits: { look: 1, bad: 100 } },
            {
              legend: 'Rows that differ',
              expr: 'mkondo:verification_differences',
              unit: 'none',
              limits: { look: 1, bad: 10 },
            },
            {
              legend: 'Verified ago',
              expr: 'mkondo:verification_age_seconds',
              unit: 's',
              limits: { look: 7_200, bad: 10_800 },
            },
            {
              legend: 'Stopped',
              expr: 'max by (pipeline) (mkondo_v3_pipeline_stopped)',
              unit: 'none',
              limits: { look: 0.5, bad: 1 },
            },
            {
              legend: 'Roots waiting for a parent',
              expr: 'max by (pipeline) (mkondo_v3_pipeline_waiting)',
              unit: 'none',
              limits: { look: 1, bad: 1_000 },
            },
          ],
        },
      ],
    },
    {
      title: 'Over time',
      panels: [
        {
          kind: 'graph',
          title: 'Behind Kafka',
          description: 'How long each pipeline has been behind; the line is where an alert begins.',
          unit: 's',
          limits: { look: 10, bad: 60 },
          queries: [{ expr: 'mkondo:lag_seconds', legend: '{{pipeline}}' }],
        },
        {
          kind: 'graph',
          title: 'From v2 commit to v3 commit, p99',
          description: 'Of the newest event of each batch. One second is what we promise under usual load.',
          unit: 's',
          limits: { look: 1, bad: 10 },
          queries: [{ expr: 'mkondo:latency_seconds:p99', legend: '{{pipeline}}' }],
        },
        {
          kind: 'graph',
          title: 'Processor of this machine',
          description: 'Share of all processors that is busy. When it is all of it, more workers here do not help.',
          unit: 'percentunit',
          limits: { look: 0.8, bad: 0.95 },
          queries: [
            {
              expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
              legend: '{{instance}}',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Memory of our processes',
          description: 'Resident memory. Each is to stay under 512 MiB.',
          unit: 'bytes',
          limits: { look: 450 * 1024 ** 2, bad: 512 * 1024 ** 2 },
          queries: [{ expr: 'process_resident_memory_bytes{job=~"worker|bridge|api"}', legend: '{{job}}' }],
        },
      ],
    },
  ],
};
