// Recording rules and alert rules, as data: rules.yml is printed from them, and tests go through them one by one.
import { stringify } from 'yaml';

/** What a site may set otherwise; a test has less time. */
export interface RuleSettings {
  /** Window of a rate. */
  readonly window: string;
  /** How long something must be so before it is told: what is wrong at once, what may pass by itself, and a pause. */
  readonly for: { readonly soon: string; readonly patient: string; readonly pause: string };
  readonly slot: string;
  readonly lagSeconds: number;
  readonly quarantineWindow: string;
  readonly verifiedWithinSeconds: number;
  readonly retentionLeftSeconds: number;
  readonly retainedBytes: number;
  readonly heartbeatWindow: string;
  readonly backlogSeconds: number;
  readonly diskFree: number;
  /** Address of the runbooks' page. */
  readonly runbooks: string;
}

export const usualRules: RuleSettings = {
  window: '5m',
  for: { soon: '1m', patient: '5m', pause: '8h' },
  slot: 'mkondo',
  lagSeconds: 60,
  quarantineWindow: '15m',
  verifiedWithinSeconds: 3 * 60 * 60,
  retentionLeftSeconds: 24 * 60 * 60,
  retainedBytes: 2 * 1024 ** 3,
  heartbeatWindow: '1m',
  backlogSeconds: 60,
  diskFree: 0.1,
  runbooks: 'docs/runbooks.md',
};

export interface RecordingRule {
  /** The name of the series. */
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  /** What is looked at: it has data whenever all that it looks at runs. */
  readonly measure: string;
  /** Beyond what the alert is on. */
  readonly when: string;
  /** What must hold beside. */
  readonly only?: string;
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  /** One line; may name labels. */
  readonly summary: string;
}

export function recordingRules({ window, heartbeatWindow, slot, ...limits }: RuleSettings): readonly RecordingRule[] {
  return [
    { record: 'mkondo:lag_seconds', expr: 'max by (pipeline) (mkondo_lag_seconds)' },
    { record: 'mkondo:lag_events', expr: 'max by (pipeline) (mkondo_lag_events)' },
    {
      record: 'mkondo:latency_seconds:p99',
      expr: `histogram_quantile(0.99, sum by (pipeline, le) (rate(mkondo_latency_seconds_bucket[${window}])))`,
    },
    {
      record: 'mkondo:latency_seconds:p50',
      expr: `histogram_quantile(0.5, sum by (pipeline, le) (rate(mkondo_latency_seconds_bucket[${window}])))`,
    },
    { record: 'mkondo:events:rate', expr: `sum by (pipeline) (rate(mkondo_events_total[${window}]))` },
    { record: 'mkondo:rows_written:rate', expr: `sum by (pipeline) (rate(mkondo_rows_written_total[${window}]))` },
    { record: 'mkondo:quarantine_open', expr: 'sum by (pipeline) (mkondo_v3_quarantine_open)' },
    // A pipeline that was never verified counts from the bridge's start.
    {
      record: 'mkondo:verification_age_seconds',
      expr:
        'time() - (max by (pipeline) (mkondo_verification_last_success_timestamp_seconds)' +
        ' or (0 * max by (pipeline) (mkondo_lag_seconds) + on () group_left () max(process_start_time_seconds{job="bridge"})))',
    },
    { record: 'mkondo:verification_differences', expr: 'max by (pipeline) (mkondo_verification_differences)' },
    // Only what drifts has a figure of its own.
    { record: 'mkondo:drift', expr: 'sum by (pipeline) (mkondo_drift) or 0 * mkondo:lag_seconds' },
    {
      record: 'mkondo:doubts',
      expr: [
        `(mkondo:lag_seconds > bool ${limits.lagSeconds})`,
        '(mkondo:quarantine_open > bool 0)',
        '((mkondo:verification_differences > bool 0) or 0 * mkondo:lag_seconds)',
        `(mkondo:verification_age_seconds > bool ${limits.verifiedWithinSeconds})`,
        '(1 - max by (pipeline) (mkondo_pipeline_mode{mode="running"}))',
      ].join(' + on (pipeline) '),
    },
    { record: 'mkondo:slot_retained_bytes', expr: `max(mkondo_v2_slot_retained_bytes{slot="${slot}"})` },
    {
      record: 'mkondo:heartbeats:rate',
      expr: `sum(rate(kafka_log_end_offset{topic=~"__debezium-heartbeat.+"}[${heartbeatWindow}]))`,
    },
    { record: 'mkondo:backlog_age_seconds', expr: 'max by (type) (mkondo_task_queue_backlog_age_seconds)' },
    {
      record: 'mkondo:disk_free:ratio',
      expr: 'min by (mountpoint) (node_filesystem_avail_bytes{fstype!~"squashfs|iso9660|erofs|devtmpfs",mountpoint!~"/(run|boot)(/.*)?"} / node_filesystem_size_bytes)',
    },
  ];
}

export function alertRules(settings: RuleSettings): readonly AlertRule[] {
  const { soon, patient, pause } = settings.for;
  return [
    {
      alert: 'PipelineBehind',
      measure: 'mkondo:lag_seconds',
      when: `> ${settings.lagSeconds}`,
      for: patient,
      severity: 'warning',
      summary: '{{ $labels.pipeline }} is {{ $value | humanizeDuration }} behind Kafka',
    },
    {
      alert: 'PipelineDrifted',
      measure: 'max by (pipeline) (mkondo_pipeline_mode{mode="drifted"})',
      when: '== 1',
      for: '0s',
      severity: 'critical',
      summary: '{{ $labels.pipeline }} has stopped itself: v3 no longer fits its mapping, or Kafka lacks what it needs',
    },
    {
      alert: 'SchemaDrift',
      measure: 'mkondo:drift',
      when: '> 0',
      for: '0s',
      severity: 'warning',
      summary: '{{ $value }} columns or tables of v2 or v3 are not as {{ $labels.pipeline }} expects them',
    },
    {
      alert: 'PipelinePaused',
      measure: 'max by (pipeline) (mkondo_pipeline_mode{mode="paused"})',
      when: '== 1',
      for: pause,
      severity: 'warning',
      summary: `{{ $labels.pipeline }} has been paused for ${pause}: v3 stands still`,
    },
    {
      alert: 'QuarantineGrowing',
      measure: `mkondo:quarantine_open - min_over_time(mkondo:quarantine_open[${settings.quarantineWindow}])`,
      when: '> 0',
      for: '0s',
      severity: 'warning',
      summary: `{{ $value }} more of {{ $labels.pipeline }} in quarantine than ${settings.quarantineWindow} ago`,
    },
    {
      alert: 'VerificationDifference',
      measure: 'mkondo:verification_differences',
      when: '> 0',
      for: '0s',
      severity: 'critical',
      summary: '{{ $value }} rows of {{ $labels.pipeline }} in v3 are not what landing says',
    },
    {
      alert: 'VerificationOverdue',
      measure: 'mkondo:verification_age_seconds',
      when: `> ${settings.verifiedWithinSeconds}`,
      for: '0s',
      severity: 'warning',
      summary: 'Nobody has looked for {{ $value | humanizeDuration }} whether {{ $labels.pipeline }} in v3 is right',
    },
    {
      alert: 'ReportDifference',
      measure: 'max by (report) (mkondo_report_differences)',
      when: '> 0',
      for: '0s',
      severity: 'critical',
      summary: '{{ $value }} figures of the report {{ $labels.report }} are not what landing says',
    },
    {
      alert: 'RetentionShort',
      measure: 'min by (pipeline) (mkondo_retention_left_seconds)',
      when: `< ${settings.retentionLeftSeconds}`,
      only: 'and on (pipeline) mkondo:lag_events > 0',
      for: '0s',
      severity: 'critical',
      summary: 'Kafka deletes events that {{ $labels.pipeline }} has not landed, in {{ $value | humanizeDuration }}',
    },
    {
      alert: 'SlotInactive',
      measure: `max(mkondo_v2_slot_active{slot="${settings.slot}"}) or (vector(0) and on () up{job="v2"} == 1)`,
      when: '== 0',
      for: soon,
      severity: 'critical',
      summary: "Nobody reads v2's replication slot: changes wait in v2, which keeps its WAL for them",
    },
    {
      alert: 'SlotHoldsWal',
      measure: 'mkondo:slot_retained_bytes',
      when: `> ${settings.retainedBytes}`,
      for: '0s',
      severity: 'critical',
      summary: 'v2 keeps {{ $value | humanize1024 }}B of WAL for the replication slot',
    },
    {
      alert: 'NoHeartbeat',
      measure: 'mkondo:heartbeats:rate',
      when: '== 0',
      for: soon,
      severity: 'critical',
      summary: 'Debezium sends no heartbeat: what v2 commits does not reach Kafka',
    },
    {
      alert: 'ConnectorFailed',
      measure: 'max by (connector) (kafka_connect_failed_tasks)',
      when: '> 0',
      for: '0s',
      severity: 'critical',
      summary: 'A task of the connector {{ $labels.connector }} has failed, and does not start again by itself',
    },
    {
      alert: 'WorkerAbsent',
      measure: 'sum(up{job="worker"}) or vector(0)',
      when: '== 0',
      for: soon,
      severity: 'critical',
      summary: 'No worker runs: nothing is landed, nothing is derived',
    },
    {
      alert: 'TaskQueueBacklog',
      measure: 'mkondo:backlog_age_seconds',
      when: `> ${settings.backlogSeconds}`,
      for: '0s',
      severity: 'warning',
      summary: 'One {{ $labels.type }} task has waited for a worker for {{ $value | humanizeDuration }}',
    },
    {
      alert: 'DiskNearlyFull',
      measure: 'mkondo:disk_free:ratio',
      when: `< ${settings.diskFree}`,
      for: soon,
      severity: 'critical',
      summary: '{{ $labels.mountpoint }} has {{ $value | humanizePercentage }} left',
    },
    {
      alert: 'TargetDown',
      measure: 'up',
      when: '== 0',
      for: patient,
      severity: 'warning',
      summary: '{{ $labels.job }} at {{ $labels.instance }} does not answer Prometheus',
    },
  ];
}

/** As Prometheus evaluates it. */
function alertExpr({ measure, when, only }: AlertRule): string {
  const looked = /\s/.test(measure) ? `(${measure})` : measure;
  return `${looked} ${when}${only === undefined ? '' : ` ${only}`}`;
}

/** In the order in which they build on each other; Prometheus itself evaluates each by its own clock. */
export const ruleGroups = ['mkondo-recorded', 'mkondo-alerts'] as const;

/** The text of rules.yml. */
export function printRules(settings: RuleSettings = usualRules): string {
  const [recorded, alerts] = ruleGroups;
  return stringify(
    {
      groups: [
        { name: recorded, rules: recordingRules(settings) },
        {
          name: alerts,
          rules: alertRules(settings).map((rule) => ({
            alert: rule.alert,
            expr: alertExpr(rule),
            for: rule.for,
            labels: { severity: rule.severity },
            annotations: {
              summary: rule.summary,
              runbook_url: `${settings.runbooks}#${rule.alert.toLowerCase()}`,
            },
          })),
        },
      ],
    },
    { lineWidth: 0 },
  );
}
