// The whole system with the real Prometheus and Alertmanager, which look every second, and a receiver of what they tell.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { ensureMonitoringPrograms } from '../../infra/local/fetch/monitoring.ts';
import { monitoringParts } from '../../infra/local/monitoring.ts';
import type { Part } from '../../infra/local/parts/part.ts';
import type { RuleSettings } from '../../infra/prometheus/rules.ts';
import { startSystem } from '../e2e/running-system.ts';
import type { RunningSystem } from '../e2e/running-system.ts';
import { freePorts } from '../support/free-ports.ts';
import { watchersAt } from './prometheus.ts';
import type { Watchers } from './prometheus.ts';

/** The rules as they are, with less patience. */
const hastyRules: Partial<RuleSettings> = {
  window: '20s',
  for: { soon: '2s', patient: '2s', pause: '2s' },
  lagSeconds: 5,
  quarantineWindow: '20s',
  verifiedWithinSeconds: 20,
  retainedBytes: 48 * 1024 ** 2,
  heartbeatWindow: '15s',
  backlogSeconds: 5,
};

const atOnce = { first: '0s', more: '1s', again: '1h' };

export interface WatchedSystem {
  readonly system: RunningSystem;
  readonly watchers: Watchers;
  /** A part of what watches. */
  readonly part: (name: string) => Part;
  /** What was told to the operators, in order. */
  readonly told: readonly Told[];
  readonly stop: () => Promise<void>;
}

export async function startWatchedSystem(stateDir: string): Promise<WatchedSystem> {
  await ensureMonitoringPrograms(console.log);
  const receiver = await receiveAlerts();
  const system = await startSystem({
    stateDir,
    ports: await freePorts(),
    demo: { scale: 0.05, seed: 3 },
    log: () => undefined,
    isWatched: true,
    environment: { MKONDO_VERIFY_MINUTES: '0', MKONDO_VERIFY_REPORTS_HOURS: '0', MKONDO_LOG_LEVEL: 'error' },
  });
  const { stack } = system;
  const parts = monitoringParts({
    stack,
    scrapeSeconds: 1,
    webhookUrl: receiver.url,
    withOurs: true,
    rules: hastyRules,
    waits: { critical: atOnce, warning: atOnce },
  });
  await Promise.all(parts.map((part) => stack.up(part)));
  const { prometheus, alertmanager } = stack;
  if (prometheus === null || alertmanager === null) throw new Error('nothing watches');
  return {
    system,
    watchers: watchersAt({ prometheus, alertmanager }),
    told: receiver.told,
    part(name) {
      const found = parts.find((part) => part.name === name);
      if (found === undefined) throw new Error(`there is no ${name}`);
      return found;
    },
    async stop() {
      await system.stop();
      await receiver.close();
    },
  };
}

const toldOne = z.object({ status: z.enum(['firing', 'resolved']), labels: z.record(z.string(), z.string()) });
const notification = z.object({ alerts: z.array(toldOne) });
export type Told = z.infer<typeof toldOne>;

async function receiveAlerts(): Promise<{
  readonly url: string;
  readonly told: readonly Told[];
  readonly close: () => Promise<void>;
}> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      told.push(...notification.parse(body).alerts);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`,
    told,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
