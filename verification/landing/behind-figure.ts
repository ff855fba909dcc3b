// What is behind one figure of a report, whether the two sides agree on it or not: the rows of v2, as they landed, and the rows
// of v3 that the report adds up.
import type { Pool } from 'pg';
import { MkondoError } from '../../model/errors.ts';
import type { Pipeline } from '../../pipelines/definition.ts';
import type { Check } from '../checks/check.ts';
import { checks } from '../checks/index.ts';
import { readGroup } from '../run-checks.ts';
import type { GroupRows } from '../run-checks.ts';
import { inLandedView } from './landed-view.ts';

export interface BehindFigure extends GroupRows {
  /** The report, by its whole name. */
  readonly report: string;
  readonly group: Readonly<Record<string, string | null>>;
}

export interface FigureTask {
  readonly pool: Pool;
  readonly pipelines: readonly Pipeline[];
  /** The name of a report, or as much of its beginning as no other has. */
  readonly report: string;
  /** Column -> its value; every column of the report's groups. */
  readonly group: Readonly<Record<string, string | null>>;
  /** Most rows of each side. */
  readonly limit: number;
}

/** An operator waits for it. */
const STATEMENT_TIMEOUT = '60s';

/** Null when landing lacks a table that the report's check reads. @throws MkondoError REPORT_UNKNOWN, FIGURE_UNKNOWN, V3_UNAVAILABLE */
export async function behindFigure(task: FigureTask): Promise<BehindFigure | null> {
  const check = findCheck(task.report);
  const group = groupOf(check, task.group);
  const found = await inLandedView({ ...task, statementTimeout: STATEMENT_TIMEOUT }, (client) =>
    readGroup({ v2: client, v3: client }, check, { group, limit: task.limit }),
  );
  return found === null ? null : { report: check.check, group, ...found };
}

function findCheck(name: string): Check {
  const wanted = name.toLowerCase();
  const found = checks.filter(({ check }) => check.toLowerCase() === wanted);
  const [only, ...more] =
    found.length > 0 ? found : checks.filter(({ check }) => check.toLowerCase().startsWith(wanted));
  if (only !== undefined && more.length === 0 && wanted !== '') return only;
  throw new MkondoError('REPORT_UNKNOWN', `There is ${more.length > 0 ? 'more than one' : 'no'} report '${name}'.`, {
    advice: `There are: ${checks.map(({ check }) => check).join('; ')}.`,
  });
}

function groupOf(check: Check, given: FigureTask['group']): FigureTask['group'] {
  const names = Object.keys(given);
  const isWhole = names.length === check.group.length && check.group.every((column) => column in given);
  if (isWhole) return given;
  throw new MkondoError(
    'FIGURE_UNKNOWN',
    `A figure of '${check.check}' is named by ${check.group.join(', ')}; given: ${names.join(', ') || 'nothing'}.`,
    { advice: `Give each of them as the report shows it: ${check.group.map((column) => `${column}=...`).join(' ')}.` },
  );
}
