// What an experiment found, in a sentence: for the workflow's page, the API and the command line.
import type { ExperimentReport } from '../experiments/contract.ts';

/** "4 of 9,812 roots would change", for people. */
export function summaryOf({ roots, tables, reports = [] }: ExperimentReport): string {
  const count = (number: number): string => number.toLocaleString('en');
  const rows = Object.values(tables).reduce(
    (sum, each) => ({
      changed: sum.changed + each.changed,
      created: sum.created + each.created,
      gone: sum.gone + each.gone,
    }),
    { changed: 0, created: 0, gone: 0 },
  );
  const failed = roots.failed === 0 ? '' : ` ${count(roots.failed)} would fail.`;
  const skipped = roots.skipped === 0 ? '' : ` ${count(roots.skipped)} were not looked at: v3 is behind on them.`;
  const changed = reports.filter((each) => each.changed > 0);
  const figures =
    changed.length === 0
      ? ''
      : ` Figures of ${changed.length === 1 ? 'a report' : `${changed.length} reports`} would change: ${changed.map(({ report }) => report.split(',')[0]).join('; ')}.`;
  return `${count(roots.differing)} of ${count(roots.derived)} roots would change: ${count(rows.changed)} rows changed, ${count(rows.created)} new, ${count(rows.gone)} gone.${figures}${failed}${skipped}`;
}
