// Changes of state for any number of readers: one connection listens, one reads; every reader is given the same events, in the
// same order, from where it stopped.
import type { Pool } from 'pg';
import { isAfter, newestPosition, readEvents } from '../activities/events.ts';
import type { EventPosition, StateEvent } from '../activities/events.ts';
import { listen } from '../model/listen.ts';

export interface EventFeed {
  /**
   * Gives `send` every event after `after`, or from now on; until the returned function is called.
   * @throws MkondoError V3_UNAVAILABLE
   */
  readonly subscribe: (after: EventPosition | null, send: (event: StateEvent) => void) => Promise<() => void>;
  readonly ended: Promise<void>;
}

/** A notification may be lost with its connection. */
const LOOK_MS = 10_000;
/** What a transaction that is under way holds back. */
const LOOK_AGAIN_MS = 200;
const PAGE = 500;

export function createEventFeed(options: {
  readonly pool: Pool;
  readonly connectionString: string;
  readonly onFailure: (error: unknown) => void;
  readonly signal: AbortSignal;
}): EventFeed {
  const { pool, connectionString, onFailure, signal } = options;
  const readers = new Set<(event: StateEvent) => void>();
  /** Up to here every reader has been given everything. */
  let given: EventPosition | null = null;
  let wake: () => void = () => undefined;

  async function begun(): Promise<EventPosition> {
    if (given !== null) return given;
    const newest = await newestPosition(pool);
    // Somebody else may have begun meanwhile, and gone on.
    return (given ??= newest);
  }

  async function look(): Promise<boolean> {
    const { events, isMore } = await readEvents(pool, { after: await begun(), limit: PAGE });
    for (const event of events) {
      given = event.position;
      for (const give of readers) give(event);
    }
    return isMore;
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const news = new Promise<void>((resolve) => (wake = resolve));
      const restMs = await look().then(
        (isMore) => (isMore ? LOOK_AGAIN_MS : LOOK_MS),
        (error: unknown) => {
          onFailure(error);
          return LOOK_MS;
        },
      );
      await within(restMs, news);
    }
  }

  /** Until something is new; what is held back makes nobody a noise when it is let go. */
  async function within(ms: number, news: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const rest = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([news, rest]);
    clearTimeout(timer);
  }

  signal.addEventListener('abort', () => wake());
  return {
    async subscribe(after, send) {
      const first = await begun();
      let isLive = after === null;
      const held: StateEvent[] = [];
      const give = (event: StateEvent): void => {
        if (isLive) send(event);
        else held.push(event);
      };
      // Both at once: nothing is given to the others in between.
      const end = given ?? first;
      readers.add(give);
      try {
        // What it missed is final up to where the others are; what comes meanwhile is held.
        for (let at = after, isMore = after !== null; isMore && at !== null && isAfter(end, at);) {
          const page = await readEvents(pool, { after: at, limit: PAGE });
          for (const event of page.events) {
            at = event.position;
            if (!isAfter(event.position, end)) send(event);
          }
          isMore = page.isMore && page.events.length > 0;
        }
      } catch (error) {
        readers.delete(give);
        throw error;
      }
      for (const event of held) if (after === null || isAfter(event.position, after)) send(event);
      isLive = true;
      return () => void readers.delete(give);
    },
    ended: Promise.all([
      follow(),
      listen({
        connectionString,
        channel: 'cdc_event',
        applicationName: 'mkondo-api-listen',
        onNotified: () => wake(),
        onListening: () => wake(),
        onFailure,
        signal,
      }),
    ]).then(() => undefined),
  };
}
