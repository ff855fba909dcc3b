// What a verification found, in a sentence or two: for the Temporal UI, the API and logs.
import type { LandingReport } from './landing/verify-pipeline.ts';
import type { ReportsReport } from './landing/verify-reports.ts';
import type { V2Report } from './v2/verify-by-ranges.ts';

export function landingText({ differences, ranges, rows, openRoots, isWhole }: LandingReport): string {
  const whole = isWhole ? '' : ` ${countedText(ranges.total - ranges.looked, 'range')} have their turn next time.`;
  const left =
    openRoots === 0 ? '' : ` ${countedText(openRoots, 'root')} left out: to be derived, waiting or in quarantine.`;
  return `${countedText(differences.length, 'row')} of ${grouped(rows.summed)} ${differences.length === 1 ? 'differs' : 'differ'} from landing; ${ranges.compared} of ${countedText(ranges.looked, 'range')} compared row by row (${countedText(rows.compared, 'row')}).${whole}${left}`;
}

export function v2Text({ differences, rows, roots, load, isWhole, openRoots }: V2Report): string {
  const whole = isWhole ? '' : ' The allowed hours were over before all was read.';
  const left =
    openRoots === 0 ? '' : ` ${countedText(openRoots, 'root')} left out: to be derived, waiting or in quarantine.`;
  return `${countedText(differences.length, 'row')} of ${grouped(rows)} ${differences.length === 1 ? 'differs' : 'differ'} from v2 (${countedText(roots, 'root')}); it was asked ${countedText(load.queries, 'query', 'queries')}, ${countedText(load.rows, 'row')}, ${grouped(load.ms)} ms.${left}${whole}`;
}

export function reportsText({ checks, againstV2Only }: ReportsReport): string {
  const differing = checks.filter(({ differences }) => differences > 0);
  const left = againstV2Only.length === 0 ? '' : ` Against v2 only: ${againstV2Only.join('; ')}.`;
  const found =
    differing.length === 0
      ? 'none differs from landing'
      : differing.map(({ check, differences }) => `${check}: ${countedText(differences, 'group')}`).join('; ');
  return `${countedText(checks.length, 'check')}: ${found}.${left}`;
}

export function countedText(count: number, what: string, several = `${what}s`): string {
  return `${grouped(count)} ${count === 1 ? what : several}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en');
}
