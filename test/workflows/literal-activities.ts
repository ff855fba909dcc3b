// Activities as literals: they keep a pipeline's state in memory as our schema would, and can be told to fail or to wait.
// They stand in for the engine where a test is about the workflow alone.
import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import type { Retention } from '../../model/retention.ts';
import type {
  ApplyInput,
  ApplyResult,
  Counts,
  Mode,
  OperationOutcome,
  OperationRequest,
  PipelineActivities,
  PipelineState,
} from '../../activities/contract.ts';
import type { ExperimentActivities, ExperimentReport } from '../../experiments/contract.ts';
import type { VerificationActivities } from '../../verification/contract.ts';

type Activities = PipelineActivities & VerificationActivities & ExperimentActivities;
type Call = { readonly activity: keyof Activities; readonly input: unknown };

export interface LiteralSchema {
  state: PipelineState;
  readonly calls: Call[];
  /** What the next applies do instead of applying, in order. */
  readonly applies: ((input: ApplyInput) => Promise<Partial<ApplyResult>>)[];
  readonly refusals: string[];
  readonly ended: { id: string; state: string; answer: string }[];
  /** While it is set, every activity fails with it. */
  down: ApplicationFailure | null;
  /** Steps of operations wait while it is set. */
  held: boolean;
  readonly activities: Activities;
  /** What the next experiment finds; a failure is thrown. */
  found: ExperimentReport | ApplicationFailure;
  /** What the next verification finds. */
  differences: number;
  /** So many changes of mode fail. */
  refuseModes: number;
  retention: Retention | null;
}

const nothing: Counts = { events: 0, landed: 0, derived: 0, written: 0, quarantined: 0 };

export function literalSchema(initial: Partial<PipelineState> = {}): LiteralSchema {
  const schema: LiteralSchema = {
    state: {
      mode: 'running',
      reason: '',
      by: 'system',
      since: new Date().toISOString(),
      stop: null,
      applied: {},
      lastEventAt: null,
      dirty: 0,
      waiting: 0,
      quarantined: 0,
      retryInMs: null,
      operation: null,
      ...initial,
    },
    calls: [],
    applies: [],
    refusals: [],
    ended: [],
    down: null,
    held: false,
    found: foundByExperiment(),
    differences: 0,
    refuseModes: 0,
    retention: null,
    activities: {
      async apply(input) {
        await enter('apply', input);
        const scripted = schema.applies.shift();
        const given = (await scripted?.(input)) ?? {};
        const claimed = Object.fromEntries(
          Object.entries(input.claimed).map(([position, offset]) => [
            position,
            Math.max(offset, schema.state.applied[position] ?? 0),
          ]),
        );
        const { counts = nothing, ...state } = given;
        schema.state = { ...schema.state, applied: { ...schema.state.applied, ...claimed }, ...state };
        return { ...schema.state, counts };
      },
      async readRetention(input) {
        await enter('readRetention', input);
        return schema.retention;
      },
      async readState(input) {
        await enter('readState', input);
        return schema.state;
      },
      async setMode(input) {
        await enter('setMode', input);
        if (schema.refuseModes > 0) {
          schema.refuseModes -= 1;
          throw drifted();
        }
        if (input.via !== 'timer' || schema.state.mode === 'paused') setMode(input.mode, input);
        return schema.state;
      },
      async recordRefusal(input) {
        await enter('recordRefusal', input);
        schema.refusals.push(input.answer);
      },
      async recordCancel(input) {
        await enter('recordCancel', input);
      },
      async beginOperation(input) {
        await enter('beginOperation', input);
        schema.state = {
          ...schema.state,
          operation: { ...input, since: new Date().toISOString() },
        };
      },
      async endOperation(input) {
        await enter('endOperation', input);
        schema.state = { ...schema.state, operation: null };
        schema.ended.push(input);
      },
      clearOwned: step('clearOwned', 'Cleared 3 rows.'),
      markAll: step('markAll', 'Marked 3 roots.'),
      replay: step('replay', 'Landed 3 events again.'),
      retryQuarantined: step('retryQuarantined', 'Tried 3 events again.'),
      mend: step('mend', 'Marked 3 roots.'),
      discard: step('discard', '3 roots discarded.'),
      async runExperiment(input) {
        await enter('runExperiment', input);
        await release();
        if (schema.found instanceof ApplicationFailure) throw schema.found;
        return schema.found;
      },
      finishExperiment: (input) => enter('finishExperiment', input),
      setTransformation: (input) => enter('setTransformation', input),
      endExperiment: (input) => enter('endExperiment', input),
      async verify(input) {
        await enter('verify', input);
        await release();
        const { differences } = schema;
        return {
          ...input,
          at: new Date().toISOString(),
          seconds: 1,
          differences,
          answer: `${differences} rows differ.`,
        };
      },
      async awaitDerived(input) {
        await enter('awaitDerived', input);
        await release();
        return { answer: `Derived ${input.total} roots.`, counts: { roots: input.total } };
      },
    },
  };

  function setMode(mode: Mode, request: Pick<OperationRequest, 'reason' | 'by' | 'until'>): void {
    const { reason, by, until = null } = request;
    schema.state = { ...schema.state, mode, reason, by, since: new Date().toISOString(), until, stop: null };
  }

  async function enter(activity: keyof Activities, input: unknown): Promise<void> {
    schema.calls.push({ activity, input });
    if (schema.down !== null) throw schema.down;
  }

  async function release(): Promise<void> {
    while (schema.held) {
      Context.current().heartbeat();
      await Context.current().sleep(20);
    }
  }

  function step(
    activity: 'clearOwned' | 'markAll' | 'replay' | 'retryQuarantined' | 'mend' | 'discard',
    answer: string,
  ) {
    return async (input: OperationRequest): Promise<OperationOutcome> => {
      await enter(activity, input);
      await release();
      return { answer, counts: { roots: 3 } };
    };
  }

  return schema;
}

export function foundByExperiment(roots: Partial<ExperimentReport['roots']> = {}): ExperimentReport {
  return {
    roots: { total: 9, derived: 9, differing: 2, failed: 0, skipped: 0, ...roots },
    tables: { 'referencedata.orderables': { equal: 7, changed: 2, created: 0, gone: 0 } },
    columns: {
      'referencedata.orderables fullproductname': {
        changed: 2,
        examples: [{ key: 'k', root: '1', v3: 'Old', changed: 'New' }],
      },
    },
    failures: {},
    losses: {},
  };
}

export function v3Down(): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'V3_UNAVAILABLE',
    message: 'v3 does not answer',
    details: [{ advice: 'Start it.' }],
  });
}

export function drifted(): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'SCHEMA_DRIFT',
    message: 'products.code is gone',
    nonRetryable: true,
    details: [{ advice: 'Mend the mapping.' }],
  });
}
