// Follows changes of state, a line each, until Ctrl-C; a lost connection is taken up again where it broke off.
import type { Command } from '../arguments.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { pauseFor, print, resolvePipelines } from './context.ts';
import type { Context } from './context.ts';

const COME_BACK_MS = 2_000;

export async function events(
  context: Context,
  { pipeline, after }: Extract<Command, { readonly name: 'events' }>,
): Promise<ExitCode> {
  const { api, output, json, signal } = context;
  if (pipeline !== null) await resolvePipelines(api, [pipeline]);
  const query = pipeline === null ? '' : `?${new URLSearchParams({ pipeline }).toString()}`;
  let last = after;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    try {
      for await (const { id, event, data } of api.follow(`/events${query}`, { lastEventId: last, signal })) {
        if (id !== null) last = id;
        if (json) print(context, { id, kind: event, ...data });
        else output.write(`${eventLine(event, data)}\n`);
      }
    } catch (error) {
      // What follows for hours outlives a restart of the API.
      const isAway = error instanceof CommandError && error.exitCode === exitCodes.unavailable;
      if (isFirst || !isAway) throw error;
    }
    if (!(await pauseFor(COME_BACK_MS, signal))) break;
  }
  return exitCodes.done;
}

/** For people: "2026-01-31 12:00:03Z  products  operation reset done, by Asha: rows were lost. All derived." Pure. */
export function eventLine(kind: string, data: Readonly<Record<string, unknown>>): string {
  const said = (field: string): string => (typeof data[field] === 'string' ? data[field] : '');
  const who = `${said('by') === '' ? '' : `, by ${said('by')}`}${said('reason') === '' ? '' : `: ${said('reason')}`}`;
  const answer = said('answer') === '' ? '' : ` (${said('answer')})`;
  const column = `${said('side')} ${said('table')}${said('column') === '' ? '' : `.${said('column')}`}`;
  const what: Readonly<Record<string, string>> = {
    mode: `${said('before')} -> ${said('mode')}${said('until') === '' ? '' : ` until ${said('until')}`}${who}`,
    operation: `${said('name')} ${said('state')}${who}${answer}`,
    experiment: `${said('experiment')} ${said('state')}${who}${answer}`,
    drift: `${column} ${said('drift')} ${said('state')}`,
    quarantine: ['came', 'mended', 'discarded']
      .filter((count) => Number(data[count] ?? 0) > 0)
      .map((count) => `${Number(data[count])} ${count}`)
      .join(', '),
    gap: said('detail'),
  };
  const at = said('at');
  const head = at === '' ? [] : [`${at.slice(0, 10)} ${at.slice(11, 19)}Z`, said('pipeline')];
  return [...head, `${kind} ${what[kind] ?? JSON.stringify(data)}`].join('  ');
}
