// The reports' checks with landing in v2's place: the same SQL as against v2, over views of landing. Pipelines land each at their
// own pace, so that a group may differ for a moment: only what stands still over several looks is a difference.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Pipeline } from '../../pipelines/definition.ts';
import type { Check } from '../checks/check.ts';
import { checks as allChecks } from '../checks/index.ts';
import { runCheck } from '../run-checks.ts';
import type { CheckReport, GroupDifference } from '../run-checks.ts';
import { inLandedView } from './landed-view.ts';

export interface ReportsReport {
  readonly checks: readonly CheckReport[];
  /** Checks of which v2's side cannot be asked of landing: they run against v2 only. */
  readonly againstV2Only: readonly string[];
  readonly looks: number;
}

export interface ReportsTask {
  readonly pool: Pool;
  readonly pipelines: readonly Pipeline[];
  readonly checks?: readonly Check[];
  /** Looks at what differs, with a pause between them. */
  readonly looks?: number;
  readonly pauseMs?: number;
  readonly signal?: AbortSignal;
  readonly onLook?: (progress: { readonly look: number; readonly check: string }) => void;
}

const STATEMENT_TIMEOUT = '30min';

export async function verifyReports(task: ReportsTask): Promise<ReportsReport> {
  const { looks = 3, pauseMs = 20_000, signal } = task;
  const standing = new Map<string, CheckReport>();
  const againstV2Only: string[] = [];
  let open = task.checks ?? allChecks;
  let look = 0;
  while (open.length > 0 && look < looks) {
    if (look > 0) await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
    look += 1;
    for (const check of open) {
      signal?.throwIfAborted();
      task.onLook?.({ look, check: check.check });
      const report = await inLandedView({ ...task, statementTimeout: STATEMENT_TIMEOUT }, (client) =>
        runCheck({ v2: client, v3: client }, check),
      );
      if (report === null) againstV2Only.push(check.check);
      else standing.set(check.check, stillThere(standing.get(check.check), report));
    }
    open = open.filter(({ check }) => (standing.get(check)?.differences ?? 0) > 0);
  }
  return { checks: [...standing.values()], againstV2Only, looks: look };
}

/** What differs now just as it did before. Groups beyond the samples that were shown count as long as any does. */
export function stillThere(before: CheckReport | undefined, now: CheckReport): CheckReport {
  if (before === undefined || now.differences === 0) return now;
  const known = new Set(before.samples.map(nameOf));
  const samples = now.samples.filter((sample) => known.has(nameOf(sample)));
  const unseen = now.differences - now.samples.length;
  return { ...now, samples, differences: samples.length + unseen };
}

function nameOf({ group, figures }: GroupDifference): string {
  return JSON.stringify([group, figures]);
}
