// The verifier's findings, for people.
import type { GroupDifference } from '../../verification/run-checks.ts';
import type { Difference } from '../../verification/v2/compare.ts';
import type { PipelineReport, VerifyReport } from '../../verification/v2/verify.ts';

const MOST_SHOWN = 20;

export function reportText(report: VerifyReport): string {
  const table = [
    ['PIPELINE', 'MODE', 'ROOTS', 'ROWS', 'MISSING', 'EXTRA', 'DIFFERENT', 'DIFFERENCES'],
    ...report.pipelines.map((pipeline) => [
      pipeline.pipeline,
      pipeline.mode,
      ...[
        pipeline.roots,
        pipeline.rows,
        total(pipeline, 'missing'),
        total(pipeline, 'extra'),
        total(pipeline, 'different'),
        pipeline.differences,
      ].map(String),
    ]),
  ];
  const checks = report.checks.map(({ check, rows, differences, samples }) =>
    [
      `Check ${check}: ${rows} group(s), ${differences} difference(s)`,
      ...samples.flatMap(groupLines),
      ...(differences > samples.length ? [`  ... and ${differences - samples.length} more`] : []),
    ].join('\n'),
  );
  const found = report.pipelines.flatMap((pipeline) =>
    pipeline.samples.map((difference) => `  ${pipeline.pipeline}: ${differenceText(difference)}`),
  );
  const troubles = report.pipelines.flatMap((pipeline) =>
    pipeline.troubles.map(
      ({ kind, root, code, message }) => `  ${pipeline.pipeline} ${root ?? ''} ${kind} ${code} ${cut(message)}`,
    ),
  );
  const agreed = report.pipelines.reduce((sum, { refusedAlike }) => sum + refusedAlike.length, 0);
  return [
    columns(table),
    checks.join('\n'),
    section('The first differences:', found),
    section('What the system itself knows of:', troubles),
    `v2 was asked ${report.load.queries} queries, gave ${report.load.rows} rows, and was busy for ${report.load.ms} ms.`,
    agreed === 0 ? '' : `${agreed} root(s) can have no v3 rows, and are rightly in quarantine for it.`,
    report.differences === 0 ? 'v3 is what v2 says: 0 differences.' : `${report.differences} difference(s).`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function total(pipeline: PipelineReport, kind: 'missing' | 'extra' | 'different'): number {
  return pipeline.tables.reduce((sum, table) => sum + table[kind], 0);
}

function differenceText({ table, kind, key, root, columns: differing }: Difference): string {
  const where = named(key);
  const from = root === null ? 'follows from nothing in v2' : `of v2 row ${root}`;
  const what = differing
    .map(({ column, expected, actual }) => `${column}: expected ${cut(expected)}, v3 has ${cut(actual)}`)
    .join('; ');
  return `${kind} ${table} ${where} (${from}) ${what}`.trimEnd();
}

/** The group with its figures, and below it the rows behind them that one side only has. */
function groupLines({ group, figures, rows }: GroupDifference): readonly string[] {
  const figuresText = figures.map(({ figure, v2, v3 }) => `${figure}: v2 ${cut(v2)}, v3 ${cut(v3)}`).join('; ');
  return [`  ${named(group)}: ${figuresText}`, ...rows.map(({ side, row }) => `    ${side} has ${named(row)}`)];
}

function named(columns: Readonly<Record<string, string | null>>): string {
  return Object.entries(columns)
    .map(([column, value]) => `${column}=${cut(value)}`)
    .join(' ');
}

function section(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const more = lines.length > MOST_SHOWN ? [`  ... and ${lines.length - MOST_SHOWN} more`] : [];
  return [title, ...lines.slice(0, MOST_SHOWN), ...more].join('\n');
}

function cut(text: string | null): string {
  if (text === null) return 'NULL';
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}

/** The first two columns to the left, numbers to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => (index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
