// The activities as Temporal sees them: each finds its pipeline's engine, does its work in the scope that Temporal
// gives, and turns a failure into one with a code.
import { CancelledFailure, Context } from '@temporalio/activity';
import { apply } from './apply.ts';
import type { ActivityScope } from './apply.ts';
import type { PipelineActivities, PipelineState } from './contract.ts';
import { readState, recordOperation } from './control.ts';
import { createEngines } from './engine.ts';
import type { Engine, EngineDeps } from './engine.ts';
import { awaitDerived, changeMode, clearOwned, discard, markAll, replay, retryQuarantined } from './operations.ts';
import { isCancelled, toFailure } from './failure.ts';
import { readRetention } from './retention.ts';
import { inTransaction } from './transaction.ts';

const HEARTBEAT_MS = 1_000;

export function createActivities(deps: EngineDeps): PipelineActivities {
  const engines = createEngines(deps);

  async function run<T>(pipeline: string, work: (engine: Engine, scope: ActivityScope) => Promise<T>): Promise<T> {
    const context = Context.current();
    let details: unknown;
    const scope: ActivityScope = {
      run: context.info.workflowExecution?.runId ?? '',
      signal: context.cancellationSignal,
      heartbeat: (latest) => context.heartbeat((details = latest)),
    };
    // A batch may take longer than the heartbeat timeout; a second attempt beside it would do no harm, but work twice.
    const beat = setInterval(() => context.heartbeat(details), HEARTBEAT_MS);
    try {
      return await work(await engines(pipeline), scope);
    } catch (error) {
      if (isCancelled(scope.signal)) throw new CancelledFailure(error instanceof Error ? error.message : String(error));
      throw toFailure(error, deps, pipeline);
    } finally {
      clearInterval(beat);
    }
  }

  return {
    apply: (input) => run(input.pipeline, async (engine, scope) => linked(engine, await apply(engine, input, scope))),
    readRetention: (input) => run(input.pipeline, (engine) => readRetention(engine, input.applied)),
    readState: (input) =>
      run(input.pipeline, async (engine) => linked(engine, await readState(engine.deps.pool, engine.name))),
    setMode: (input) => run(input.pipeline, async (engine) => linked(engine, await changeMode(engine, input))),
    recordRefusal: (input) =>
      run(input.pipeline, (engine) =>
        recordOperation(engine.deps.pool, input, { state: 'refused', answer: input.answer }),
      ),
    recordCancel: (input) =>
      run(input.pipeline, (engine) =>
        recordOperation(engine.deps.pool, input, { state: 'done', answer: input.answer }),
      ),
    beginOperation: (input) =>
      run(input.pipeline, (engine) => recordOperation(engine.deps.pool, input, { state: 'running', answer: '' })),
    async endOperation(input) {
      await inTransaction(deps.pool, async (client) => {
        await client.query(
          `UPDATE cdc.operations SET state = $2, answer = $3, finished_at = now() WHERE id = $1 AND state = 'running'`,
          [input.id, input.state, input.answer],
        );
        // A reset that failed or was cancelled must not leave its pipeline in a mode that nobody ends.
        await client.query(
          `UPDATE cdc.pipelines p SET mode = 'running', mode_since = now() FROM cdc.operations o
           WHERE o.id = $1 AND p.name = o.pipeline AND o.name = 'reset' AND p.mode = 'resetting'`,
          [input.id],
        );
      });
    },
    clearOwned: (input) => run(input.pipeline, (engine, scope) => clearOwned(engine, input, scope)),
    markAll: (input) => run(input.pipeline, (engine) => markAll(engine, input)),
    replay: (input) => run(input.pipeline, (engine, scope) => replay(engine, input, scope)),
    retryQuarantined: (input) => run(input.pipeline, (engine, scope) => retryQuarantined(engine, input, scope)),
    discard: (input) => run(input.pipeline, (engine, scope) => discard(engine, input, scope)),
    awaitDerived: (input) => run(input.pipeline, (engine, scope) => awaitDerived(engine, input, scope)),
  };
}

/** What the workflow cannot know, since it reads no configuration. */
function linked<State extends PipelineState>({ deps, name }: Engine, state: State): State {
  return deps.linksOf === undefined ? state : { ...state, links: deps.linksOf(name) };
}
