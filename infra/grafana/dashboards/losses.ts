import type { Dashboard } from '../dashboard.ts';

export const losses: Dashboard = {
  name: 'losses',
  title: 'Losses and quarantine',
  description: 'What v3 does not hold, or not in full, or not as it should.',
  rows: [
    {
      title: 'Quarantine',
      panels: [
        {
          kind: 'graph',
          title: 'In quarantine, by pipeline',
          description: 'Events and roots that could not be applied. It should not grow, and is to be emptied.',
          unit: 'none',
          limits: { look: 1, bad: 100 },
          queries: [{ expr: 'mkondo:quarantine_open', legend: '{{pipeline}}' }],
        },
        {
          kind: 'graph',
          title: 'In quarantine, by code',
          description: 'Many of one code have one cause: docs/errors.md.',
          unit: 'none',
          limits: { look: 1, bad: 100 },
          queries: [{ expr: 'sum by (code) (mkondo_v3_quarantine_open{code!=""})', legend: '{{code}}' }],
        },
        {
          kind: 'graph',
          title: 'Oldest in quarantine',
          description: 'Somebody should have looked within a day.',
          unit: 's',
          limits: { look: 86_400, bad: 7 * 86_400 },
          queries: [{ expr: 'max by (pipeline) (mkondo_v3_quarantine_oldest_seconds)', legend: '{{pipeline}}' }],
        },
        {
          kind: 'graph',
          title: 'Roots that wait',
          description: 'Their parent is not in v3: as a rule it is in quarantine itself.',
          unit: 'none',
          limits: { look: 1, bad: 1_000 },
          queries: [{ expr: 'max by (pipeline) (mkondo_v3_pipeline_waiting)', legend: '{{pipeline}}' }],
        },
      ],
    },
    {
      title: 'Losses',
      panels: [
        {
          kind: 'graph',
          title: 'Losses, by kind',
          description:
            'Values of v2 that v3 cannot hold in full, since the worker started; docs/pipelines.md names each.',
          unit: 'none',
          limits: null,
          queries: [{ expr: 'sum by (code) (mkondo_losses_total)', legend: '{{code}}' }],
        },
        {
          kind: 'graph',
          title: 'Losses, by pipeline',
          description: 'New ones, each second. A jump after a deployment means that a mapping now loses more.',
          unit: 'cps',
          limits: null,
          queries: [
            { expr: 'sum by (pipeline) (rate(mkondo_losses_total[$__rate_interval]))', legend: '{{pipeline}}' },
          ],
        },
      ],
    },
    {
      title: 'Proof',
      panels: [
        {
          kind: 'graph',
          title: 'Rows that differ',
          description: 'Rows of v3 that the last verification against landing found to differ.',
          unit: 'none',
          limits: { look: 1, bad: 10 },
          queries: [{ expr: 'mkondo:verification_differences', legend: '{{pipeline}}' }],
        },
        {
          kind: 'graph',
          title: 'Reports that differ',
          description: 'Figures of a report that are not what its rows say.',
          unit: 'none',
          limits: { look: 1, bad: 10 },
          queries: [{ expr: 'max by (report) (mkondo_report_differences)', legend: '{{report}}' }],
        },
        {
          kind: 'graph',
          title: 'Verified ago',
          description: 'Since a verification of the pipeline last came to its end.',
          unit: 's',
          limits: { look: 7_200, bad: 10_800 },
          queries: [{ expr: 'mkondo:verification_age_seconds', legend: '{{pipeline}}' }],
        },
        {
          kind: 'graph',
          title: 'Schema drift',
          description: 'Columns and tables of v2 or v3 that are not as a pipeline expects them: GET /drift lists them.',
          unit: 'none',
          limits: { look: 1, bad: 5 },
          queries: [{ expr: 'mkondo:drift', legend: '{{pipeline}}' }],
        },
        {
          kind: 'graph',
          title: 'Failures',
          description: 'Of all processes, by code. UNKNOWN is a bug.',
          unit: 'none',
          limits: { look: 1, bad: 10 },
          queries: [{ expr: 'sum by (code) (increase(mkondo_errors_total[$__rate_interval]))', legend: '{{code}}' }],
        },
      ],
    },
  ],
};
