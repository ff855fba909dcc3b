// What Linux knows about a process: memory at its peak, processor time, children.
import { readFile, readdir } from 'node:fs/promises';

/** @throws Error when it does not run */
export function pidOf(part: { readonly name: string; readonly pid: number | undefined }): number {
  if (part.pid === undefined) throw new Error(`${part.name} does not run`);
  return part.pid;
}

const CLOCK_TICKS_PER_SECOND = 100;

/** VmHWM: the most memory that the process has held since it began. */
export async function peakRssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

interface ProcessTimes {
  readonly parent: number;
  /** User and system time of the process, and of those of its children that have ended. */
  readonly seconds: number;
}

async function timesOf(pid: number): Promise<ProcessTimes | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name stands in brackets and may hold blanks; what follows it is plain.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [parent, ticks] = [fields[1] ?? 0, fields.slice(11, 15).reduce((sum, field) => sum + field, 0)];
  return { parent, seconds: ticks / CLOCK_TICKS_PER_SECOND };
}

/** A PostgreSQL server with all its backends. */
export async function postgresProcesses(postmaster: number | undefined): Promise<readonly number[]> {
  if (postmaster === undefined) return [];
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const own: number[] = [postmaster];
  for (const pid of pids) if ((await timesOf(pid))?.parent === postmaster) own.push(pid);
  return own;
}

/** Processor seconds that these processes have used so far. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  let sum = 0;
  for (const pid of pids) sum += (await timesOf(pid))?.seconds ?? 0;
  return sum;
}

/** Runnable processes of the whole machine, averaged over a minute: what else was going on. */
export async function loadAverage(): Promise<number> {
  return Number((await readFile('/proc/loadavg', 'utf8')).split(' ')[0]);
}
