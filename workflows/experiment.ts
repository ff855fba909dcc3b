// One experiment: derives beside the live flow, shows what would change, then waits for an operator to promote or to discard
// it. Nobody who forgets it leaves anything behind: after a week it discards itself.
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { ExperimentReport, ExperimentRequest } from '../experiments/contract.ts';
import { experiments, faultOf, trial } from './activity-options.ts';
import { summaryOf } from './experiment-summary.ts';
import * as messages from './messages.ts';
import type { ExperimentDecision, ExperimentEnd } from './messages.ts';

const LONGEST = '7 days';
const WRITE = 'Write for instance {"reason": "the names are right now"}.';

/** Asks for experiments with what was deployed. */
const SYSTEM = 'system';

interface Decided extends ExperimentDecision {
  readonly name: 'promote' | 'discard';
}

export async function experiment(request: ExperimentRequest): Promise<ExperimentEnd> {
  const { id, pipeline, change } = request;
  let report: ExperimentReport | null = null;
  let decided: Decided | null = null;

  const decide =
    (name: Decided['name']) =>
    (input: ExperimentDecision): string => {
      decided = { ...input, name };
      return name === 'promote'
        ? `${changeText(change)} becomes the transformation of ${pipeline}. ${report === null ? '' : summaryOf(report)} A reprocess writes what differs.`
        : `Experiment ${id} ends; its shadow is dropped, v3 was never touched.`;
    };
  const validate =
    (name: Decided['name']) =>
    (input: ExperimentDecision): void => {
      const refuse = (why: string): never => {
        throw ApplicationFailure.nonRetryable(`${name} of experiment ${id} was refused: ${why}`, 'EXPERIMENT_REFUSED');
      };
      if (typeof input?.reason !== 'string' || input.reason.trim() === '') refuse(`it needs a reason. ${WRITE}`);
      if (decided !== null) refuse(`it is to ${decided.name} already.`);
      if (name === 'promote' && report === null) refuse('it has not looked at every root yet.');
      if (name === 'promote' && report !== null && report.roots.failed > 0 && input.despiteFailures !== true)
        refuse(
          `${report.roots.failed} roots fail with it, and would go to quarantine. With "despiteFailures": true it is done all the same.`,
        );
    };
  setHandler(messages.promoteExperiment, decide('promote'), {
    validator: validate('promote'),
    description: messages.experimentDescriptions.promote,
  });
  setHandler(messages.discardExperiment, decide('discard'), {
    validator: validate('discard'),
    description: messages.experimentDescriptions.discard,
  });

  show('It derives every root with the change; the tab Pending Activities shows how far it is.');
  try {
    const derives = new CancellationScope();
    const deriving = derives.run(() => trial.runExperiment(request));
    await Promise.race([deriving.then((found) => (report = found)), condition(() => decided !== null)]);
    // Discarded while it derived.
    if (report === null) {
      derives.cancel();
      await deriving.catch(() => undefined);
    } else await experiments.finishExperiment({ id });
    decided ??= byItself();
    show('Send the update `promote` or `discard`.');
    const isDecided = await condition(() => decided !== null, LONGEST);
    if (!isDecided) decided = { name: 'discard', reason: `nobody decided within ${LONGEST}`, by: SYSTEM };
    return await end(decided as unknown as Decided);
  } catch (error) {
    const fault = faultOf(error);
    const answer = isCancellation(error) ? 'It was cancelled.' : `${fault.code}: ${fault.message} ${fault.advice}`;
    await CancellationScope.nonCancellable(() => experiments.endExperiment({ id, state: 'failed', answer }));
    show(`**Failed.** ${answer}`);
    if (isCancellation(error)) throw error;
    throw ApplicationFailure.create({
      type: fault.code,
      message: fault.message,
      nonRetryable: true,
      details: [{ advice: fault.advice }],
    });
  }

  /** Null where an operator is to decide. */
  function byItself(): Decided | null {
    if (report === null || request.by !== SYSTEM) return null;
    const { differing, failed } = report.roots;
    if (differing === 0 && failed === 0) return { name: 'discard', reason: 'nothing would change', by: SYSTEM };
    return request.decides === 'itself' && failed === 0
      ? { name: 'promote', reason: 'no root fails with it', by: SYSTEM }
      : null;
  }

  async function end({ name, reason, by = 'operator' }: Decided): Promise<ExperimentEnd> {
    const state = name === 'promote' ? 'promoted' : 'discarded';
    const answer = `${state} by ${by}: ${reason}`;
    if (name === 'promote') {
      await experiments.setTransformation({ pipeline, change });
      await getExternalWorkflowHandle(messages.pipelineWorkflowId(pipeline)).signal(
        messages.operationSignals.reprocess,
        { id: `promote-${id}`, reason: `${changeText(change)} was promoted: ${reason}`, by },
      );
    }
    await experiments.endExperiment({ id, state, answer });
    show(`**${answer}**`);
    return { id, state, answer };
  }

  function show(step: string): void {
    setCurrentDetails(
      [
        `### ${changeText(change)} of ${pipeline}`,
        `Asked for by ${request.by}: ${request.reason}`,
        ...(report === null ? [] : [summaryOf(report), columnsText(report)]),
        step,
        `All of it: \`GET /experiments/${id}\` of the REST API.`,
      ].join('\n\n'),
    );
  }
}

function changeText(change: string | null): string {
  return change === null ? 'The deployed transformation' : `The change ${change}`;
}

function columnsText({ columns }: ExperimentReport): string {
  return Object.entries(columns)
    .map(([column, { changed, examples }]) => {
      const [first] = examples;
      const example =
        first === undefined ? '' : `, such as \`${first.v3 ?? 'NULL'}\` to \`${first.changed ?? 'NULL'}\``;
      return `- ${column}: ${changed}${example}`;
    })
    .join('\n');
}
