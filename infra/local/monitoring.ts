// What watches the stack: Prometheus with its rules, Alertmanager, the exporters. Nothing of the stack needs any of it.
import { usualAlertmanager } from '../prometheus/configuration.ts';
import type { AlertmanagerSettings } from '../prometheus/configuration.ts';
import { v2Queries, v3Queries } from '../prometheus/queries.ts';
import { printRules, usualRules } from '../prometheus/rules.ts';
import type { RuleSettings } from '../prometheus/rules.ts';
import { jobs } from '../prometheus/targets.ts';
import {
  createAlertmanager,
  createNodeExporter,
  createPostgresExporter,
  createPrometheus,
} from './parts/monitoring.ts';
import type { Part } from './parts/part.ts';
import type { PortName } from './ports.ts';
import type { Stack } from './stack.ts';

export const monitoringPorts: readonly PortName[] = [
  'prometheus',
  'alertmanager',
  'kafkaJmx',
  'connectJmx',
  'v2Exporter',
  'v3Exporter',
  'nodeExporter',
];

export interface MonitoringOptions {
  readonly stack: Stack;
  readonly scrapeSeconds: number;
  readonly webhookUrl: string | null;
  /** Whether worker, bridge and API are there to be asked. */
  readonly withOurs: boolean;
  /** Other rules and waits, for a test that has less time. */
  readonly rules?: Partial<RuleSettings>;
  readonly waits?: AlertmanagerSettings['waits'];
}

/** The parts, in the order in which they are listed. None needs to wait for another. */
export function monitoringParts(options: MonitoringOptions): readonly Part[] {
  const { stack, scrapeSeconds, webhookUrl, withOurs, waits = usualAlertmanager.waits } = options;
  const { stateDir, ports, urls } = stack;
  const runbooks = `http://127.0.0.1:${ports.api}/runbooks`;
  return [
    createPrometheus({
      stateDir,
      port: ports.prometheus,
      scrapeSeconds,
      alertmanager: `127.0.0.1:${ports.alertmanager}`,
      rules: printRules({ ...usualRules, runbooks, ...options.rules }),
      targets: Object.fromEntries(
        jobs.map(({ name, port, isOurs }) => [name, isOurs === true && !withOurs ? [] : [`127.0.0.1:${ports[port]}`]]),
      ),
    }),
    createAlertmanager({ stateDir, port: ports.alertmanager, settings: { webhookUrl, waits } }),
    createNodeExporter({ stateDir, port: ports.nodeExporter }),
    createPostgresExporter({
      stateDir,
      port: ports.v2Exporter,
      of: 'v2',
      url: urls.v2.monitoring,
      queries: v2Queries,
    }),
    createPostgresExporter({
      stateDir,
      port: ports.v3Exporter,
      of: 'v3',
      url: urls.v3.monitoring,
      queries: v3Queries,
    }),
  ];
}
