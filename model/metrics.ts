// What every process measures, under one naming: mkondo_<thing>_<unit>. One registry per process; a process that does not
// touch a metric does not show it.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { errorCode } from './errors.ts';

const stageSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const batchEvents = [1, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000];

export type Process = 'worker' | 'bridge' | 'api';

/** The part of a batch's way that a duration belongs to. */
export type Stage = 'read' | 'decode' | 'land' | 'roots' | 'load' | 'derive' | 'write' | 'commit' | 'batch';

export interface Metrics {
  readonly registry: Registry;
  readonly events: Counter<'pipeline' | 'table'>;
  readonly rowsLanded: Counter<'pipeline' | 'table'>;
  readonly rootsDerived: Counter<'pipeline'>;
  readonly rowsWritten: Counter<'pipeline' | 'table'>;
  readonly losses: Counter<'pipeline' | 'code'>;
  readonly errors: Counter<'pipeline' | 'code'>;
  readonly claims: Counter<'pipeline'>;
  readonly signals: Counter<'pipeline' | 'signal'>;
  readonly requests: Counter<'route' | 'status'>;
  readonly batchEvents: Histogram<'pipeline'>;
  readonly stageSeconds: Histogram<'pipeline' | 'stage'>;
  readonly latencySeconds: Histogram<'pipeline'>;
  readonly deliverySeconds: Histogram<'pipeline'>;
  readonly lagEvents: Gauge<'pipeline'>;
  readonly lagSeconds: Gauge<'pipeline'>;
  readonly retentionLeftSeconds: Gauge<'pipeline'>;
  readonly dirtyRoots: Gauge<'pipeline'>;
  readonly waitingRoots: Gauge<'pipeline'>;
  readonly quarantined: Gauge<'pipeline'>;
  readonly drift: Gauge<'pipeline' | 'side' | 'kind'>;
  readonly mode: Gauge<'pipeline' | 'mode'>;
  readonly backlogTasks: Gauge<'type'>;
  readonly backlogAgeSeconds: Gauge<'type'>;
  readonly verificationDifferences: Gauge<'pipeline'>;
  readonly verificationLastSuccess: Gauge<'pipeline'>;
  readonly reportDifferences: Gauge<'report'>;
  /** Counts a failure under its code. */
  countError(error: unknown, pipeline?: string): void;
  /** Starts a clock; calling what it returns records the seconds since. */
  timeStage(pipeline: string, stage: Stage): () => void;
}

export function createMetrics(process: Process): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const metrics: Metrics = {
    registry,
    events: new Counter({
      name: 'mkondo_events_total',
      help: 'Change events read from Kafka and landed or quarantined, by pipeline and v2 table',
      labelNames: ['pipeline', 'table'],
      registers,
    }),
    rowsLanded: new Counter({
      name: 'mkondo_rows_landed_total',
      help: 'Rows inserted, updated or deleted in landing, by pipeline and v2 table',
      labelNames: ['pipeline', 'table'],
      registers,
    }),
    rootsDerived: new Counter({
      name: 'mkondo_roots_derived_total',
      help: 'Aggregate roots derived, by pipeline',
      labelNames: ['pipeline'],
      registers,
    }),
    rowsWritten: new Counter({
      name: 'mkondo_rows_written_total',
      help: 'Rows inserted, updated or deleted in v3, by pipeline and v3 table',
      labelNames: ['pipeline', 'table'],
      registers,
    }),
    losses: new Counter({
      name: 'mkondo_losses_total',
      help: 'Values that v3 could not hold in full, by pipeline and kind',
      labelNames: ['pipeline', 'code'],
      registers,
    }),
    errors: new Counter({
      name: 'mkondo_errors_total',
      help: 'Failures by code (docs/errors.md); UNKNOWN is a bug',
      labelNames: ['code', 'pipeline'],
      registers,
    }),
    claims: new Counter({
      name: 'mkondo_claims_total',
      help: 'Claims made from Kafka, by pipeline; many share a signal',
      labelNames: ['pipeline'],
      registers,
    }),
    signals: new Counter({
      name: 'mkondo_signals_total',
      help: 'Signals that Temporal accepted, by pipeline and signal',
      labelNames: ['pipeline', 'signal'],
      registers,
    }),
    requests: new Counter({
      name: 'mkondo_requests_total',
      help: 'REST requests by route and status',
      labelNames: ['route', 'status'],
      registers,
    }),
    batchEvents: new Histogram({
      name: 'mkondo_batch_events',
      help: 'Change events in a batch, by pipeline',
      labelNames: ['pipeline'],
      buckets: batchEvents,
      registers,
    }),
    stageSeconds: new Histogram({
      name: 'mkondo_stage_seconds',
      help: 'Duration of the stages of a batch, by pipeline and stage; batch is all of them',
      labelNames: ['pipeline', 'stage'],
      buckets: stageSeconds,
      registers,
    }),
    latencySeconds: new Histogram({
      name: 'mkondo_latency_seconds',
      help: 'From v2 commit to v3 commit, of the newest event of each batch, by pipeline',
      labelNames: ['pipeline'],
      buckets: [0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3_600],
      registers,
    }),
    deliverySeconds: new Histogram({
      name: 'mkondo_delivery_seconds',
      help: 'From a claim to the signal that carried it, accepted',
      labelNames: ['pipeline'],
      buckets: stageSeconds,
      registers,
    }),
    lagEvents: new Gauge({
      name: 'mkondo_lag_events',
      help: 'Events in Kafka that are not landed yet, by pipeline',
      labelNames: ['pipeline'],
      registers,
    }),
    lagSeconds: new Gauge({
      name: 'mkondo_lag_seconds',
      help: 'How long the pipeline has been behind Kafka; 0 when nothing waits',
      labelNames: ['pipeline'],
      registers,
    }),
    retentionLeftSeconds: new Gauge({
      name: 'mkondo_retention_left_seconds',
      help: 'How long Kafka still keeps the oldest event that the pipeline has not landed, at least; all that it keeps when everything has landed. None where it keeps events for ever',
      labelNames: ['pipeline'],
      registers,
    }),
    dirtyRoots: new Gauge({
      name: 'mkondo_dirty_roots',
      help: 'Roots that are to be derived, by pipeline',
      labelNames: ['pipeline'],
      registers,
    }),
    waitingRoots: new Gauge({
      name: 'mkondo_waiting_roots',
      help: 'Roots that wait for a row of another root, by pipeline',
      labelNames: ['pipeline'],
      registers,
    }),
    quarantined: new Gauge({
      name: 'mkondo_quarantined',
      help: 'Events and roots in quarantine, by pipeline',
      labelNames: ['pipeline'],
      registers,
    }),
    drift: new Gauge({
      name: 'mkondo_drift',
      help: 'Columns and tables of v2 or v3 that are not as the pipeline expects them, by kind: new ones hinder nobody, the others do',
      labelNames: ['pipeline', 'side', 'kind'],
      registers,
    }),
    mode: new Gauge({
      name: 'mkondo_pipeline_mode',
      help: '1 for the mode that the pipeline is in',
      labelNames: ['pipeline', 'mode'],
      registers,
    }),
    backlogTasks: new Gauge({
      name: 'mkondo_task_queue_backlog_tasks',
      help: 'Tasks in Temporal that wait for a worker, by type; about',
      labelNames: ['type'],
      registers,
    }),
    backlogAgeSeconds: new Gauge({
      name: 'mkondo_task_queue_backlog_age_seconds',
      help: 'How long the oldest of them has waited, by type',
      labelNames: ['type'],
      registers,
    }),
    verificationDifferences: new Gauge({
      name: 'mkondo_verification_differences',
      help: 'Rows of v3 that the last verification against landing found to differ, by pipeline',
      labelNames: ['pipeline'],
      registers,
    }),
    verificationLastSuccess: new Gauge({
      name: 'mkondo_verification_last_success_timestamp_seconds',
      help: 'When a verification against landing last came to its end, whatever it found, by pipeline',
      labelNames: ['pipeline'],
      registers,
    }),
    reportDifferences: new Gauge({
      name: 'mkondo_report_differences',
      help: "Groups of a report's check that the last look at landing found to differ, by report",
      labelNames: ['report'],
      registers,
    }),
    countError(error, pipeline = '') {
      metrics.errors.inc({ code: errorCode(error) ?? 'UNKNOWN', pipeline });
    },
    timeStage(pipeline, stage) {
      const stop = metrics.stageSeconds.startTimer({ pipeline, stage });
      return () => void stop();
    },
  };
  return metrics;
}
