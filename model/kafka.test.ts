import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import './kafka.ts';

interface Queue {
  readonly pending: readonly unknown[];
  maybeThrottle(ms: number): void;
  checkPendingRequests(): void;
  push(request: object): void;
}

const Queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (options: object) => Queue;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => void vi.useRealTimers());

function createQueue(): Queue {
  const nothing = (): void => undefined;
  return new Queue({ clientId: 'test', broker: 'test', requestTimeout: 30_000, logger: { debug: nothing } });
}

test('a queue without a pending request is at rest', () => {
  const queue = createQueue();
  queue.checkPendingRequests();
  expect(vi.getTimerCount()).toBe(0);
});

test('a request that the broker wants to wait is sent when its time has come, and then the queue is at rest', () => {
  const queue = createQueue();
  const sendRequest = vi.fn<() => void>();
  queue.maybeThrottle(1_000);
  queue.push({ entry: { correlationId: 1, resolve: () => undefined }, expectResponse: false, sendRequest });
  expect(queue.pending).toHaveLength(1);
  vi.advanceTimersByTime(900);
  expect(sendRequest).not.toHaveBeenCalled();
  vi.advanceTimersByTime(200);
  expect(sendRequest).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});
