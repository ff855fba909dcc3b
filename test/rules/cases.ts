// For every alert: figures that come about, minute by minute, until when it is silent, and what it then says.

export interface AlertCase {
  /** Series and their values, one a minute, as promtool writes them. */
  readonly series: Readonly<Record<string, string>>;
  /** Minutes: before it may be told, when it is, and when it is over. */
  readonly silentAt: number;
  readonly firesAt: number;
  readonly overAt: number;
  /** Beside the name and the severity. */
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

const products = { pipeline: 'products' };

export const alertCases: Readonly<Record<string, AlertCase>> = {
  PipelineBehind: {
    series: { 'mkondo_lag_seconds{pipeline="products"}': '0x4 90x10 0x10' },
    silentAt: 7,
    firesAt: 12,
    overAt: 18,
    labels: products,
    summary: 'products is 1m 30s behind Kafka',
  },
  PipelineDrifted: {
    series: { 'mkondo_pipeline_mode{pipeline="products",mode="drifted"}': '0x4 1x4 0x10' },
    silentAt: 3,
    firesAt: 6,
    overAt: 12,
    labels: products,
    summary: 'products has stopped itself: v3 no longer fits its mapping, or Kafka lacks what it needs',
  },
  SchemaDrift: {
    series: {
      'mkondo_drift{pipeline="products",side="v2",kind="new"}': '_x4 2x4 stale',
      'mkondo_lag_seconds{pipeline="products"}': '0x20',
    },
    silentAt: 3,
    firesAt: 6,
    overAt: 12,
    labels: products,
    summary: '2 columns or tables of v2 or v3 are not as products expects them',
  },
  PipelinePaused: {
    series: { 'mkondo_pipeline_mode{pipeline="products",mode="paused"}': '0x4 1x600 0x10' },
    silentAt: 400,
    firesAt: 490,
    overAt: 612,
    labels: products,
    summary: 'products has been paused for 8h: v3 stands still',
  },
  QuarantineGrowing: {
    // The codes change, the sum grows by two, and stays: what has been there for long is no news.
    series: {
      'mkondo_v3_quarantine_open{pipeline="products",code=""}': '0x4 stale',
      'mkondo_v3_quarantine_open{pipeline="products",code="DERIVE_FAILED"}': '_x5 2x40',
    },
    silentAt: 3,
    firesAt: 8,
    overAt: 30,
    labels: products,
    summary: '2 more of products in quarantine than 15m ago',
  },
  VerificationDifference: {
    series: { 'mkondo_verification_differences{pipeline="products"}': '0x4 3x4 0x10' },
    silentAt: 3,
    firesAt: 6,
    overAt: 12,
    labels: products,
    summary: '3 rows of products in v3 are not what landing says',
  },
  VerificationOverdue: {
    series: {
      'mkondo_verification_last_success_timestamp_seconds{pipeline="products"}': '0x200 12060x20',
      'mkondo_lag_seconds{pipeline="products"}': '0x220',
      'process_start_time_seconds{job="bridge"}': '0x220',
    },
    silentAt: 170,
    firesAt: 190,
    overAt: 205,
    labels: products,
    summary: 'Nobody has looked for 3h 10m 0s whether products in v3 is right',
  },
  ReportDifference: {
    series: { 'mkondo_report_differences{report="stockouts"}': '0x4 2x4 0x10' },
    silentAt: 3,
    firesAt: 6,
    overAt: 12,
    labels: { report: 'stockouts' },
    summary: '2 figures of the report stockouts are not what landing says',
  },
  RetentionShort: {
    // The first five minutes it keeps events for an hour only, but all have landed.
    series: {
      'mkondo_retention_left_seconds{pipeline="products"}': '3600x20',
      'mkondo_lag_events{pipeline="products"}': '0x4 7x5 0x20',
    },
    silentAt: 3,
    firesAt: 7,
    overAt: 14,
    labels: products,
    summary: 'Kafka deletes events that products has not landed, in 1h 0m 0s',
  },
  SlotInactive: {
    series: { 'mkondo_v2_slot_active{slot="mkondo"}': '1x4 0x5 1x10', 'up{job="v2"}': '1x20' },
    silentAt: 5,
    firesAt: 7,
    overAt: 12,
    labels: {},
    summary: "Nobody reads v2's replication slot: changes wait in v2, which keeps its WAL for them",
  },
  SlotHoldsWal: {
    series: { 'mkondo_v2_slot_retained_bytes{slot="mkondo"}': '1000000x4 4294967296x5 1000000x10' },
    silentAt: 3,
    firesAt: 6,
    overAt: 12,
    labels: {},
    summary: 'v2 keeps 4GiB of WAL for the replication slot',
  },
  NoHeartbeat: {
    series: {
      'kafka_log_end_offset{topic="__debezium-heartbeat.elmis",partition="0"}': '0+12x5 60x5 60+12x10',
    },
    silentAt: 5,
    firesAt: 9,
    overAt: 14,
    labels: {},
    summary: 'Debezium sends no heartbeat: what v2 commits does not reach Kafka',
  },
  ConnectorFailed: {
    series: { 'kafka_connect_failed_tasks{connector="mkondo"}': '0x4 1x4 0x10' },
    silentAt: 3,
    firesAt: 6,
    overAt: 12,
    labels: { connector: 'mkondo' },
    summary: 'A task of the connector mkondo has failed, and does not start again by itself',
  },
  WorkerAbsent: {
    series: { 'up{job="worker",instance="a"}': '1x4 0x4 1x10', 'up{job="worker",instance="b"}': '1x3 stale' },
    silentAt: 3,
    firesAt: 7,
    overAt: 12,
    labels: {},
    summary: 'No worker runs: nothing is landed, nothing is derived',
  },
  TaskQueueBacklog: {
    series: { 'mkondo_task_queue_backlog_age_seconds{type="activity"}': '0x4 90x4 0x10' },
    silentAt: 3,
    firesAt: 6,
    overAt: 12,
    labels: { type: 'activity' },
    summary: 'One activity task has waited for a worker for 1m 30s',
  },
  DiskNearlyFull: {
    series: {
      'node_filesystem_avail_bytes{mountpoint="/data",fstype="ext4"}': '50x4 5x5 50x10',
      'node_filesystem_size_bytes{mountpoint="/data",fstype="ext4"}': '100x20',
    },
    silentAt: 5,
    firesAt: 7,
    overAt: 12,
    labels: { mountpoint: '/data' },
    summary: '/data has 5% left',
  },
  TargetDown: {
    series: { 'up{job="kafka",instance="a:1"}': '1x4 0x8 1x10' },
    silentAt: 8,
    firesAt: 11,
    overAt: 15,
    labels: { job: 'kafka', instance: 'a:1' },
    summary: 'kafka at a:1 does not answer Prometheus',
  },
};

/** Ways in which the same alerts come about otherwise. */
export const otherCases: readonly { readonly way: string; readonly alert: string; readonly given: AlertCase }[] = [
  {
    way: 'the slot was dropped',
    alert: 'SlotInactive',
    given: {
      series: { 'mkondo_v2_slot_active{slot="mkondo"}': '1x4 stale _x5 1x10', 'up{job="v2"}': '1x20' },
      silentAt: 3,
      firesAt: 8,
      overAt: 13,
      labels: {},
      summary: "Nobody reads v2's replication slot: changes wait in v2, which keeps its WAL for them",
    },
  },
  {
    way: 'Prometheus knows of no worker at all',
    alert: 'WorkerAbsent',
    given: {
      series: { 'up{job="worker",instance="a"}': '1x4 stale _x4 1x10' },
      silentAt: 3,
      firesAt: 8,
      overAt: 13,
      labels: {},
      summary: 'No worker runs: nothing is landed, nothing is derived',
    },
  },
  {
    way: 'a pipeline was never verified since the bridge began',
    alert: 'VerificationOverdue',
    given: {
      series: {
        'mkondo_verification_last_success_timestamp_seconds{pipeline="products"}': '_x200 12060x20',
        'mkondo_lag_seconds{pipeline="products"}': '0x220',
        'process_start_time_seconds{job="bridge"}': '600x220',
      },
      silentAt: 180,
      firesAt: 195,
      overAt: 205,
      labels: products,
      summary: 'Nobody has looked for 3h 5m 0s whether products in v3 is right',
    },
  },
];

/** Figures of a pipeline that is in order, each with what it is when it is not. */
export const doubtful: Readonly<Record<string, { readonly right: string; readonly wrong: string }>> = {
  'mkondo_lag_seconds{pipeline="products"}': { right: '0x5', wrong: '61x5' },
  'mkondo_v3_quarantine_open{pipeline="products",code="X"}': { right: '0x5', wrong: '1x5' },
  'mkondo_verification_differences{pipeline="products"}': { right: '0x5', wrong: '1x5' },
  'mkondo_verification_last_success_timestamp_seconds{pipeline="products"}': { right: '0x5', wrong: '-11000x5' },
  'mkondo_pipeline_mode{pipeline="products",mode="running"}': { right: '1x5', wrong: '0x5' },
};
