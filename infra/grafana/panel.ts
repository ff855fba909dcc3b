// A panel as we write it, and as Grafana's foundation SDK builds it.
import { GraphThresholdsStyleConfigBuilder, GraphThresholdsStyleMode } from '@grafana/grafana-foundation-sdk/common';
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** From which value on it is worth a look, and from which on it is bad; null: it only informs. */
export type Limits = { readonly look: number; readonly bad: number } | null;

interface Shared {
  readonly title: string;
  /** What it shows, and what follows from it. */
  readonly description: string;
  /** A unit of Grafana's. */
  readonly unit: string;
  readonly limits: Limits;
  /** Of 24 columns. */
  readonly width?: number;
}

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Graph extends Shared {
  readonly kind: 'graph';
  readonly queries: readonly Query[];
}

export interface Stat extends Shared {
  readonly kind: 'stat';
  readonly query: Query;
}

export interface Column extends Query {
  readonly unit: string;
  readonly limits: Limits;
}

/** A row for each value of one label, a column for each query. */
export interface Table extends Shared {
  readonly kind: 'table';
  readonly by: string;
  readonly columns: readonly Column[];
}

export type Panel = Graph | Stat | Table;

/** The data source's id, as provisioning.ts makes it. */
export const dataSource = { type: 'prometheus', uid: 'mkondo' };

type Added = Parameters<DashboardBuilder['withPanel']>[0];

export function build(panel: Panel): Added {
  if (panel.kind === 'graph') return graph(panel);
  return panel.kind === 'stat' ? stat(panel) : table(panel);
}

/** What the SDK's builders of panels have in common, each in a class of its own. */
interface Builder<Self> {
  title(title: string): Self;
  description(description: string): Self;
  unit(unit: string): Self;
  thresholds(thresholds: ThresholdsConfigBuilder): Self;
  datasource(source: typeof dataSource): Self;
  span(columns: number): Self;
}

function described<Panel extends Builder<Panel>>(
  panel: Panel,
  { title, description, unit, limits, width }: Required<Shared>,
): Panel {
  return panel
    .title(title)
    .description(description)
    .unit(unit)
    .thresholds(thresholds(limits))
    .datasource(dataSource)
    .span(width);
}

function graph({ queries, limits, ...shared }: Graph): Added {
  const panel = described(new GraphBuilder(), { width: 12, limits, ...shared })
    .height(8)
    .fillOpacity(8)
    .axisSoftMin(0);
  if (limits !== null)
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  for (const [index, { expr, legend }] of queries.entries())
    panel.withTarget(new DataqueryBuilder().refId(refId(index)).expr(expr).legendFormat(legend).range());
  return panel;
}

function stat({ query, ...shared }: Stat): Added {
  return described(new StatBuilder(), { width: 4, ...shared })
    .height(4)
    .noValue('not known')
    .withTarget(new DataqueryBuilder().refId('A').expr(query.expr).legendFormat(query.legend).instant());
}

function table({ by, columns, ...shared }: Table): Added {
  const panel = described(new TableBuilder(), { width: 24, ...shared })
    .height(20)
    .withTransformation({ id: 'joinByField', options: { byField: by, mode: 'outer' } })
    .withTransformation({
      id: 'filterFieldsByName',
      options: { include: { pattern: `^(${by}|Value.*)$` } },
    });
  for (const [index, column] of columns.entries()) {
    panel
      .withTarget(new DataqueryBuilder().refId(refId(index)).expr(column.expr).format(PromQueryFormat.Table).instant())
      .overrideByName(`Value #${refId(index)}`, [
        { id: 'displayName', value: column.legend },
        { id: 'unit', value: column.unit },
        { id: 'thresholds', value: thresholds(column.limits).build() },
        ...(column.limits === null
          ? []
          : [{ id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } }]),
      ]);
  }
  return panel;
}

/** Bad may lie above (a lag) or below (room on a disk). */
function thresholds(limits: Limits): ThresholdsConfigBuilder {
  const steps =
    limits === null
      ? [{ value: null, color: 'blue' }]
      : limits.look <= limits.bad
        ? [
            { value: null, color: 'green' },
            { value: limits.look, color: 'orange' },
            { value: limits.bad, color: 'red' },
          ]
        : [
            { value: null, color: 'red' },
            { value: limits.bad, color: 'orange' },
            { value: limits.look, color: 'green' },
          ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

/** A, B, C ... */
function refId(index: number): string {
  return String.fromCodePoint(65 + index);
}
