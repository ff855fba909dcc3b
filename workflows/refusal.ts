// Whether an operation makes sense just now. The answer to the operator says why not, and what to do instead.
import type { OperationName, OperationRequest, PipelineState } from '../activities/contract.ts';
import type { OperationRecord } from './messages.ts';
import { LONGEST_PAUSE_MS } from './parse-request.ts';

interface Situation {
  readonly state: Pick<PipelineState, 'mode' | 'reason' | 'by' | 'since' | 'until' | 'stop'>;
  readonly operation: Pick<OperationRecord, 'id' | 'name' | 'at' | 'by'> | null;
  readonly nowMs: number;
}

/** Why the operation is refused, in full sentences; null when it is accepted. */
export function refusal(
  { name, pipeline, until, operation: wanted }: Pick<OperationRequest, 'name' | 'pipeline' | 'until' | 'operation'>,
  { state, operation, nowMs }: Situation,
): string | null {
  const rules: Readonly<Record<OperationName, () => string | null>> = {
    pause: pauseRefusal,
    resume: resumeRefusal,
    reset: () => operationRefusal() ?? standstillRefusal(),
    reprocess: () => operationRefusal() ?? standstillRefusal(),
    mend: () => operationRefusal() ?? standstillRefusal(),
    // Both land while the pipeline is paused; what they mark is derived after resume.
    replay: operationRefusal,
    discard: operationRefusal,
    cancel: cancelRefusal,
    retryQuarantined: () => operationRefusal() ?? (state.mode === 'drifted' ? standstillRefusal() : null),
  };
  const because = rules[name]();
  return because === null ? null : `${name} of ${pipeline} was refused: ${because}`;

  function pauseRefusal(): string | null {
    if (until !== undefined && Date.parse(until) <= nowMs)
      return `the pause would have ended at ${until}, and that is over. Give a later end, or none.`;
    if (until !== undefined && Date.parse(until) > nowMs + LONGEST_PAUSE_MS)
      return `its end, ${until}, is more than 366 days away. Without one, the pause lasts until somebody resumes it.`;
    // With another end, or with none, it changes when the pause ends.
    if (state.mode === 'paused' && (state.until ?? null) === (until ?? null))
      return `it is paused already, ${circumstances()}. Nothing is to be done; resume ends the pause, and another "for" or "until" changes its end.`;
    if (state.mode === 'drifted')
      return `the engine has stopped it, ${circumstances()}: v3 stands still already. Mend what stopped it, then resume.`;
    if (state.mode === 'resetting' && operation !== null) {
      return `its v3 rows are being cleared (${operation.name}, asked for by ${operation.by} at ${operation.at}). Pause again when that is over, or cancel it.`;
    }
    return null;
  }

  function resumeRefusal(): string | null {
    if (state.mode === 'running') return `it is running, ${circumstances()}. Nothing is to be done.`;
    if (state.mode === 'resetting' && operation !== null) {
      return `its v3 rows are being cleared (${operation.name}, asked for by ${operation.by} at ${operation.at}); it runs on by itself afterwards.`;
    }
    return null;
  }

  function operationRefusal(): string | null {
    if (operation === null) return null;
    return `${operation.name} is running since ${operation.at}, asked for by ${operation.by} (id ${operation.id}). Wait for its end, or cancel it, then ask again.`;
  }

  function cancelRefusal(): string | null {
    if (operation === null) return 'no operation is under way. Nothing is to be done.';
    if (wanted === undefined || wanted === operation.id) return null;
    return `the operation ${wanted} is not under way; ${operation.name} is (id ${operation.id}), asked for by ${operation.by} at ${operation.at}.`;
  }

  function standstillRefusal(): string | null {
    if (state.mode === 'paused') return `it is paused, ${circumstances()}. Resume it first, then ask again.`;
    if (state.mode === 'drifted')
      return `the engine has stopped it, ${circumstances()}. Mend what stopped it, resume it, then ask again.`;
    return null;
  }

  function circumstances(): string {
    const cause = state.stop === null ? state.reason : `${state.stop.code}: ${state.stop.message}`;
    const end = state.mode === 'paused' && typeof state.until === 'string' ? ` until ${state.until}` : '';
    return `since ${state.since}${end} by ${state.by}${cause === '' ? '' : ` (${cause})`}`;
  }
}
