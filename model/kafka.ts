// kafkajs, with one fault mended. Each of its connections checks its queue of requests for ever, 870 times a second, by
// timers that lie in the past: 3 to 4 % of a core for an idle process (measured), a TimeoutNegativeWarning of Node 24, and a
// connection that is closed goes on so (tulios/kafkajs#1704, #1751; no release since 2023). Without a pending request there
// is nothing to check: whoever adds one schedules the next check.
import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

const queue = (
  createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { readonly prototype: RequestQueue }
).prototype;
const schedule = queue.scheduleCheckPendingRequests;
queue.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) schedule.call(this);
};

export { Kafka, logLevel } from 'kafkajs';
