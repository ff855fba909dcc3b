// Prometheus' own configuration and Alertmanager's routes.
import { stringify } from 'yaml';
import { jobs } from './targets.ts';

export interface PrometheusSettings {
  readonly scrapeSeconds: number;
  /** host:port */
  readonly alertmanager: string;
}

export const usualSettings: PrometheusSettings = { scrapeSeconds: 15, alertmanager: 'alertmanager:9093' };

/** Beside it lie rules.yml and the folder targets, with a file for each job. */
export function printPrometheus({ scrapeSeconds, alertmanager }: PrometheusSettings): string {
  return stringify({
    global: {
      scrape_interval: `${scrapeSeconds}s`,
      scrape_timeout: `${Math.min(scrapeSeconds, 10)}s`,
      evaluation_interval: `${scrapeSeconds}s`,
    },
    rule_files: ['rules.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: jobs.map(({ name, keeps }) => ({
      job_name: name,
      file_sd_configs: [{ files: [`targets/${name}.json`] }],
      ...(keeps === undefined
        ? {}
        : { metric_relabel_configs: [{ source_labels: ['__name__'], regex: keeps, action: 'keep' }] }),
    })),
  });
}

export interface AlertmanagerSettings {
  /** Where alerts and their ends are posted; null: they are only shown. */
  readonly webhookUrl: string | null;
  /** How long it waits for more of the same before it tells, and how often it tells again. */
  readonly waits: { readonly critical: Waits; readonly warning: Waits };
}

interface Waits {
  readonly first: string;
  readonly more: string;
  readonly again: string;
}

export const usualAlertmanager: AlertmanagerSettings = {
  webhookUrl: 'http://receiver:8080/alerts',
  waits: {
    critical: { first: '10s', more: '1m', again: '1h' },
    warning: { first: '1m', more: '5m', again: '12h' },
  },
};

/** One message for an alert of all pipelines together; who is absent is told of once, not with all that follows from it. */
export function printAlertmanager({ webhookUrl, waits }: AlertmanagerSettings): string {
  const waiting = ({ first, more, again }: Waits): object => ({
    group_wait: first,
    group_interval: more,
    repeat_interval: again,
  });
  return stringify({
    route: {
      receiver: 'operators',
      group_by: ['alertname'],
      ...waiting(waits.warning),
      routes: [{ matchers: ['severity="critical"'], receiver: 'operators', ...waiting(waits.critical) }],
    },
    receivers: [
      {
        name: 'operators',
        ...(webhookUrl === null ? {} : { webhook_configs: [{ url: webhookUrl, send_resolved: true }] }),
      },
    ],
    inhibit_rules: [
      {
        source_matchers: ['alertname="WorkerAbsent"'],
        target_matchers: ['alertname=~"PipelineBehind|TaskQueueBacklog|TargetDown"', 'job=~"|worker|worker-temporal"'],
      },
      {
        source_matchers: ['alertname="ConnectorFailed"'],
        target_matchers: ['alertname=~"SlotInactive|NoHeartbeat"'],
      },
    ],
  });
}
