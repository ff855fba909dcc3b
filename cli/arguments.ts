// What was typed, read into a command, or what is wrong with it. Pure.
import { parseArgs } from 'node:util';
import { CommandError, exitCodes } from './exit-codes.ts';

/** Operations, as the command line calls them, and as the API does. */
const operationCommands = {
  pause: 'pause',
  resume: 'resume',
  reset: 'reset',
  reprocess: 'reprocess',
  replay: 'replay',
  mend: 'mend',
} as const;

export type Command =
  | (Common & { readonly name: 'help' })
  | (Common & {
      readonly name: 'status';
      readonly pipelines: readonly string[];
      /** Seconds between two looks; null: as the terminal has it. */
      readonly every: number | null;
      readonly once: boolean;
    })
  | (Common & OperateCommand)
  | (Common & ExperimentCommand)
  | (Common & {
      readonly name: 'verify';
      readonly pipelines: Chosen;
      readonly against: 'landing' | 'v2';
      readonly wait: boolean;
    })
  | (Common & {
      readonly name: 'quarantine';
      readonly pipeline: string;
      /** Of the API's query. */
      readonly filter: Readonly<Record<string, string>>;
    })
  | (Common & { readonly name: 'explain'; readonly table: string; readonly key: string; readonly whole: boolean })
  | (Common & { readonly name: 'events'; readonly pipeline: string | null; readonly after: string | null })
  | (Common & {
      readonly name: 'figure';
      /** Null: lists the reports. */
      readonly report: string | null;
      readonly group: Readonly<Record<string, string>>;
      readonly limit: number;
    })
  | (Common & CancelCommand);

export interface CancelCommand {
  readonly name: 'cancel';
  /** Of the operation, or of the verification. */
  readonly id: string;
  readonly body: { readonly reason: string; readonly by?: string };
}

export type ExperimentCommand = { readonly name: 'experiment' } & (
  | { readonly act: 'list' }
  | { readonly act: 'show'; readonly id: string }
  | {
      readonly act: 'promote' | 'discard';
      readonly id: string;
      readonly reason: string;
      readonly despiteFailures: boolean;
    }
  | {
      readonly act: 'start';
      readonly pipeline: string;
      /** Null: as deployed. */
      readonly change: string | null;
      readonly share: number;
      readonly reason: string;
      /** Follows it until it has looked at every root. */
      readonly wait: boolean;
    }
);

export interface OperateCommand {
  readonly name: 'operate';
  /** As in the API's path. */
  readonly operation: string;
  readonly pipelines: Chosen;
  readonly body: {
    readonly reason: string;
    readonly by?: string;
    readonly id?: string;
    readonly for?: string;
    readonly until?: string;
    readonly only?: object | 'everything';
    readonly from?: string | { readonly topic: string; readonly partition: number; readonly offset: number };
  };
  /** Waits for the end of a long operation. */
  readonly wait: boolean;
}

export type Chosen = 'all' | readonly string[];

export interface Common {
  readonly json: boolean;
  /** Of the API; undefined: as configured. */
  readonly api: string | undefined;
}

export const usage = `mkondo <command> [pipeline ...] [options]

  status [pipeline ...]      how every pipeline stands; of those that are named, all that is known
      --watch[=SECONDS]        again and again, also where the output is no terminal
      --once                   once, also on a terminal
  pause <pipeline ...>       changes keep landing, v3 stands still
      --for 8h, --until TIME   it resumes by itself; on a paused pipeline, changes its end
  resume <pipeline ...>      v3 follows again
  reset <pipeline ...>       deletes the v3 rows that the pipeline owns, derives all again
  reprocess <pipeline ...>   derives all again, writes what differs
  replay <pipeline ...>      lands again
      --from TIME              from a time (2026-01-31T00:00:00Z) ...
      --from TOPIC/0@OFFSET    ... or from a position
  verify <pipeline ...>      compares v3 with what has landed, row by row
      --against v2             with v2 itself
  mend <pipeline ...>        derives the roots again of which verify found rows that differ
  events [pipeline]          changes of state as they happen: modes, operations, quarantine, drift, experiments
      --after ID               goes on after that event (--json shows ids)
  cancel <operation's id>    ends an operation, or a verification, at its next step; what it has begun is left whole
  experiment                 every experiment; or with
    start <pipeline>           tries --with CHANGE (or --with deployed) beside v3; --share 0.25 of its time at most
    show|promote|discard <id>  what it found; v3 gets it; it goes. --despite-failures promotes where roots fail
  quarantine <pipeline>      what was refused, and why
      --state STATE            open (otherwise), discarded, resolved or all
      --limit N                so many at most (50)
      --retry                  tries it again (with --reason)
      --discard                gives it up (with --reason): kept, no longer counted, back when v2 changes it and it fails again
      --code CODE, --source TABLE, --kind event|root, --root KEY, --entry ID
                               which; --root and --entry more than once to retry or discard; --everything discards all
  explain <table> <id>       a v3 row by table and id, or a v2 row by table and key: where it comes from, what became of it
      --whole                  of a requisition all lines, not only those that the row is about
  figure [report] [column=value ...]
                             the rows of v2 and v3 behind a report's figure; alone, the reports and what names their figures

  --all                      every pipeline
  --reason TEXT, --by NAME   why, and who; every operation needs a reason
  --id ID                    asked twice with the same id, it is done once
  --no-wait                  does not wait for the end of what takes a while
  --json                     for programs: one JSON document per answer
  --api URL                  the REST API (else MKONDO_API_URL, else the local stack's); MKONDO_API_TOKEN is its bearer token

Exit codes: 0 done, 1 ended badly or found differences, 2 not understood, 3 refused, 4 not allowed, 5 no answer, 130 interrupted.
`;

const options = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  api: { type: 'string' },
  all: { type: 'boolean' },
  reason: { type: 'string' },
  by: { type: 'string' },
  id: { type: 'string' },
  for: { type: 'string' },
  until: { type: 'string' },
  from: { type: 'string' },
  'no-wait': { type: 'boolean' },
  watch: { type: 'string' },
  once: { type: 'boolean' },
  against: { type: 'string' },
  after: { type: 'string' },
  retry: { type: 'boolean' },
  discard: { type: 'boolean' },
  everything: { type: 'boolean' },
  state: { type: 'string' },
  code: { type: 'string' },
  source: { type: 'string' },
  kind: { type: 'string' },
  root: { type: 'string', multiple: true },
  entry: { type: 'string', multiple: true },
  limit: { type: 'string' },
  with: { type: 'string' },
  share: { type: 'string' },
  'despite-failures': { type: 'boolean' },
  whole: { type: 'boolean' },
} as const;

type Option = keyof typeof options;
const common: ReadonlySet<Option> = new Set(['help', 'json', 'api']);
const asked: readonly Option[] = ['all', 'reason', 'by', 'id'];
/** Which entries of the quarantine. */
const entries: readonly Option[] = ['code', 'source', 'kind', 'root', 'entry'];
const long: readonly Option[] = [...asked, 'no-wait'];

/** Beside the common ones. */
const optionsOf: Readonly<Record<string, readonly Option[]>> = {
  status: ['watch', 'once'],
  pause: [...asked, 'for', 'until'],
  resume: asked,
  reset: long,
  reprocess: long,
  replay: [...long, 'from'],
  mend: long,
  experiment: ['with', 'share', 'reason', 'no-wait', 'despite-failures'],
  verify: ['all', 'against', 'no-wait'],
  quarantine: ['retry', 'discard', 'everything', 'state', 'limit', ...entries, 'reason', 'by', 'id', 'no-wait'],
  explain: ['whole'],
  events: ['after'],
  cancel: ['reason', 'by'],
  figure: ['limit'],
  help: [],
};

/** @throws CommandError, code `usage` */
export function parseArguments(argv: readonly string[]): Command {
  // `--watch` alone has no value; parseArgs knows options with one or without, not both.
  const { values, positionals } = read(argv.map((each) => (each === '--watch' ? '--watch=2' : each)));
  const [name = 'help', ...names] = positionals;
  const { json = false, api } = values;
  if (values.help === true || name === 'help') return { name: 'help', json, api };
  const known = optionsOf[name];
  if (known === undefined)
    throw wrong(`There is no command '${name}'; there are: ${Object.keys(optionsOf).join(', ')}.`);
  for (const option of Object.keys(values) as Option[])
    if (!common.has(option) && !known.includes(option)) throw wrong(`${name} takes no --${option}.`);

  if (name === 'status') {
    const every = values.watch === undefined ? null : Number(values.watch);
    if (every !== null && !(every >= 1 && every <= 3_600)) throw wrong('--watch takes seconds, 1 to 3600.');
    return { name, json, api, pipelines: names, every, once: values.once === true };
  }
  if (name === 'verify') {
    const against = values.against ?? 'landing';
    if (against !== 'landing' && against !== 'v2') throw wrong("--against is 'landing' or 'v2'.");
    return { name, json, api, pipelines: chosen(), against, wait: values['no-wait'] !== true };
  }
  if (name === 'experiment') return { json, api, ...experimentCommand(names, values) };
  if (name === 'explain') {
    const [table, key, ...more] = names;
    if (table === undefined || key === undefined || more.length > 0)
      throw wrong('explain takes a table and a key: mkondo explain referencedata.orderables 5d0c…');
    return { name, json, api, table, key, whole: values.whole === true };
  }
  if (name === 'events') {
    const [pipeline = null, ...more] = names;
    if (more.length > 0) throw wrong('events takes one pipeline at most.');
    return { name, json, api, pipeline, after: values.after ?? null };
  }
  if (name === 'cancel') {
    const [id, ...more] = names;
    if (id === undefined || more.length > 0)
      throw wrong('cancel takes the id of one operation; mkondo status <pipeline> names it.');
    return { name, json, api, id, body: reasoned() };
  }
  if (name === 'figure') {
    const [report = null, ...columns] = names;
    return { name, json, api, report, group: Object.fromEntries(columns.map(assignment)), limit: limit() };
  }
  if (name === 'quarantine') {
    const [pipeline, ...more] = names;
    if (pipeline === undefined || more.length > 0) throw wrong('quarantine takes one pipeline.');
    if (values.retry === true && values.discard === true) throw wrong('Give --retry or --discard, not both.');
    if (values.retry === true) return operate('retryQuarantined', [pipeline]);
    if (values.discard === true) return operate('discard', [pipeline]);
    const { state, code, source, kind, root = [], entry } = values;
    if (entry !== undefined || root.length > 1) throw wrong('To look, one --root at most, and no --entry.');
    const filter = { limit: String(limit()), state, code, source, kind, root: root[0] };
    return { name, json, api, pipeline, filter: withoutUndefined(filter) };
  }
  return operate(operationCommands[name as keyof typeof operationCommands], chosen());

  function limit(): number {
    const number = Number(values.limit ?? 50);
    if (!Number.isInteger(number) || number < 1 || number > 200) throw wrong('--limit is a whole number, 1 to 200.');
    return number;
  }

  function chosen(): Chosen {
    if (values.all === true && names.length > 0) throw wrong('Name pipelines, or give --all, not both.');
    if (values.all === true) return 'all';
    if (names.length === 0) throw wrong(`${name} of which pipeline? Name one or several, or give --all.`);
    return [...new Set(names)];
  }

  function reasoned(): { readonly reason: string; readonly by?: string } {
    const { reason, by } = values;
    if (reason === undefined || reason.trim() === '')
      throw wrong(`${name} needs --reason: whoever finds the pipeline like this tomorrow wants to know why.`);
    return { reason, ...(by === undefined ? {} : { by }) };
  }

  function operate(operation: string, pipelines: Chosen): Command {
    const { id, until } = values;
    const body = reasoned();
    // An id is one operation of one pipeline.
    if (id !== undefined && (pipelines === 'all' || pipelines.length > 1))
      throw wrong('--id goes with one pipeline: an id is one operation.');
    if (name === 'replay' && values.from === undefined) throw wrong('replay needs --from: where shall it begin?');
    return {
      name: 'operate',
      operation,
      json,
      api,
      pipelines,
      body: {
        ...body,
        ...onlyOf(operation, values),
        ...(id === undefined ? {} : { id }),
        ...(values.for === undefined ? {} : { for: values.for }),
        ...(until === undefined ? {} : { until }),
        ...(values.from === undefined ? {} : { from: position(values.from) }),
      },
      wait: values['no-wait'] !== true,
    };
  }
}

/** Which entries of the quarantine; to discard all of it must be said. */
function onlyOf(
  operation: string,
  { code, source, kind, root, entry, everything }: ReturnType<typeof read>['values'],
): { readonly only?: object | 'everything' } {
  const only = withoutUndefined({ code, source, kind, roots: root, ids: entry });
  if (Object.keys(only).length > 0 && everything === true) throw wrong('Say which, or give --everything, not both.');
  if (Object.keys(only).length > 0) return { only };
  if (operation !== 'discard') return {};
  if (everything !== true)
    throw wrong('discard which? Give --code, --source, --kind, --root or --entry, or --everything.');
  return { only: 'everything' };
}

function withoutUndefined<T>(fields: Readonly<Record<string, T | undefined>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, T] => entry[1] !== undefined));
}

function experimentCommand(
  [act, subject, ...more]: readonly string[],
  values: ReturnType<typeof read>['values'],
): ExperimentCommand {
  const name = 'experiment';
  if (act === undefined) return { name, act: 'list' };
  if (act !== 'start' && act !== 'show' && act !== 'promote' && act !== 'discard')
    throw wrong(`experiment knows start, show, promote and discard, not '${act}'.`);
  if (subject === undefined || more.length > 0)
    throw wrong(`experiment ${act} takes one ${act === 'start' ? 'pipeline' : 'id'}.`);
  if (act === 'show') return { name, act, id: subject };
  const reason = values.reason?.trim() ?? '';
  if (reason === '') throw wrong(`experiment ${act} needs --reason: whoever finds it tomorrow wants to know why.`);
  if (act !== 'start') return { name, act, id: subject, reason, despiteFailures: values['despite-failures'] === true };
  if (values.with === undefined) throw wrong('experiment start needs --with CHANGE, or --with deployed.');
  const share = Number(values.share ?? 0.25);
  if (!(share > 0 && share <= 1)) throw wrong('--share is a number above 0, at most 1.');
  const change = values.with === 'deployed' ? null : values.with;
  return { name, act, pipeline: subject, change, share, reason, wait: values['no-wait'] !== true };
}

function read(
  argv: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw wrong(`${(error as Error).message.replace(/\. To specify.*$/s, '')}.`);
  }
}

/** `program=tb` */
function assignment(word: string): readonly [string, string] {
  const at = word.indexOf('=');
  if (at < 1) throw wrong(`figure takes column=value after the report's name, not '${word}'.`);
  return [word.slice(0, at), word.slice(at + 1)];
}

/** `elmis.public.products/0@1200`, or a time, which the API judges. */
function position(from: string): NonNullable<OperateCommand['body']['from']> {
  const [, topic, partition, offset] = /^(.+)\/(\d+)@(\d+)$/.exec(from) ?? [];
  return topic === undefined ? from : { topic, partition: Number(partition), offset: Number(offset) };
}

function wrong(message: string): CommandError {
  return new CommandError(exitCodes.usage, `${message} See mkondo help.`);
}
