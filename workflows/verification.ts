// One verification: of a pipeline's rows in v3, or of the reports. A schedule starts it again and again, an operator when he
// likes; what it finds stands in our schema, and its pipeline's page tells of it.
import {
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { VerificationRequest, VerificationSummary } from '../verification/contract.ts';
import { faultOf, looks } from './activity-options.ts';
import * as messages from './messages.ts';

export async function verification(request: VerificationRequest): Promise<VerificationSummary> {
  const { against, pipeline } = request;
  const title = `### ${pipeline ?? (against === 'reports' ? 'the reports' : 'all pipelines')} against ${against === 'v2' ? 'v2' : 'landing'}`;
  setCurrentDetails(`${title}\n\n**Now**: looks; the tab Pending Activities shows how far it is.`);
  const work = new CancellationScope();
  let cancelled = '';
  setHandler(
    messages.cancelled,
    (given) => {
      cancelled ||= `Cancelled by ${given?.by ?? 'operator'}: ${given?.reason ?? ''}`;
      work.cancel();
    },
    { description: messages.cancelledDescription },
  );
  try {
    const summary = await work.run(() => looks.verify({ ...request, id: workflowInfo().runId }));
    setCurrentDetails(`${title}\n\n${summary.answer}`);
    if (pipeline !== null && against === 'landing') await tell(pipeline, summary);
    return summary;
  } catch (error) {
    if (isCancellation(error) && cancelled !== '') {
      setCurrentDetails(`${title}\n\n**${cancelled}**`);
      throw ApplicationFailure.nonRetryable(cancelled, 'CANCELLED');
    }
    if (isCancellation(error)) throw error;
    const { code, message, advice } = faultOf(error);
    setCurrentDetails(`${title}\n\n**Failed**, ${code}: ${message} ${advice}`);
    throw ApplicationFailure.create({ type: code, message, nonRetryable: true, details: [{ advice }] });
  }
}

/** The pipeline's workflow may be gone; what stands in our schema is enough. */
async function tell(pipeline: string, summary: VerificationSummary): Promise<void> {
  try {
    await getExternalWorkflowHandle(messages.pipelineWorkflowId(pipeline)).signal(messages.verified, summary);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the pipeline workflow did not take a signal', { error: String(error) });
  }
}
