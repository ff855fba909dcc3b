// Waiting for what takes a while in a real system.
import { setTimeout as sleep } from 'node:timers/promises';

/** A failure that no waiting mends. */
export class Fatal extends Error {}

/** Tries until it does not throw. Generous: the machine may be busy; nothing here is a promise on speed. */
export async function eventually<T>(attempt: () => Promise<T>, withinMs = 120_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; ; await sleep(100)) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof Fatal || Date.now() >= deadline) throw error;
    }
  }
}
