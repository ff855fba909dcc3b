// A long operation of one pipeline: reset, reprocess, replay, retryQuarantined, mend or discard. A workflow of its own, so that the
// pipeline goes on meanwhile, and so that its steps, its progress and its outcome have a page in the Temporal UI.
import {
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { OperationName, OperationOutcome, OperationRequest } from '../activities/contract.ts';
import { faultOf, hastySteps, patient, steps } from './activity-options.ts';
import type { Steps } from './activity-options.ts';
import { leftBehind } from './answers.ts';
import * as messages from './messages.ts';
import type { Cancellation, OperationEnd } from './messages.ts';

/**
 * Marks roots (after clearing, landing again or decoding again, as the operation has it), then waits until the pipeline
 * has derived them. Safe to run again from the start: after a loss of Temporal, and after somebody terminated it.
 */
export async function operation(request: OperationRequest): Promise<OperationEnd> {
  const done: string[] = [];
  const parent = getExternalWorkflowHandle(messages.pipelineWorkflowId(request.pipeline));
  const work = new CancellationScope();
  let asked: Cancellation | null = null;
  setHandler(
    messages.cancelled,
    (given) => {
      // Anybody may type a signal, also without what it should carry.
      asked ??= { reason: given?.reason ?? 'no reason was given', by: given?.by ?? 'operator' };
      work.cancel();
    },
    { description: messages.cancelledDescription },
  );
  const taken = patched('a cancelled step comes to its end') ? steps : hastySteps;
  try {
    await patient.beginOperation(request);
    await work.run(async () => {
      show('marks roots');
      const marked = await mark(taken, request);
      done.push(marked.answer);
      show('waits until they are derived');
      await tell(() => parent.signal(messages.wake));
      const derived = await taken.awaitDerived({
        id: request.id,
        pipeline: request.pipeline,
        total: marked.counts['roots'] ?? 0,
      });
      done.push(derived.answer);
    });
    return await end('done');
  } catch (error) {
    const { by, reason } = (asked ?? { by: '', reason: '' }) satisfies Cancellation;
    if (asked !== null || isCancellation(error)) {
      done.push(asked === null ? 'It was cancelled.' : `Cancelled by ${by}: ${reason}.`, leftBehind[request.name]);
      const outcome = await CancellationScope.nonCancellable(() => end('cancelled'));
      if (asked === null) throw error;
      return outcome;
    }
    const fault = faultOf(error);
    done.push(`${fault.code}: ${fault.message} ${fault.advice}`.trim());
    await CancellationScope.nonCancellable(() => end('failed'));
    throw ApplicationFailure.create({
      type: fault.code,
      message: fault.message,
      nonRetryable: true,
      details: [{ advice: fault.advice }],
    });
  }

  async function end(state: OperationEnd['state']): Promise<OperationEnd> {
    const answer = done.filter((part) => part !== '').join(' ');
    const outcome: OperationEnd = { id: request.id, name: request.name, state, answer };
    await patient.endOperation({ id: request.id, state, answer });
    show(null);
    await tell(() => parent.signal(messages.operationEnded, outcome));
    return outcome;
  }

  function show(step: string | null): void {
    const { name, pipeline, by, reason } = request;
    const progress = step === null ? '' : `**Now**: ${step}; the tab Pending Activities shows how far it is.`;
    setCurrentDetails(
      [
        `### ${name} of ${pipeline}`,
        `Asked for by ${by}: ${reason}`,
        ...done.map((line) => `- ${line}`),
        progress,
      ].join('\n\n'),
    );
  }
}

/** What each operation does before its roots are derived. */
const marking: Readonly<Partial<Record<OperationName, Exclude<keyof Steps, 'awaitDerived'>>>> = {
  reset: 'clearOwned',
  reprocess: 'markAll',
  replay: 'replay',
  retryQuarantined: 'retryQuarantined',
  mend: 'mend',
  discard: 'discard',
};

async function mark(steps: Steps, request: OperationRequest): Promise<OperationOutcome> {
  const step = marking[request.name];
  if (step === undefined)
    throw ApplicationFailure.nonRetryable(`${request.name} needs no workflow of its own.`, 'OPERATION_REFUSED');
  return steps[step](request);
}

/** The pipeline's workflow may be gone; what stands in our schema is enough for the next one. */
async function tell(send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the pipeline workflow did not take a signal', { error: String(error) });
  }
}
