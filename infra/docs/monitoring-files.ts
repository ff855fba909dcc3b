// What Grafana reads when it starts: its data source, where dashboards are, and each of them. And what Prometheus and Alertmanager
// read, with the usual settings, for a machine that is not the local stack.
import { stringify } from 'yaml';
import { printAlertmanager, printPrometheus, usualAlertmanager, usualSettings } from '../prometheus/configuration.ts';
import { printQueries, v2Queries, v3Queries } from '../prometheus/queries.ts';
import { printRules } from '../prometheus/rules.ts';
import { printDashboard } from '../grafana/dashboard.ts';
import { dashboards } from '../grafana/dashboards/index.ts';
import { dataSource } from '../grafana/panel.ts';

/** Path in the checkout, and text, of every file that `npm run generate` writes for them. */
export function monitoringFiles(): ReadonlyMap<string, string> {
  const inPrometheus = (name: string): string => `infra/prometheus/generated/${name}`;
  const inGrafana = (name: string): string => `infra/grafana/generated/${name}`;
  return new Map([
    [inPrometheus('prometheus.yml'), printPrometheus(usualSettings)],
    [inPrometheus('rules.yml'), printRules()],
    [inPrometheus('alertmanager.yml'), printAlertmanager(usualAlertmanager)],
    [inPrometheus('v2-queries.yml'), printQueries(v2Queries)],
    [inPrometheus('v3-queries.yml'), printQueries(v3Queries)],
    [inGrafana('provisioning/datasources/mkondo.yml'), printDataSource()],
    [inGrafana('provisioning/dashboards/mkondo.yml'), printProvider()],
    ...dashboards.map((each) => [inGrafana(`dashboards/${each.name}.json`), printDashboard(each)] as const),
  ]);
}

function printDataSource(): string {
  return stringify({
    apiVersion: 1,
    datasources: [
      {
        name: 'mkondo',
        ...dataSource,
        access: 'proxy',
        url: '${MKONDO_PROMETHEUS_URL}', // Grafana puts the variable's value in
        isDefault: true,
        jsonData: { timeInterval: `${usualSettings.scrapeSeconds}s` },
      },
    ],
  });
}

function printProvider(): string {
  return stringify({
    apiVersion: 1,
    providers: [
      {
        name: 'mkondo',
        folder: 'mkondo',
        type: 'file',
        disableDeletion: true,
        options: { path: '/etc/grafana/mkondo/dashboards' },
      },
    ],
  });
}
