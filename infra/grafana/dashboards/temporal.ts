import type { Dashboard } from '../dashboard.ts';

export const temporal: Dashboard = {
  name: 'temporal',
  title: 'Temporal',
  description: 'The server, and how the workers keep up with it.',
  rows: [
    {
      title: 'The task queue',
      panels: [
        {
          kind: 'graph',
          title: 'Oldest task that waits',
          description: 'By type. Over a minute: no worker, or all slots taken.',
          unit: 's',
          limits: { look: 10, bad: 60 },
          queries: [{ expr: 'mkondo:backlog_age_seconds', legend: '{{type}}' }],
        },
        {
          kind: 'graph',
          title: 'Tasks that wait',
          description: 'About, as Temporal counts them.',
          unit: 'none',
          limits: { look: 20, bad: 100 },
          queries: [{ expr: 'mkondo_task_queue_backlog_tasks', legend: '{{type}}' }],
        },
        {
          kind: 'graph',
          title: 'From scheduled to started, p99',
          description: 'How long tasks wait for a worker.',
          unit: 's',
          limits: { look: 1, bad: 5 },
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(temporal_workflow_task_schedule_to_start_latency_seconds_bucket[$__rate_interval])))',
              legend: 'workflow',
            },
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(temporal_activity_schedule_to_start_latency_seconds_bucket[$__rate_interval])))',
              legend: 'activity',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Slots taken',
          description: 'Share of what a worker may do at once.',
          unit: 'percentunit',
          limits: { look: 0.8, bad: 0.95 },
          queries: [
            {
              expr: 'temporal_worker_task_slots_used / (temporal_worker_task_slots_used + temporal_worker_task_slots_available)',
              legend: '{{worker_type}}',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Pollers',
          description: 'Requests for work that are open. None: the worker is not connected.',
          unit: 'none',
          limits: { look: 1, bad: 0.5 },
          queries: [
            { expr: 'sum by (poller_type) (temporal_num_pollers{job="worker-temporal"})', legend: '{{poller_type}}' },
          ],
        },
        {
          kind: 'graph',
          title: 'Workflows in memory',
          description: 'One for each pipeline, beside operations and verifications.',
          unit: 'none',
          limits: { look: 150, bad: 200 },
          queries: [{ expr: 'sum(temporal_sticky_cache_size)', legend: 'workflows' }],
        },
      ],
    },
    {
      title: 'The server',
      panels: [
        {
          kind: 'graph',
          title: 'Requests',
          description: 'The ten commonest. Signals are one for many changes: they do not grow with rows.',
          unit: 'reqps',
          limits: null,
          queries: [
            {
              expr: 'topk(10, sum by (operation) (rate(service_requests{service_name="frontend"}[$__rate_interval])))',
              legend: '{{operation}}',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Errors',
          description: 'By type. NotFound and Canceled come with every start and end of a worker.',
          unit: 'reqps',
          limits: { look: 1, bad: 10 },
          queries: [
            {
              expr: 'sum by (error_type) (rate(service_error_with_type[$__rate_interval]))',
              legend: '{{error_type}}',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Signals: latency, p99',
          description: 'How long a signal takes to be accepted.',
          unit: 's',
          limits: { look: 0.5, bad: 2 },
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(service_latency_bucket{service_name="frontend",operation="SignalWithStartWorkflowExecution"}[$__rate_interval])))',
              legend: 'p99',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'Database: latency, p99',
          description: "Of Temporal's own database.",
          unit: 's',
          limits: { look: 0.5, bad: 2 },
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(persistence_latency_bucket[$__rate_interval])))',
              legend: 'p99',
            },
          ],
        },
        {
          kind: 'graph',
          title: 'State transitions',
          description: 'What a server has to write; it grows with minutes and operations, not with rows.',
          unit: 'cps',
          limits: { look: 100, bad: 500 },
          queries: [{ expr: 'sum(rate(state_transition_count_sum[$__rate_interval]))', legend: 'transitions' }],
        },
        {
          kind: 'graph',
          title: 'Memory',
          description: 'Heap in use, by service; in the development server they share one process.',
          unit: 'bytes',
          limits: { look: 512 * 1024 ** 2, bad: 1024 ** 3 },
          queries: [{ expr: 'memory_heapinuse', legend: '{{service_name}}' }],
        },
      ],
    },
  ],
};
