// The verification's activities as Temporal sees them: each looks, keeps what it found in our schema, and brings back counts.
import { CancelledFailure, Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import { ensurePipeline } from '../activities/control.ts';
import { isCancelled, toFailure } from '../activities/failure.ts';
import { createLanding } from '../activities/landing.ts';
import { planOf } from '../activities/plan.ts';
import type { Plan } from '../activities/plan.ts';
import { loadTransformation, promotedChange } from '../activities/transformation.ts';
import { MkondoError, errorCode } from '../model/errors.ts';
import type { Logger } from '../model/log.ts';
import type { Metrics } from '../model/metrics.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { VerificationActivities, VerificationRequest, VerificationSummary } from './contract.ts';
import { endOfHours } from './hours.ts';
import type { Hours } from './hours.ts';
import type { RowDifference } from './landing/compare-roots.ts';
import { mend } from './landing/mend.ts';
import { begin, fail, finish, longestAgo } from './landing/results.ts';
import type { Begun } from './landing/results.ts';
import { verifyPipeline } from './landing/verify-pipeline.ts';
import { verifyReports } from './landing/verify-reports.ts';
import { countedText, landingText, reportsText, v2Text } from './summary-text.ts';
import { verifyByRanges } from './v2/verify-by-ranges.ts';

export interface VerificationDeps {
  readonly pool: Pool;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly pipelines: readonly Pipeline[];
  /** Rows are compared one by one after so long, whatever the sums say. */
  readonly compareAfterMs: number;
  /** How long a verification that came by itself may go on. */
  readonly boundedMs: number;
  /** v2, or a replica of it; undefined where nobody may read it. */
  readonly v2Url: string | undefined;
  /** When all pipelines may be compared with v2 by themselves. */
  readonly v2Hours: Hours | undefined;
}

const HEARTBEAT_MS = 1_000;
/** What is shown of what differs. The rows themselves stand in cdc.verification_differences. */
const SAMPLES = 20;

interface Look {
  readonly signal: AbortSignal;
  readonly heartbeat: (details: object) => void;
}

/** A pipeline with the transformation that it has. */
interface Prepared {
  readonly plan: Plan;
  readonly change: string | null;
  readonly version: string;
}

/** What was found, in three ways: counted, to be read, to be mended. */
interface Outcome {
  readonly count: number;
  readonly answer: string;
  readonly result: object;
  readonly rows: readonly RowDifference[];
}

export function createVerification(deps: VerificationDeps): VerificationActivities {
  const { pool, pipelines, compareAfterMs } = deps;
  const prepared = new Map<string, Promise<Prepared>>();

  return {
    async verify(input) {
      const context = Context.current();
      let details: object = {};
      const look: Look = {
        signal: context.cancellationSignal,
        heartbeat: (latest) => context.heartbeat((details = latest)),
      };
      const beat = setInterval(() => context.heartbeat(details), HEARTBEAT_MS);
      try {
        return input.against === 'v2' && input.pipeline === null
          ? await inAllowedHours(input, look)
          : await keep(input, () =>
              input.pipeline === null ? ofReports(look) : ofPipeline(input, input.pipeline, look),
            );
      } catch (error) {
        throw isCancelled(look.signal) ? look.signal.reason : toFailure(error, deps, input.pipeline ?? '');
      } finally {
        clearInterval(beat);
      }
    },
    async mend(input) {
      try {
        return await mend(pool, input);
      } catch (error) {
        throw toFailure(error, deps, input.pipeline);
      }
    },
  };

  /** Its plan, with its row and its landing tables there: a verification may come before the first event. */
  async function prepare(name: string): Promise<Prepared> {
    const change = await promotedChange(pool, name);
    const known = await prepared.get(name);
    if (known?.change === change) return known;
    const preparing = (async (): Promise<Prepared> => {
      const pipeline = pipelines.find((each) => each.name === name);
      if (pipeline === undefined)
        throw new MkondoError('PIPELINE_UNKNOWN', `There is no pipeline '${name}'.`, {
          advice: `There are: ${pipelines.map((each) => each.name).join(', ')}.`,
        });
      const transformation = await loadTransformation(pipeline, change);
      const plan = planOf(transformation.pipeline);
      await ensurePipeline(pool, name);
      await createLanding(pool, plan).prepare();
      return { plan, change, version: transformation.version };
    })();
    prepared.set(name, preparing);
    preparing.catch(() => prepared.delete(name));
    return preparing;
  }

  /** Writes down that it began, and how it ended. */
  async function keep(
    input: VerificationRequest & { readonly id: string },
    work: () => Promise<Outcome>,
  ): Promise<VerificationSummary> {
    const { id, against, pipeline } = input;
    if (pipeline !== null) await prepare(pipeline);
    const begun: Begun = { id, against, pipeline };
    const began = Date.now();
    await begin(pool, begun);
    try {
      const { count, answer, result, rows } = await work();
      await finish(pool, begun, { count, rows, result: { answer, ...result } });
      const seconds = Math.round((Date.now() - began) / 1000);
      return { ...begun, at: new Date().toISOString(), seconds, differences: count, answer };
    } catch (error) {
      const fault =
        error instanceof CancelledFailure
          ? { code: '', message: 'It was cancelled.' }
          : { code: errorCode(error) ?? 'UNKNOWN', message: error instanceof Error ? error.message : String(error) };
      await fail(pool, begun, fault).catch(() => undefined);
      throw error;
    }
  }

  async function ofPipeline(input: VerificationRequest, name: string, look: Look): Promise<Outcome> {
    const { plan, version } = await prepare(name);
    if (input.against === 'v2') return fromV2({ plan, version }, { look });
    const report = await verifyPipeline({
      pool,
      plan,
      version,
      compareAfterMs,
      ...(input.isBounded === true ? { mostMs: deps.boundedMs } : {}),
      signal: look.signal,
      onRange: look.heartbeat,
    });
    const { differences, ...figures } = report;
    return {
      count: differences.length,
      answer: landingText(report),
      result: { ...figures, kinds: kindsOf(differences), samples: differences.slice(0, SAMPLES) },
      rows: differences,
    };
  }

  async function fromV2(
    { plan, version }: Omit<Prepared, 'change'>,
    { look, until }: { readonly look: Look; readonly until?: Date },
  ): Promise<Outcome> {
    const report = await verifyByRanges({
      pool,
      v2Url: givenV2Url(),
      plan,
      version,
      ...(until === undefined ? {} : { until }),
      signal: look.signal,
      onRange: look.heartbeat,
    });
    const { differences, ...figures } = report;
    return {
      count: differences.length,
      answer: v2Text(report),
      result: { ...figures, kinds: kindsOf(differences), samples: differences.slice(0, SAMPLES) },
      rows: differences,
    };
  }

  function givenV2Url(): string {
    if (deps.v2Url !== undefined) return deps.v2Url;
    throw new MkondoError('OPERATION_REFUSED', 'No v2 is set to compare with.', {
      advice: 'Set MKONDO_VERIFY_V2_URL of the workers, to a replica where there is one.',
    });
  }

  async function ofReports(look: Look): Promise<Outcome> {
    for (const { name } of pipelines) await prepare(name);
    const report = await verifyReports({ pool, pipelines, signal: look.signal, onLook: look.heartbeat });
    return {
      count: report.checks.reduce((sum, { differences }) => sum + differences, 0),
      answer: reportsText(report),
      result: report,
      rows: [],
    };
  }

  /** One pipeline after the other, the one that was compared longest ago first, until the hours are over. */
  async function inAllowedHours(
    input: VerificationRequest & { readonly id: string },
    look: Look,
  ): Promise<VerificationSummary> {
    const began = Date.now();
    const until = deps.v2Hours === undefined ? null : endOfHours(deps.v2Hours, new Date());
    const done: VerificationSummary[] = [];
    const names =
      until === null ? [] : await longestAgo(pool, { against: 'v2', pipelines: pipelines.map(({ name }) => name) });
    for (const name of names) {
      if (until === null || Date.now() >= until.getTime()) break;
      const found = await prepare(name);
      done.push(
        await keep({ id: `${input.id}/${name}`, against: 'v2', pipeline: name }, () => fromV2(found, { look, until })),
      );
    }
    const differences = done.reduce((sum, each) => sum + each.differences, 0);
    const answer =
      until === null
        ? 'v2 may not be read at this hour (MKONDO_VERIFY_V2_HOURS).'
        : `${done.length} of ${pipelines.length} pipelines compared with v2: ${countedText(differences, 'difference')}.`;
    return {
      ...input,
      at: new Date().toISOString(),
      seconds: Math.round((Date.now() - began) / 1000),
      differences,
      answer,
    };
  }
}

function kindsOf(differences: readonly RowDifference[]): Readonly<Record<string, number>> {
  const kinds: Record<string, number> = {};
  for (const { kind } of differences) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}
