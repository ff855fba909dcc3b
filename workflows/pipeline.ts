// One pipeline, for ever: it hears claims, has them applied, and carries out what operators ask for. It knows its pipeline
// by name only and never sees a row; whatever it remembers goes with it when it continues as new.
import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  currentUpdateInfo,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  setDefaultSignalHandler,
  setDefaultUpdateHandler,
  setHandler,
  startChild,
  upsertSearchAttributes,
  uuid4,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { OperationName, OperationRequest } from '../activities/contract.ts';
import { engine, faultOf, glance, patient, prompt } from './activity-options.ts';
import { applySummary, begunAnswer, cancelAnswer, modeAnswer, unknownMessage } from './answers.ts';
import { renderDetails } from './details.ts';
import * as remember from './memory.ts';
import type { Memory, SignalledOperation } from './memory.ts';
import * as messages from './messages.ts';
import type { OperationAnswer, OperationEnd, OperationInput, OperationRecord } from './messages.ts';
import { isRenewalDue, nextStep } from './next-step.ts';
import { parseRequest } from './parse-request.ts';
import { refusal } from './refusal.ts';
import { pipelineLagEvents, pipelineLagSeconds, pipelineState } from './search-attributes.ts';
import { isLandingStopped, lagBucket, lagOf, shownState, statusOf } from './status.ts';
import type { operation } from './operation.ts';
import type { VerificationSummary } from '../verification/contract.ts';

export interface PipelineInput {
  readonly pipeline: string;
  /** What the run before remembered; a workflow that is started from nothing reads where it is from our schema. */
  readonly memory?: Memory;
}

/** Longer than an apply takes, so that it is given up only when it is being tried again and again. */
const APPLY_PATIENCE_MS = 90_000;
/** How often the workflow makes sure that a long operation is still under way. */
const OPERATION_WATCH_MS = 60_000;
/** How often it is looked at what Kafka keeps, while landing stands still: it keeps it for days. */
const RETENTION_WATCH_MS = 10 * 60_000;
const INBOX_BACK_OFF_MS = 10_000;

export async function pipeline(input: PipelineInput): Promise<void> {
  const name = input.pipeline;
  let memory: Memory = { ...remember.emptyMemory, ...input.memory };
  memory = { ...memory, runs: memory.runs + 1 };
  const run = {
    signals: 0,
    /** An operation is being put in force: one at a time, so that none decides on a state that another one changes. */
    acting: false,
    refreshDue: false,
    closing: false,
  };
  const attributes = workflowInfo().typedSearchAttributes;
  let shown = {
    state: attributes.get(pipelineState),
    lagBucket: attributes.get(pipelineLagSeconds) === undefined ? -1 : 0,
  };

  hear();
  show();
  await recall();
  await Promise.all([follow().finally(() => (run.closing = true)), attend(), endPauses(), watchRetention()]);
  await condition(allHandlersFinished);
  await continueAsNew<typeof pipeline>({ pipeline: name, memory });

  /** Registers every message; must run before anything is awaited, since messages may come with the start. */
  function hear(): void {
    const { descriptions } = messages;
    setHandler(messages.claim, (offsets) => note(remember.claimedTo(memory, offsets, Date.now())), {
      description: descriptions.claim,
    });
    setHandler(messages.wake, () => note(remember.wokenUp(memory)), { description: descriptions.wake });
    setHandler(messages.verified, (summary) => onVerified(summary), { description: descriptions.verified });
    setHandler(messages.operationEnded, onOperationEnded, { description: descriptions.operationEnded });
    setHandler(messages.status, () => statusOf(name, memory, workflowInfo().unsafe.now()), {
      description: descriptions.status,
    });
    setHandler(messages.lag, () => lagOf(memory, workflowInfo().unsafe.now()), { description: descriptions.lag });
    for (const operationName of messages.operationNames) {
      const description = descriptions[operationName];
      setHandler(messages.operationSignals[operationName], (given) => onOperationSignal(operationName, given), {
        description,
      });
      setHandler(messages.operationUpdates[operationName], (given) => onOperationUpdate(operationName, given), {
        description,
        validator: (given) => void acceptable(operationName, given),
      });
    }
    setDefaultSignalHandler((signal) => {
      const answer = unknownMessage('signal', signal);
      noteRefusal({ id: uuid4(), name: signal, reason: '', by: '', via: 'signal', answer });
    });
    setDefaultUpdateHandler((update) => {
      throw refused(unknownMessage('update', update));
    });
  }

  /**
   * A signal came: it is remembered before anything else happens. Thousands may come in one task, so nothing is rendered
   * here: what follows from the signal shows itself.
   */
  function note(next: Memory): void {
    run.signals += 1;
    memory = next;
    if (shownState(memory, Date.now()) !== shown.state) show();
  }

  function onOperationSignal(operationName: OperationName, given: OperationInput): void {
    const item: SignalledOperation = { name: operationName, input: given, id: uuid4() };
    note({ ...memory, inbox: [...memory.inbox, item] });
  }

  function onVerified(summary: VerificationSummary): void {
    note(remember.wasVerified(memory, summary));
    show();
  }

  function onOperationEnded(end: OperationEnd): void {
    run.refreshDue = true;
    // Anybody may type a signal: what is no report is taken as a hint to look.
    if (typeof end?.id !== 'string' || typeof end.answer !== 'string') return note(memory);
    note(remember.operatorActed(remember.operationOver(memory, end, Date.now()), Date.now()));
  }

  async function onOperationUpdate(operationName: OperationName, given: OperationInput): Promise<OperationAnswer> {
    await condition(() => memory.state !== null);
    const answer = await exclusively(async () => {
      // What was acceptable when it was validated may not be so any more: another one may have been put in force meanwhile.
      const request = acceptable(operationName, given);
      return alreadyAnswered(request) ?? (await putInForce(request));
    }).catch((error: unknown) => {
      throw answerable(error, operationName);
    });
    return { ...answer, status: statusOf(name, memory, Date.now()) };
  }

  /** The request; throws the refusal. Before the state was read, only the input can be judged. */
  function acceptable(operationName: OperationName, given: OperationInput): OperationRequest {
    const id = currentUpdateInfo()?.id ?? 'unknown';
    const parsed = parseRequest({
      pipeline: name,
      name: operationName,
      via: 'update',
      input: given,
      id,
      nowMs: Date.now(),
    });
    if (!parsed.ok) throw refused(parsed.fault);
    const because = memory.state === null || isRepetition(parsed.request) ? null : judge(parsed.request);
    if (because !== null) throw refused(because);
    return parsed.request;
  }

  function judge(request: OperationRequest): string | null {
    if (memory.state === null) return null;
    const record = memory.recent.find(({ id }) => id === request.id);
    if (record !== undefined)
      return `The id ${request.id} was used already, for ${record.name} at ${record.at}. Choose another one.`;
    return refusal(request, { state: memory.state, operation: runningRecord(), nowMs: Date.now() });
  }

  function runningRecord(): OperationRecord | null {
    return memory.recent.find(({ id }) => id === memory.operation?.request.id) ?? null;
  }

  function isRepetition(request: OperationRequest): boolean {
    return memory.recent.some(
      ({ id, name: asked, state }) => id === request.id && asked === request.name && state !== 'refused',
    );
  }

  function alreadyAnswered(request: OperationRequest): Omit<OperationAnswer, 'status'> | null {
    if (!isRepetition(request)) return null;
    const record = memory.recent.find(({ id }) => id === request.id);
    return { answer: record?.answer || begunAnswer(request), operation: described(request) };
  }

  function described(request: OperationRequest): OperationAnswer['operation'] {
    const isLong = !['pause', 'resume', 'cancel'].includes(request.name);
    return { id: request.id, name: request.name, workflowId: isLong ? messages.operationWorkflowId(request) : null };
  }

  /** Does what was accepted: changes the mode, or starts the operation's workflow. */
  async function putInForce(request: OperationRequest): Promise<Omit<OperationAnswer, 'status'>> {
    if (request.name === 'pause' || request.name === 'resume') {
      const mode = request.name === 'pause' ? 'paused' : 'running';
      const state = await prompt.setMode({ ...request, mode });
      const answer = modeAnswer(request, state);
      memory = remember.operatorActed(remember.heard(memory, state, Date.now()), Date.now());
      const { id, reason, by, via } = request;
      memory = remember.recorded(memory, { id, name: request.name, reason, by, via, state: 'done', answer, at: now() });
      show();
      return { answer, operation: described(request) };
    }
    if (request.name === 'cancel') return cancel(request);
    memory = remember.operatorActed(remember.operationBegan(memory, request, Date.now()), Date.now());
    show();
    await startOperation(request);
    return { answer: begunAnswer(request), operation: described(request) };
  }

  /** Starts the operation's workflow, unless it is there: a second start, also after a loss of Temporal, is harmless. */
  async function startOperation(request: OperationRequest): Promise<void> {
    try {
      await startChild<typeof operation>(messages.operationWorkflow, {
        workflowId: messages.operationWorkflowId(request),
        args: [request],
        staticSummary: `${request.name} of ${name}, by ${request.by}: ${request.reason}`.slice(0, 200),
        // It outlives this run, which may continue as new meanwhile, and reports by signal.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  /** Has the operation that is under way end at its next step. That it has ended, its workflow says itself. */
  async function cancel(request: OperationRequest): Promise<Omit<OperationAnswer, 'status'>> {
    const target = memory.operation?.request;
    if (target === undefined) throw refused(judge(request) ?? 'It has ended meanwhile.');
    const { id, name: asked, reason, by, via } = request;
    const answer = cancelAnswer(target);
    await prompt.recordCancel({ ...request, operation: target.id, answer });
    memory = remember.recorded(memory, { id, name: asked, reason, by, via, state: 'done', answer, at: now() });
    show();
    await getExternalWorkflowHandle(messages.operationWorkflowId(target))
      .signal(messages.cancelled, { reason, by })
      .catch((error: unknown) => (isCancellation(error) ? Promise.reject(error) : endWithoutWorkflow(target, request)));
    return { answer, operation: described(request) };
  }

  /** Somebody has terminated its workflow, or it ends just now and has said so. */
  async function endWithoutWorkflow(target: OperationRequest, { by, reason }: OperationRequest): Promise<void> {
    const end = {
      id: target.id,
      name: target.name,
      state: 'cancelled',
      answer: `Cancelled by ${by}: ${reason}.`,
    } as const;
    await patient.endOperation({ id: end.id, state: end.state, answer: end.answer });
    if (memory.operation?.request.id === target.id) onOperationEnded(end);
  }

  /** Reads where the pipeline is, and takes up the operation that was running when an earlier Temporal was lost. */
  async function recall(): Promise<void> {
    if (memory.state !== null) return;
    const state = await patient.readState({ pipeline: name });
    memory = remember.heard(memory, state, Date.now());
    if (state.operation !== null) {
      const { since: _since, ...asked } = state.operation;
      const request = { ...asked, pipeline: name };
      memory = remember.operationBegan(memory, request, Date.now());
      await startOperation(request);
    }
    show();
  }

  /** Applies what is claimed, until it is time to continue as new. */
  async function follow(): Promise<void> {
    while (!renewalDue()) {
      const step = nextStep(memory, Date.now());
      if (step.do === 'apply') {
        await apply();
      } else {
        show();
        const seen = memory;
        const isNews = (): boolean => renewalDue() || memory !== seen;
        await (step.ms === null ? condition(isNews) : condition(isNews, step.ms, { summary: 'until the next try' }));
      }
    }
  }

  async function apply(): Promise<void> {
    memory = remember.applyBegan(memory, Date.now());
    show();
    let ended = false;
    const scope = new CancellationScope();
    const attempt = scope
      .run(() =>
        engine.apply.executeWithOptions({ summary: applySummary(memory) }, [
          { pipeline: name, claimed: memory.claimed },
        ]),
      )
      .then(
        (result) => (memory = remember.applyEnded(memory, { result, nowMs: Date.now() })),
        (error: unknown) => {
          if (isCancellation(error)) memory = remember.applyGivenUp(memory);
          else memory = remember.applyFailed(memory, faultOf(error), Date.now());
          // The engine may have stopped the pipeline: our schema says so.
          run.refreshDue = true;
        },
      )
      .finally(() => (ended = true));
    await condition(() => ended || renewalDue());
    // An apply ends by itself within its minute. One that is still here is being tried again: the next run takes it up.
    if (!ended && !(await condition(() => ended, APPLY_PATIENCE_MS))) scope.cancel();
    await attempt;
    show();
  }

  function renewalDue(): boolean {
    const { continueAsNewSuggested: suggested, historyLength } = workflowInfo();
    return isRenewalDue({ signals: run.signals, historyLength, suggested });
  }

  /** Carries out operations that came by signal, and watches the long one that runs. */
  async function attend(): Promise<void> {
    while (!run.closing) {
      const watched = memory.operation;
      const hasWork = (): boolean =>
        run.closing || run.refreshDue || memory.inbox.length > 0 || memory.operation !== watched;
      if (watched === null) await condition(hasWork);
      else if (!(await condition(hasWork, OPERATION_WATCH_MS, { summary: `looks after ${watched.request.name}` })))
        run.refreshDue = true;
      if (run.closing) return;
      const done = await exclusively(async () => {
        if (run.refreshDue) await refresh();
        await answerInbox();
      }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ActivityFailure && !isCancellation(error)) return false;
          throw error;
        },
      );
      // v3 does not answer: what was asked for stays in the inbox.
      if (!done)
        await condition(() => run.closing, INBOX_BACK_OFF_MS, { summary: 'until the next try for an operator' });
    }
  }

  /**
   * A pause that knows its end resumes by itself. The end stands in our schema, so it outlives this workflow; one that
   * has passed meanwhile is made up for at once.
   */
  async function endPauses(): Promise<void> {
    while (!run.closing) {
      const until = pauseEnd();
      const isOther = (): boolean => run.closing || pauseEnd() !== until;
      if (until === null || !patched('a pause may end by itself')) {
        await condition(isOther);
        continue;
      }
      const restMs = Date.parse(until) - Date.now();
      if (restMs > 0 && (await condition(isOther, restMs, { summary: `paused until ${until}, then resumes` })))
        continue;
      const isDone = await exclusively(() => endPause(until)).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ActivityFailure && !isCancellation(error)) return false;
          throw error;
        },
      );
      if (!isDone)
        await condition(() => run.closing, INBOX_BACK_OFF_MS, { summary: 'until the next try to end the pause' });
    }
  }

  /** While landing stands still, the page says until when Kafka keeps what waits there. */
  async function watchRetention(): Promise<void> {
    const isStopped = (): boolean => isLandingStopped(memory, Date.now());
    while (!run.closing) {
      if (!isStopped()) {
        await condition(() => run.closing || isStopped());
      } else if (!patched('what Kafka keeps is looked at')) {
        await condition(() => run.closing || !isStopped());
      } else {
        const retention = await glance
          .readRetention({ pipeline: name, applied: memory.state?.applied ?? {} })
          .catch((error: unknown) => {
            if (error instanceof ActivityFailure && !isCancellation(error)) return memory.retention;
            throw error;
          });
        memory = { ...memory, retention };
        show();
        await condition(() => run.closing || !isStopped(), RETENTION_WATCH_MS, {
          summary: 'until the next look at what Kafka keeps',
        });
      }
    }
  }

  function pauseEnd(): string | null {
    return memory.state?.mode === 'paused' ? (memory.state.until ?? null) : null;
  }

  async function endPause(until: string): Promise<void> {
    const { state } = memory;
    if (state === null || pauseEnd() !== until) return; // an operator was faster
    await putInForce({
      id: `${name}:resume:${until}`,
      pipeline: name,
      name: 'resume',
      via: 'timer',
      reason: `the end of the pause (${state.reason})`,
      by: state.by,
    });
  }

  async function refresh(): Promise<void> {
    const watched = memory.operation;
    const state = await prompt.readState({ pipeline: name });
    run.refreshDue = false;
    memory = remember.heard(memory, state, Date.now());
    if (watched !== null && Date.now() - watched.atMs >= OPERATION_WATCH_MS / 2) {
      const { id, name: operationName } = watched.request;
      if (state.operation?.id === id) await startOperation(watched.request);
      else
        memory = remember.operationOver(
          memory,
          { id, name: operationName, state: 'done', answer: 'It is over; its record has the outcome.' },
          Date.now(),
        );
    }
    show();
  }

  /** In the order in which they came. An item leaves the inbox only when it was carried out or recorded as refused. */
  async function answerInbox(): Promise<void> {
    for (let item = memory.inbox[0]; item !== undefined; item = memory.inbox[0]) {
      const parsed = parseRequest({
        pipeline: name,
        name: item.name,
        via: 'signal',
        input: item.input,
        id: item.id,
        nowMs: Date.now(),
      });
      const { request } = parsed;
      const because = parsed.ok ? judge(request) : parsed.fault;
      if (because === null) {
        await putInForce(request).catch((error: unknown) => noteFailure(request, error));
      } else if (!isRepetition(request)) {
        await prompt.recordRefusal({ ...request, answer: because });
        noteRefusal({ ...request, answer: because });
      }
      memory = { ...memory, inbox: memory.inbox.slice(1) };
    }
  }

  /** Another try would fail alike, and must not hold up what was asked for after it. */
  function noteFailure({ id, name: asked, reason, by, via }: OperationRequest, error: unknown): void {
    if (!(error instanceof ActivityFailure) || error.retryState !== 'NON_RETRYABLE_FAILURE') throw error;
    const { code, message } = faultOf(error);
    memory = remember.recorded(memory, {
      id,
      name: asked,
      reason,
      by,
      via,
      state: 'failed',
      answer: `${code}: ${message}`,
      at: now(),
    });
    show();
  }

  function noteRefusal(refusedOne: Omit<OperationRecord, 'state' | 'at'>): void {
    const { id, name: asked, reason, by, via, answer } = refusedOne;
    memory = remember.recorded(memory, { id, name: asked, reason, by, via, state: 'refused', answer, at: now() });
    show();
  }

  async function exclusively<T>(act: () => Promise<T>): Promise<T> {
    while (run.acting) await condition(() => !run.acting);
    run.acting = true;
    try {
      return await act();
    } finally {
      run.acting = false;
    }
  }

  /** Details cost nothing; search attributes cost an event, so they change with the state and with the lag's order of size. */
  function show(): void {
    const nowMs = Date.now();
    setCurrentDetails(renderDetails(statusOf(name, memory, nowMs)));
    const state = shownState(memory, nowMs);
    const lag = lagOf(memory, nowMs);
    // While an apply is under way its positions are not known here, and a lag would be an artefact.
    const bucket = memory.applyingSinceMs === null || state === 'retrying' ? lagBucket(lag) : shown.lagBucket;
    if (state === shown.state && bucket === shown.lagBucket) return;
    shown = { state, lagBucket: bucket };
    upsertSearchAttributes([
      { key: pipelineState, value: state },
      { key: pipelineLagSeconds, value: lag.seconds },
      { key: pipelineLagEvents, value: lag.events },
    ]);
  }
}

function refused(answer: string): ApplicationFailure {
  const failure = ApplicationFailure.create({ type: 'OPERATION_REFUSED', message: answer, nonRetryable: true });
  failure.stack = ''; // the Temporal UI would print it under the answer
  return failure;
}

/** What an update's caller hears when it could not be put in force. */
function answerable(error: unknown, operationName: OperationName): unknown {
  if (error instanceof ApplicationFailure || isCancellation(error)) return error;
  const { code, message, advice } = faultOf(error);
  return ApplicationFailure.create({
    type: code,
    message: `${operationName} could not be put in force: ${message} Query status before you ask again.`,
    nonRetryable: true,
    details: [{ advice }],
  });
}

function now(): string {
  return new Date(Date.now()).toISOString();
}
