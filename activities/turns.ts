// Long computing, in turns: a batch of thousands of rows is decoded or derived for tens of milliseconds, and whoever waits
// for an answer from PostgreSQL or Kafka meanwhile, in the same thread, would wait as long at each of its ten questions.
import { setImmediate } from 'node:timers/promises';

const TURN_MS = 4;

/** Call it in a loop: it lets others have their turn when this one has had its. */
export function createTurns(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < TURN_MS) return;
    await setImmediate();
    began = performance.now();
  };
}
