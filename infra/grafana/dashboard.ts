// A dashboard: panels under headings, in the order in which they are read.
import {
  DashboardBuilder,
  DashboardLinkBuilder,
  DashboardLinkType,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { build, dataSource } from './panel.ts';
import type { Panel } from './panel.ts';

export interface Dashboard {
  /** Name of its file, and the end of its address. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** One pipeline or some of them are chosen at its top. */
  readonly asksForPipeline?: true;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

/** As Grafana reads it from a file. */
export function printDashboard({ name, title, description, asksForPipeline, rows }: Dashboard): string {
  const dashboard = new DashboardBuilder(title)
    .uid(`mkondo-${name}`)
    .description(description)
    .tags(['mkondo'])
    .readonly()
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('10s')
    .link(new DashboardLinkBuilder('mkondo').type(DashboardLinkType.Dashboards).tags(['mkondo']));
  if (asksForPipeline === true) {
    dashboard.withVariable(
      new QueryVariableBuilder('pipeline')
        .label('Pipeline')
        .datasource(dataSource)
        .query('label_values(mkondo_lag_events, pipeline)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.*'),
    );
  }
  for (const row of rows) {
    dashboard.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) dashboard.withPanel(build(panel));
  }
  return `${JSON.stringify(dashboard.build(), null, 2)}\n`;
}
