import type { Dashboard } from '../dashboard.ts';

export const pipeline: Dashboard = {
  name: 'pipeline',
  title: 'Pipeline',
  description: 'One pipeline, or some: what comes in, where a batch spends its time, what goes out, what is left.',
  asksForPipeline: true,
  rows: [
    {
      title: 'Where it stands',
      panels: [
        {
          kind: 'stat',
          title: 'Behind',
          description: 'How long it has been behind Kafka.',
          unit: 's',
          limits: { look: 10, bad: 60 },
          query: { expr: 'max(mkondo:lag_seconds{pipeline=~"$pipeline"})', legend: 'behind' },
        },
        {
          kind: 'stat',
          title: 'In quarantine',
          description: 'Events and roots that could not be applied.',
          unit: 'none',
          limits: { look: 1, bad: 100 },
          query: { expr: 'sum(mkondo:quarantine_open{pipeline=~"$pipeline"})', legend: 'open' },
        },
        {
          kind: 'stat',
          title: 'Roots to derive',
          description: 'Marked, and not derived yet: after a pause, a reset or a large change there are many.',
          unit: 'none',
          limits: { look: 10_000, bad: 1_000_000 },
          query: { expr: 'sum(mkondo_v3_pipeline_dirty{pipeline=~"$pipeline"})', legend: 'dirty' },
        },
        {
          kind: 'stat',
          title: 'Roots that wait',
          description: 'Their parent is not in v3 yet; whoever writes it lets them go.',
          unit: 'none',
          limits: { look: 1, bad: 1_000 },
          query: { expr: 'sum(mkondo_v3_pipeline_waiting{pipeline=~"$pipeline"})', legend: 'waiting' },
        },
        {
          kind: 'stat',
          title: 'Operations under way',
          description: 'Resets, reprocesses, replays and mends that run.',
          unit: 'none',
          limits: null,
          query: { expr: 'sum(mkondo_v3_operations_running{pipeline=~"$pipeline"})', legend: 'operations' },
        },
        {
          kind: 'stat',
          title: 'Kafka keeps for',
          description: 'How long Kafka still keeps the oldest event that has not landed.',
          unit: 's',
          limits: { look: 7 * 86_400, bad: 86_400 },
          query: { expr: 'min(mkondo_retention_left_seconds{pipeline=~"$pipeline"})', legend: 'left' },
        },
        {
          kind: 'graph',
          title: 'Events to land',
          description: 'What Kafka holds and landing does not.',
          unit: 'none',
          limits: { look: 1_000, bad: 100_000 },
          queries: [{ expr: 'mkondo:lag_events{pipeline=~"$pipeline"}', legend: '{{pipeline}}' }],
        },
        {
          kind: 'graph',
          title: 'Mode',
          description: '1 for the mode that it is in. Anything but running means that v3 stands still.',
          unit: 'none',
          limits: null,
          queries: [
            {
              expr: 'max by (pipeline, mode) (mkondo_pipeline_mode{pipeline=~"$pipeline"}) == 1',
              legend: '{{pipeline}} {{mode}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Coming in',
      panels: [
        {
          kind: 'graph',
          title: 'Events',
          description: 'Change events landed or quarantined, by v2 table.',
          unit: 'cps',
          limits: null,
          queries: [
            {
              expr: 'sum by (table) (rate(mkondo_events_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{table}}',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Claims and signals',
          description: 'Claims are made for every new end of a topic; many share a signal to the workflow.',
          unit: 'cps',
          limits: null,
          queries: [
            { expr: 'sum(rate(mkondo_claims_total{pipeline=~"$pipeline"}[$__rate_interval]))', legend: 'claims' },
            { expr: 'sum(rate(mkondo_signals_total{pipeline=~"$pipeline"}[$__rate_interval]))', legend: 'signals' },
          ],
        },
        {
          kind: 'graph',
          title: 'From a claim to its signal, p99',
          description:
            'How long the bridge holds a claim until Temporal has it. While a pipeline is busy, seconds are meant.',
          unit: 's',
          limits: { look: 10, bad: 60 },
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(mkondo_delivery_seconds_bucket{pipeline=~"$pipeline"}[$__rate_interval])))',
              legend: 'p99',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Events in a batch',
          description: 'On average. Larger batches mean that more comes than can be applied one by one.',
          unit: 'none',
          limits: null,
          queries: [
            {
              expr: 'sum by (pipeline) (rate(mkondo_batch_events_sum{pipeline=~"$pipeline"}[$__rate_interval])) / sum by (pipeline) (rate(mkondo_batch_events_count{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{pipeline}}',
            },
          ],
        },
      ],
    },
    {
      title: 'On its way',
      panels: [
        {
          kind: 'graph',
          title: 'From v2 commit to v3 commit',
          description: 'Of the newest event of each batch.',
          unit: 's',
          limits: { look: 1, bad: 10 },
          queries: [
            { expr: 'mkondo:latency_seconds:p50{pipeline=~"$pipeline"}', legend: '{{pipeline}} p50' },
            { expr: 'mkondo:latency_seconds:p99{pipeline=~"$pipeline"}', legend: '{{pipeline}} p99' },
          ],
        },
        {
          kind: 'graph',
          title: 'Stages of a batch',
          description: 'Seconds in each second that go to each stage. What grows is what holds the pipeline up.',
          unit: 's',
          limits: { look: 0.7, bad: 1 },
          queries: [
            {
              expr: 'sum by (stage) (rate(mkondo_stage_seconds_sum{pipeline=~"$pipeline",stage!="batch"}[$__rate_interval]))',
              legend: '{{stage}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Going out',
      panels: [
        {
          kind: 'graph',
          title: 'Rows landed',
          description: 'Rows inserted, updated or deleted in landing, by v2 table.',
          unit: 'cps',
          limits: null,
          queries: [
            {
              expr: 'sum by (table) (rate(mkondo_rows_landed_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{table}}',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Roots derived',
          description: 'Roots whose v3 rows were computed; most give what is there already.',
          unit: 'cps',
          limits: null,
          queries: [
            {
              expr: 'sum by (pipeline) (rate(mkondo_roots_derived_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{pipeline}}',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Rows written',
          description: 'Rows inserted, updated or deleted in v3, by table.',
          unit: 'cps',
          limits: null,
          queries: [
            {
              expr: 'sum by (table) (rate(mkondo_rows_written_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{table}}',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Failures',
          description: 'By code; docs/errors.md says what each means. UNKNOWN is a bug.',
          unit: 'none',
          limits: { look: 1, bad: 10 },
          queries: [
            {
              expr: 'sum by (code) (increase(mkondo_errors_total{pipeline=~"$pipeline"}[$__rate_interval]))',
              legend: '{{code}}',
            },
          ],
        },
      ],
    },
  ],
};
