// What a chaos run has shown, for people; `.run/chaos.json` has the same for machines.
import type { KillReport } from './kills.ts';

export interface ChaosReport {
  readonly minutes: number;
  readonly seed: number;
  readonly scale: number;
  /** Of the whole run, start and verification included. */
  readonly seconds: number;
  /** Whatever is not as it must be. Empty: passed. */
  readonly faults: readonly string[];
  readonly actions: number;
  readonly rowChanges: number;
  readonly operations: Readonly<
    Record<string, { readonly done: number; readonly nothingToDo: number; readonly failed: number }>
  >;
  readonly kills: readonly KillReport[];
  /** From the last action until all of it was in v3. */
  readonly settleSeconds: number;
  /** Change events, counted once for each pipeline that reads them. */
  readonly eventsApplied: number;
  /** In quarantine at the end, and ever. */
  readonly quarantined: number;
  readonly quarantinedOnTheWay: number;
  readonly differences: number;
  readonly pipelines: readonly {
    readonly pipeline: string;
    readonly roots: number;
    readonly rows: number;
    readonly differences: number;
  }[];
  readonly checks: readonly { readonly check: string; readonly rows: number; readonly differences: number }[];
}

export function chaosText(report: ChaosReport): string {
  const operations = Object.entries(report.operations).map(([name, { done, nothingToDo, failed }]) => [
    name,
    done,
    nothingToDo,
    failed,
  ]);
  const kills = report.kills.map((kill) => [
    kill.victim,
    kill.at.slice(11, 19),
    kill.downSeconds,
    kill.startSeconds,
    kill.recoverySeconds,
    kill.during,
  ]);
  const pipelines = report.pipelines.map(({ pipeline, roots, rows, differences }) => [
    pipeline,
    roots,
    rows,
    differences,
  ]);
  return [
    table(['OPERATION', 'DONE', 'NOTHING TO DO', 'FAILED'], operations),
    table(['KILLED', 'AT', 'DOWN s', 'START s', 'RECOVERED s', 'DURING'], kills),
    table(['PIPELINE', 'ROOTS', 'ROWS', 'DIFFERENCES'], pipelines),
    `${report.actions} actions, ${report.rowChanges} row changes in v2; ${report.eventsApplied} events applied; all was in v3 ${report.settleSeconds.toFixed(1)} s after the last action`,
    `${report.quarantined} in quarantine at the end (${report.quarantinedOnTheWay} ever); ${report.differences} difference(s)`,
    ...report.checks.map(
      ({ check, rows, differences }) => `Check ${check}: ${rows} group(s), ${differences} difference(s)`,
    ),
    report.faults.length === 0 ? 'PASSED' : `FAILED:\n${report.faults.map((fault) => `  ${fault}`).join('\n')}`,
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const all = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
