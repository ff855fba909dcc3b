// A reader beside a test's work: what anybody could see meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 1;

/**
 * Calls `read` again and again while `act` runs, and returns what it gave. However `act` ends, nothing is read any more when
 * this returns; when both fail, it throws what `act` threw.
 */
export async function readWhile<T>(read: () => Promise<T>, act: () => Promise<unknown>): Promise<readonly T[]> {
  const seen: T[] = [];
  const over = new AbortController();
  const reading = (async () => {
    while (!over.signal.aborted) {
      seen.push(await read());
      await sleep(PAUSE_MS);
    }
  })();
  try {
    await act();
  } finally {
    over.abort();
    await Promise.allSettled([reading]);
  }
  await reading;
  return seen;
}
