// The answers to accepted operations, in the operator's words.
import type { OperationName, OperationRequest, PipelineState } from '../activities/contract.ts';
import { eventsBehind } from './memory.ts';
import type { Memory } from './memory.ts';
import { operationNames, operationWorkflowId } from './messages.ts';

export function modeAnswer(
  { name, pipeline }: Pick<OperationRequest, 'name' | 'pipeline'>,
  state: PipelineState,
): string {
  if (name === 'pause') {
    return typeof state.until === 'string'
      ? `${pipeline} is paused until ${state.until}, when it resumes by itself: changes keep landing, v3 stands still until then.`
      : `${pipeline} is paused: changes keep landing, v3 stands still until resume.`;
  }
  if (state.mode !== 'running')
    return `The pause of ${pipeline} is over, but it is ${state.mode} (${state.stop?.message ?? state.reason}): it was not resumed.`;
  return `${pipeline} runs again; ${state.dirty === 0 ? 'nothing had changed meanwhile' : `${state.dirty} roots that changed meanwhile are derived now`}.`;
}

export function begunAnswer(request: OperationRequest): string {
  return `${request.name} of ${request.pipeline} has begun. Workflow ${operationWorkflowId(request)} shows how far it is; the query status shows its outcome.`;
}

export function cancelAnswer(target: OperationRequest): string {
  return `${target.name} of ${target.pipeline} (id ${target.id}) ends at its next step. ${leftBehind[target.name]}`.trim();
}

/** What stands when an operation was cancelled: nothing is undone, and nothing is half done. */
export const leftBehind: Readonly<Record<OperationName, string>> = {
  pause: '',
  resume: '',
  cancel: '',
  reset: 'What it has cleared comes back by itself; the rest was not touched.',
  reprocess: 'Roots that it has marked are derived all the same; pause the pipeline to keep them from it.',
  replay: 'What it has landed stays: it was newer than what was there.',
  retryQuarantined: 'What it has tried again is applied, or in quarantine as before.',
  mend: 'Roots that it has marked are derived all the same.',
  discard: 'What it has not come to is in quarantine as before.',
};

/** What an apply is for, on the timeline. */
export function applySummary(memory: Pick<Memory, 'claimed' | 'state'>): string {
  const events = eventsBehind(memory);
  return events === 0 ? 'derives what is due' : `${events} events are claimed`;
}

export function unknownMessage(kind: 'signal' | 'update', name: string): string {
  return `There is no ${kind} '${name}'. A pipeline knows ${operationNames.join(', ')}, each with {"reason": "..."}.`;
}
