// Starts parts, watches them, and ends what it started, each part before those that it needs. It keeps a list of its processes in the state
// folder, so that a later start finds what an earlier one left behind when it was killed.
import { MkondoError } from '../../model/errors.ts';
import { claimStateDir } from './process-list.ts';
import type { Exit, Part } from './parts/part.ts';

export interface SupervisorOptions {
  readonly stateDir: string;
  /** A part died although nobody asked it to. Called once for each death. */
  readonly onDeath: (part: Part, exit: Exit) => void;
}

export interface Supervisor {
  /** Starts the part and waits until it serves. */
  up(part: Part): Promise<void>;
  /** Ends all parts, each before those that it needs, unrelated ones at the same time. A second call waits for the first. */
  stopAll(): Promise<void>;
}

/**
 * Takes the state folder for itself; ends parts that a killed supervisor left there.
 * @throws MkondoError PART_FAILED when a living supervisor holds the folder
 */
export async function createSupervisor({ stateDir, onDeath }: SupervisorOptions): Promise<Supervisor> {
  const list = await claimStateDir(stateDir);
  const started: Part[] = [];
  let stopping: Promise<void> | undefined;

  async function up(part: Part): Promise<void> {
    if (stopping !== undefined) throw stoppedMeanwhile(part);
    started.push(part);
    part.observe({
      started: (pid) => list.record({ name: part.name, pid }),
      died: (exit) => {
        if (stopping === undefined) onDeath(part, exit);
      },
    });
    await part.start();
    // A stop that came while the process was being prepared has already passed this part by.
    if (stopping !== undefined) {
      await part.stop();
      throw stoppedMeanwhile(part);
    }
    await part.ready();
  }

  async function stopInOrder(): Promise<void> {
    const stopped = new Map<string, Promise<void>>();
    const stop = async (part: Part): Promise<void> => {
      const users = started.filter(({ needs }) => needs.includes(part.name));
      await Promise.all(users.map(stopOnce));
      await part.stop();
    };
    const stopOnce = (part: Part): Promise<void> => {
      const known = stopped.get(part.name) ?? stop(part);
      stopped.set(part.name, known);
      return known;
    };
    await Promise.all(started.map(stopOnce));
    list.release();
  }

  return {
    up,
    stopAll: () => (stopping ??= stopInOrder()),
  };
}

function stoppedMeanwhile(part: Part): MkondoError {
  return new MkondoError('PART_FAILED', `${part.name} was not started: the stack is being stopped`, {
    advice: 'Start again.',
  });
}
