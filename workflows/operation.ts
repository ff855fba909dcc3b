// A long operation of one pipeline: reset, reprocess, replay, retryQuarantined or mend. A workflow of its own, so that the
// pipeline goes on meanwhile, and so that its steps, its progress and its outcome have a page in the Temporal UI.
import {
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { OperationName, OperationOutcome, OperationRequest } from '../activities/contract.ts';
import { faultOf, patient, steps } from './activity-options.ts';
import * as messages from './messages.ts';
import type { OperationEnd } from './messages.ts';

/**
 * Marks roots (after clearing, landing again or decoding again, as the operation has it), then waits until the pipeline
 * has derived them. Safe to run again from the start: after a loss of Temporal, and after somebody terminated it.
 */
export async function operation(request: OperationRequest): Promise<OperationEnd> {
  const done: string[] = [];
  const parent = getExternalWorkflowHandle(messages.pipelineWorkflowId(request.pipeline));
  try {
    await patient.beginOperation(request);
    show('marks roots');
    const marked = await mark(request);
    done.push(marked.answer);
    show('waits until they are derived');
    await tell(() => parent.signal(messages.wake));
    const derived = await steps.awaitDerived({
      id: request.id,
      pipeline: request.pipeline,
      total: marked.counts['roots'] ?? 0,
    });
    done.push(derived.answer);
    return await end('done');
  } catch (error) {
    const fault = faultOf(error);
    done.push(isCancellation(error) ? 'It was cancelled.' : `${fault.code}: ${fault.message} ${fault.advice}`.trim());
    await CancellationScope.nonCancellable(() => end('failed'));
    if (isCancellation(error)) throw error;
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
const marking: Readonly<Partial<Record<OperationName, (request: OperationRequest) => Promise<OperationOutcome>>>> = {
  reset: (request) => steps.clearOwned(request),
  reprocess: (request) => steps.markAll(request),
  replay: (request) => steps.replay(request),
  retryQuarantined: (request) => steps.retryQuarantined(request),
  mend: (request) => steps.mend(request),
};

async function mark(request: OperationRequest): Promise<OperationOutcome> {
  const step = marking[request.name];
  if (step === undefined)
    throw ApplicationFailure.nonRetryable(`${request.name} needs no workflow of its own.`, 'OPERATION_REFUSED');
  return step(request);
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
