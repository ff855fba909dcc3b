// The page that an operator reads first: a pipeline's status as Markdown, for the head of its page in the Temporal UI.
import type { VerificationSummary } from '../verification/contract.ts';
import { experimentWorkflowId, operationWorkflowId } from './messages.ts';
import type { OperationRecord, PipelineStatus, ShownState } from './messages.ts';

const meaning: Readonly<Record<ShownState, string>> = {
  starting: 'It reads where it was. If this lasts, the v3 database does not answer.',
  running: 'Changes land and v3 follows.',
  paused: 'Changes land; v3 stands still.',
  resetting: 'Changes land; the v3 rows of this pipeline are being cleared, and come back by themselves.',
  drifted: 'The engine stopped it: changes land where they can, v3 stands still until an operator resumes it.',
  failing: 'The last apply failed in a way that another try alone may not mend. It is tried again all the same.',
  retrying:
    'The apply under way fails and is tried again until it succeeds; the tab Pending Activities shows the error.',
};

const next: Readonly<Record<ShownState, string>> = {
  starting: 'wait',
  running: '`pause`, `reprocess`, `replay`, `retryQuarantined`, `reset`',
  paused: '`resume`, `pause` with another end (`"for": "8h"`), `replay`, `retryQuarantined`',
  resetting: 'wait; `status` shows how far it is',
  drifted: 'mend what stopped it, then `resume`',
  failing: 'see the advice; `pause` if v3 shall stand still',
  retrying: 'see the tab Pending Activities; `pause` if v3 shall stand still',
};

/** Markdown, well under the 20,000 bytes that the server takes. The page gives it half its width: short lines, narrow tables. */
export function renderDetails(status: PipelineStatus): string {
  return [
    heading(status),
    status.failure === null ? '' : failure(status.failure),
    status.operation === null ? '' : running(status.operation, status.pipeline),
    status.experiment === null ? '' : trying(status.experiment, status.pipeline),
    status.retention === null ? '' : retention(status.retention, status.lag.events),
    `**What you can do**: ${next[status.state]}. More Actions, Send an Update, with \`{"reason": "..."}\`.`,
    links(status.links),
    figures(status),
    operations(status.recentOperations),
    positions(status),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function heading({ state, mode, since, until, by, reason, stop, applyingSince }: PipelineStatus): string {
  const end = until === null ? '' : ` until ${short(until)}`;
  const when = since === null ? '' : ` since ${short(since)}${end}`;
  const who = by === '' ? '' : ` by ${line(by, 60)}`;
  const why = reason === '' ? '' : `: ${line(reason)}`;
  const stopped =
    stop === null ? '' : `\n\n**Stopped by ${stop.code}**: ${line(stop.message)} See docs/errors.md, ${stop.code}.`;
  const resumes = state === 'paused' && until !== null ? ' It resumes by itself then.' : '';
  if (state === mode) return `### ${state}${when}${who}${why}\n\n${meaning[state]}${resumes}${stopped}`;
  const lasting = state === 'retrying' && applyingSince !== null ? ` since ${short(applyingSince)}` : '';
  const wanted = mode === null ? '' : `\n\nIt is meant to be **${mode}**${when}${who}${why}`;
  return `### ${state}${lasting}\n\n${meaning[state]}${wanted}${stopped}`;
}

function failure({ code, message, advice, since, times, retryAt }: NonNullable<PipelineStatus['failure']>): string {
  const what = `**Failing since ${short(since)}** (${counted(times, 'time')}), ${code}: ${line(message)}`;
  return `${what}\n\n${advice === '' ? '' : `${line(advice)} `}Tried again at ${short(retryAt)}; docs/errors.md, ${code}.`;
}

/** An instant, not a rest: the page may be read hours after it was written. */
function retention({ until, topic }: NonNullable<PipelineStatus['retention']>, events: number): string {
  return `**Kafka keeps what has not landed (${counted(events, 'event')}) until ${short(until)}**; after that, ${topic} begins to lose it, and it has to be read from v2 again. See docs/operations.md, Retention.`;
}

function links({ api, dashboard }: PipelineStatus['links']): string {
  const items = [
    ...(api === undefined ? [] : [`[API](${api})`, `[quarantine](${api}/quarantine)`]),
    ...(dashboard === undefined ? [] : [`[dashboard](${dashboard})`]),
  ];
  return items.length === 0 ? '' : `**Elsewhere**: ${items.join(' · ')}`;
}

function running(operation: OperationRecord, pipeline: string): string {
  const workflowId = operationWorkflowId({ pipeline, name: operation.name, id: operation.id });
  return `**${operation.name} is running** since ${short(operation.at)}, by ${line(operation.by, 60)}: ${line(operation.reason)} (workflow \`${workflowId}\`). The update \`cancel\` ends it at its next step.`;
}

function trying({ id, change, state }: NonNullable<PipelineStatus['experiment']>, pipeline: string): string {
  const what = change === null ? 'the deployed transformation' : `the change ${line(change, 60)}`;
  const stands = state === 'running' ? 'looks at every root' : 'waits for `promote` or `discard`';
  return `**An experiment with ${what}** ${stands} (workflow \`${experimentWorkflowId({ pipeline, id })}\`); v3 is not touched by it.`;
}

function figures(status: PipelineStatus): string {
  const { state, lag, lastEventAt, dirty, waiting, quarantined, lastApply, totals, applyingSince, verification } =
    status;
  const drift = status.drift ?? null;
  const rows = [
    ['not landed yet', notLanded(status)],
    [
      'not in v3 yet',
      dirty === 0 ? 'nothing' : `${counted(dirty, 'root')}; ${waiting} of them wait for a parent or a later try`,
    ],
    ['in quarantine', quarantined === 0 ? 'nothing' : String(quarantined)],
    ...(drift === null ? [] : [['schemas', drifts(drift)] as const]),
    ...(verification === null ? [] : [['verified', verified(verification)] as const]),
    ['newest change', lastEventAt === null ? 'none yet' : short(lastEventAt)],
    ['last batches', lastApply === null ? 'none yet' : batches(lastApply)],
    ['done so far', `${counted(totals.events, 'event')}, ${counted(totals.written, 'v3 row')} written`],
    ['known at', lag.asOf === null ? 'not yet' : short(lag.asOf)],
  ];
  const list = rows.map(([name, value]) => `- **${name}**: ${value}`).join('\n');
  return applyingSince === null || state === 'retrying'
    ? list
    : `${list}\n\nAn apply is under way since ${short(applyingSince)}; it reports at its end, within about a minute.`;
}

/** What is not as the mapping expects it, whether or not it hinders. */
function drifts({ count, first }: NonNullable<PipelineStatus['drift']>): string {
  const more = count > first.length ? `; ${count - first.length} more: \`GET /drift\`` : '';
  return `${first.map((each) => line(each, 150)).join('; ')}${more}`;
}

function verified({ at, differences, answer }: VerificationSummary): string {
  const mending = differences === 0 ? '' : ' The update `mend` derives their roots again.';
  return `${short(at)}, ${counted(differences, 'difference')}. ${line(answer)}${mending}`;
}

/** What the last apply that brought something did: it carries on from batch to batch for up to a minute. */
function batches({ at, counts }: NonNullable<PipelineStatus['lastApply']>): string {
  const refused = counts.quarantined === 0 ? '' : `, ${counts.quarantined} into quarantine`;
  return `${short(at)}: ${counted(counts.events, 'event')}, ${counted(counts.derived, 'root')} derived, ${counted(counts.written, 'v3 row')} written${refused}`;
}

/** While an apply is under way, its positions are not known here; one that is being tried again has moved none. */
function notLanded({ state, lag, applyingSince }: PipelineStatus): string {
  if (lag.events === 0) return 'nothing';
  const events = counted(lag.events, 'event');
  return applyingSince === null || state === 'retrying'
    ? `${events}, the oldest waits for ${lag.seconds} s`
    : `${events} when the apply under way began`;
}

const MOST_POSITIONS = 40;

function positions({ claimed, applied }: PipelineStatus): string {
  const names = [...new Set([...Object.keys(claimed), ...Object.keys(applied)])].sort();
  if (names.length === 0) return 'No topic has been claimed yet.';
  const items = names.slice(0, MOST_POSITIONS).map((name) => {
    const [to, from] = [claimed[name] ?? 0, applied[name] ?? 0];
    return `- ${name}: ${from}${to > from ? ` of ${to}` : ''}`;
  });
  const more = names.length > MOST_POSITIONS ? `\n\n${names.length - MOST_POSITIONS} more: query \`status\`.` : '';
  return `**Applied up to**, of what is claimed\n\n${items.join('\n')}${more}`;
}

function operations(records: readonly OperationRecord[]): string {
  if (records.length === 0) return '';
  const items = records.map(
    ({ at, name, state, by, reason, answer }) =>
      `- ${short(at)} **${line(name, 40)} ${state}**${by === '' ? '' : `, by ${line(by, 60)}`}${reason === '' ? '' : `: ${line(reason, 100)}`}${answer === '' ? '' : `\\\n  ${line(answer, 200)}`}`,
  );
  return `**Last operations**\n\n${items.join('\n')}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** To the second, in UTC. */
function short(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`;
}

/** Cut, so that ten operations and a failure in anybody's words stay under the server's limit. */
function line(text: string, most = 300): string {
  const oneLine = text.replaceAll(/\s+/g, ' ').trim();
  return oneLine.length > most ? `${oneLine.slice(0, most)}…` : oneLine;
}
