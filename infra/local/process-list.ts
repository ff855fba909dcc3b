// The list of processes that belong to a state folder: `<state>/processes.json`. A pid alone may have been given to
// another program since; pid and start time together name one process for ever.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { MkondoError } from '../../model/errors.ts';

const knownProcess = z.object({ name: z.string(), pid: z.number().int().positive(), startTime: z.string() });
const processList = z.object({ supervisor: knownProcess, parts: z.array(knownProcess) });

export type KnownProcess = z.infer<typeof knownProcess>;

export interface ProcessList {
  /** Notes a part that was just started, at once, so that no later crash can forget it. */
  record(part: { readonly name: string; readonly pid: number }): void;
  /** Everything has ended: the folder is free. */
  release(): void;
}

/**
 * Takes the state folder: refuses while another supervisor lives, ends the parts that a dead one left.
 * @throws MkondoError PART_FAILED
 */
export async function claimStateDir(stateDir: string): Promise<ProcessList> {
  await mkdir(stateDir, { recursive: true });
  const holder = livingSupervisor(stateDir);
  if (holder !== undefined) {
    throw new MkondoError('PART_FAILED', `The local stack in ${stateDir} runs already, under pid ${holder.pid}`, {
      advice: `Use it (its addresses are in ${join(stateDir, 'endpoints.json')}), or stop it: kill ${holder.pid}`,
    });
  }
  await endLeftovers(stateDir);
  const supervisor = { name: 'supervisor', pid: process.pid, startTime: startTime(process.pid) ?? '' };
  const parts = new Map<string, KnownProcess>();
  const save = (): void =>
    writeFileSync(listFile(stateDir), JSON.stringify({ supervisor, parts: [...parts.values()] }, null, 2));
  save();
  return {
    record: ({ name, pid }) => {
      parts.set(name, { name, pid, startTime: startTime(pid) ?? '' });
      mkdirSync(stateDir, { recursive: true });
      save();
    },
    release: () => rmSync(listFile(stateDir), { force: true }),
  };
}

/** The supervisor that holds the folder now, if one does. */
export function livingSupervisor(stateDir: string): KnownProcess | undefined {
  const list = readList(stateDir);
  return list !== undefined && lives(list.supervisor) ? list.supervisor : undefined;
}

/** Ends the parts of a supervisor that is gone: in order first, by force after 15 s. Returns what it ended. */
export async function endLeftovers(stateDir: string): Promise<readonly KnownProcess[]> {
  const left = (readList(stateDir)?.parts ?? []).filter(lives);
  for (const { pid } of left) signal(pid, 'SIGINT'); // to PostgreSQL this says: end now, in order
  const deadline = Date.now() + 15_000;
  while (left.some(lives) && Date.now() < deadline) await sleep(100);
  for (const part of left.filter(lives)) signal(part.pid, 'SIGKILL');
  while (left.some(lives)) await sleep(50);
  return left;
}

function listFile(stateDir: string): string {
  return join(stateDir, 'processes.json');
}

function readList(stateDir: string): z.infer<typeof processList> | undefined {
  try {
    return processList.parse(JSON.parse(readFileSync(listFile(stateDir), 'utf8')));
  } catch {
    return undefined; // absent, or half written by a crash of the whole machine: its processes are gone, too
  }
}

function lives(known: KnownProcess): boolean {
  return startTime(known.pid) === known.startTime;
}

/** Ticks since boot at which the process began; `undefined` when it is gone (a zombie is gone). */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command stands in brackets and may hold blanks: fields are counted after the last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
