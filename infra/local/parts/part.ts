// One shape for every part of the local stack: a real process with a log, a readiness check and an orderly end.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MkondoError } from '../../../model/errors.ts';
import { boundToUs } from './bound-to-us.ts';
import { logTail } from './log-tail.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly directory?: string;
  /** The system account that runs it; our own when not given. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface PartSpec {
  readonly name: string;
  readonly url: string;
  readonly logFile: string;
  /** Parts that it works with, by name: they are stopped after it. */
  readonly needs?: readonly string[];
  /** Called at each start: writes what the process reads, then says how it is run. */
  readonly command: () => Command | Promise<Command>;
  /** One look at whether it serves: returns when it does, throws the reason when it does not yet. */
  readonly probe: () => Promise<void>;
  readonly readyWithinMs: number;
  /** The signal that ends it in order, and how long it may take before SIGKILL. */
  readonly stopSignal?: NodeJS.Signals;
  readonly graceMs?: number;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface PartObserver {
  readonly started: (pid: number) => void;
  /** It had served, and ended although nobody asked it to. One that dies before it serves is reported by `ready`. */
  readonly died: (exit: Exit) => void;
}

export interface Part {
  readonly name: string;
  readonly url: string;
  readonly logFile: string;
  readonly needs: readonly string[];
  readonly pid: number | undefined;
  /** Runs the process; it need not serve yet. */
  start(): Promise<void>;
  /** Waits until it serves. Throws PART_FAILED with the tail of the log when it dies first or takes too long. */
  ready(): Promise<void>;
  /** Sends a signal, as an accident would, and waits for the end. No death is reported: the caller meant it. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again after a `kill` or a `stop` and waits until it serves. */
  restart(): Promise<void>;
  /** Ends it in order, by force after its grace. Safe to call when it does not run. */
  stop(): Promise<void>;
  observe(observer: PartObserver): void;
}

const probeEveryMs = 100;

export function createPart(spec: PartSpec): Part {
  const stopSignal = spec.stopSignal ?? 'SIGTERM';
  let child: ChildProcess | undefined;
  let ended: Promise<Exit> | undefined;
  let exit: Exit | undefined;
  let endIsMeant = false;
  let served = false;
  const observers: PartObserver[] = [];

  async function start(): Promise<void> {
    if (child !== undefined) throw new Error(`${spec.name} runs already (pid ${child.pid})`);
    await mkdir(dirname(spec.logFile), { recursive: true });
    const command = await spec.command();
    const log = await open(spec.logFile, 'a');
    try {
      await log.write(`\n--- ${spec.name} is started ${new Date().toISOString()}: ${command.file}\n`);
      const { file, args } = boundToUs(command, stopSignal);
      exit = undefined;
      endIsMeant = false;
      served = false;
      const started = spawn(file, args, {
        // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which then stops in order.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: command.environment ?? process.env,
        ...(command.directory === undefined ? {} : { cwd: command.directory }),
        ...command.account,
      });
      ended = new Promise((resolve) => {
        started.once('exit', (code, signal) => resolve({ code, signal }));
        started.once('error', () => resolve({ code: 127, signal: null }));
      });
      child = started;
      void ended.then((how) => {
        exit = how;
        child = undefined;
        if (served && !endIsMeant) for (const observer of observers) observer.died(how);
      });
      if (started.pid !== undefined) for (const observer of observers) observer.started(started.pid);
    } finally {
      await log.close();
    }
  }

  async function ready(): Promise<void> {
    const deadline = Date.now() + spec.readyWithinMs;
    let reason: unknown;
    while (Date.now() < deadline) {
      if (child === undefined) throw await failure(spec, describeExit(exit), reason);
      try {
        await spec.probe();
        served = true;
        return;
      } catch (error) {
        reason = error;
      }
      await sleep(probeEveryMs);
    }
    throw await failure(spec, `did not serve within ${spec.readyWithinMs / 1000} s (${String(reason)})`, reason);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child?.pid === undefined) return;
    endIsMeant = true;
    // The group, so that what it started itself ends with it.
    signalGroup(child.pid, signal);
    await ended;
  }

  async function stop(): Promise<void> {
    const group = child?.pid;
    if (group === undefined) return;
    const force = setTimeout(() => signalGroup(group, 'SIGKILL'), spec.graceMs ?? 10_000);
    try {
      await end(stopSignal);
    } finally {
      clearTimeout(force);
    }
  }

  return {
    name: spec.name,
    url: spec.url,
    logFile: spec.logFile,
    needs: spec.needs ?? [],
    get pid() {
      return child?.pid;
    },
    start,
    ready,
    kill: (signal = 'SIGKILL') => end(signal),
    restart: async () => {
      await start();
      await ready();
    },
    stop,
    observe: (observer) => void observers.push(observer),
  };
}

/** `exited with code 1`, `was ended by SIGKILL`. */
export function describeExit(exit: Exit | undefined): string {
  if (exit === undefined) return 'does not run';
  return exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
}

async function failure(spec: PartSpec, what: string, cause: unknown): Promise<MkondoError> {
  return new MkondoError(
    'PART_FAILED',
    `${spec.name} ${what}. The end of ${spec.logFile}:\n${await logTail(spec.logFile)}`,
    {
      advice: `Read ${spec.logFile}, remove the cause, and start again.`,
      cause,
    },
  );
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // already gone is what we want
  }
}
