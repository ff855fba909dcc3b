// Hears what is said on a channel of PostgreSQL's NOTIFY, within milliseconds of the commit, for as long as it is told to.
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { MkondoError } from './errors.ts';

const BACK_OFF_MOST_MS = 10_000;
/** A connection that died without a word is noticed by this question. */
const ALIVE_MS = 15_000;

/** Listens until the signal is given. What was notified while it was away is found by looking: `onListening` does that. */
export async function listen(options: {
  readonly connectionString: string;
  readonly channel: 'cdc_wake' | 'cdc_event';
  readonly applicationName: string;
  readonly onNotified: (payload: string) => void;
  readonly onListening: () => void;
  readonly onFailure: (error: MkondoError) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { signal } = options;
  for (let failures = 0; !signal.aborted;) {
    try {
      await listenOnce(options, () => (failures = 0));
    } catch (cause) {
      failures += 1;
      options.onFailure(
        new MkondoError(
          'V3_UNAVAILABLE',
          `Listening for ${options.channel} failed: ${cause instanceof Error ? cause.message : String(cause)}.`,
          {
            advice: 'It is tried again by itself. If this lasts, look at the v3 database and at MKONDO_V3_URL.',
            cause,
          },
        ),
      );
      await pause(Math.min(250 * 2 ** failures, BACK_OFF_MOST_MS), signal);
    }
  }
}

async function listenOnce(options: Parameters<typeof listen>[0], onWell: () => void): Promise<void> {
  const { connectionString, channel, applicationName, onNotified, onListening, signal } = options;
  const client = new Client({
    connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
  });
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined);
  client.on('error', (error) => lost.reject(error));
  client.on('end', () => lost.reject(new Error('the connection ended')));
  client.on('notification', ({ payload }) => onNotified(payload ?? ''));
  try {
    await client.connect();
    await client.query(`LISTEN ${channel}`);
    onWell();
    onListening();
    while (!signal.aborted) {
      await Promise.race([pause(ALIVE_MS, signal), lost.promise]);
      await client.query('SELECT 1');
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
