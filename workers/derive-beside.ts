// A second thread for a worker: it derives beside the first one, so that much work has both cores. It is started with the
// worker, and anew when it has ended.
import { Worker } from 'node:worker_threads';
import type { DeriveBeside, DueReport } from '../activities/derive-due.ts';
import type { Logger } from '../model/log.ts';
import type { Answer, Request } from './derive-messages.ts';
import { errorOf } from './thread-fault.ts';

/**
 * Both threads together are to stay under 512 MB (466 MB at the peak of 500,000 lines). The size of the young generation is the
 * process's (`--max-semi-space-size`, see infra/local/parts/mkondo.ts), which holds for every thread.
 */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 160 };

interface Waiting {
  readonly resolve: (report: DueReport | null) => void;
  readonly reject: (error: unknown) => void;
}

export interface DerivingThread extends DeriveBeside {
  /** Ends the thread, with what it is doing: its transactions are rolled back. */
  readonly end: () => Promise<void>;
}

/** `environment`: the settings of model/config.ts. */
export function startDeriving({
  log,
  environment,
}: {
  readonly log: Pick<Logger, 'error'>;
  readonly environment: NodeJS.ProcessEnv;
}): DerivingThread {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | null = start();
  let lastId = 0;

  function start(): Worker {
    const started = new Worker(new URL('derive-thread.ts', import.meta.url), {
      resourceLimits: RESOURCE_LIMITS,
      env: environment,
    });
    // It must not keep the process alive.
    started.unref();
    started.on('message', (answer: Answer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('report' in answer) asked?.resolve(answer.report);
      else asked?.reject(errorOf(answer.fault));
    });
    const end = (error: Error): void => {
      if (thread !== started) return;
      thread = null;
      log.error({ err: error }, 'the thread that derives has ended; it is started again');
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    started.on('error', end);
    started.on('exit', (code) => end(new Error(`The thread that derives ended with ${code}`)));
    return started;
  }

  const ask = (request: Omit<Request, 'id'>): Promise<DueReport | null> =>
    new Promise((resolve, reject) => {
      thread ??= start();
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      thread.postMessage({ id: lastId, ...request } satisfies Request);
    });

  return {
    deriveDue: ({ name, change }, input) => ask({ pipeline: name, change, work: { kind: 'due', input } }),
    deriveNewParts: ({ name, change }, input) => ask({ pipeline: name, change, work: { kind: 'new parts', input } }),
    async end() {
      const ended = thread;
      thread = null;
      await ended?.terminate();
    },
  };
}
