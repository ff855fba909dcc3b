// The bridge as a process of its own, between the real Kafka, the real Temporal and the real v3. The workflows run on a worker
// whose activities are literals; what the bridge signalled is read from their histories.
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import { Client as Database, Pool } from 'pg';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { migrate } from '../../activities/schema/migrate.ts';
import { createProcess } from '../../infra/local/parts/mkondo.ts';
import type { Part } from '../../infra/local/parts/part.ts';
import { startStack } from '../../infra/local/stack.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { Kafka, logLevel } from '../../model/kafka.ts';
import { pipelines } from '../../pipelines/index.ts';
import { buildBundle } from '../../workers/bundle.ts';
import { pipelineWorkflowId } from '../../workflows/messages.ts';
import { freePorts } from '../support/free-ports.ts';
import { createStateFolder, removeStateFolder } from '../support/state-folder.ts';
import { literalSchema } from '../workflows/literal-activities.ts';
import { keepWorkersQuiet, startLiteralWorker } from '../workflows/run-pipeline.ts';

const patience = { timeout: 60_000, interval: 200 };
const products = 'elmis.public.products';
const levels = 'elmis.public.geographic_levels';
let stateDir: string;
let stack: Stack;
let bridge: Part;
let temporal: Client;
let kafka: Kafka;
let native: NativeConnection;
let startWorker: () => Promise<void>;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  stateDir = await createStateFolder('bridge');
  stack = await startStack({ stateDir, ports: await freePorts(), parts: ['v3', 'kafka', 'temporal'] });
  const pool = new Pool({ connectionString: stack.urls.v3.mkondo });
  await migrate(pool);
  await pool.end();
  kafka = new Kafka({ clientId: 'test', brokers: [stack.kafka], logLevel: logLevel.NOTHING });
  temporal = new Client({ connection: Connection.lazy({ address: stack.temporal }) });
  keepWorkersQuiet();
  native = await NativeConnection.connect({ address: stack.temporal });
  const bundle = await buildBundle();
  startWorker = async () => {
    stopWorker = await startLiteralWorker({ native, bundle, taskQueue: 'mkondo', schema: literalSchema() });
  };
  await startWorker();
  await produce(products, 1_000);
  bridge = createProcess({ stack, name: 'bridge' });
  await stack.up(bridge);
});
afterAll(async () => {
  await stopWorker();
  await native.close();
  await temporal.connection.close();
  await stack.stop();
  await removeStateFolder(stateDir);
});

test('starts every workflow, and claims what waits in Kafka without being told of it by an event', async () => {
  await vi.waitFor(async () => {
    expect((await claimed('products'))[`${products}/0`]).toBe(1_000);
    for (const { name } of pipelines) expect((await signals(name)).length).toBeGreaterThan(0);
  }, patience);
});

test('makes few signals of many events', async () => {
  const before = (await signals('products')).length;
  await produce(products, 50_000);
  await vi.waitFor(async () => expect((await claimed('products'))[`${products}/0`]).toBe(51_000), patience);
  // Five seconds apart while it is busy, however many there are.
  expect((await signals('products')).length - before).toBeLessThan(15);
});

test('takes up a topic that appears later', async () => {
  await produce(levels, 3);
  await vi.waitFor(async () => expect((await claimed('geographic-levels'))[`${levels}/0`]).toBe(3), patience);
});

test('wakes a pipeline whose roots another one has made dirty', async () => {
  const database = new Database({ connectionString: stack.urls.v3.mkondo });
  await database.connect();
  const before = (await signals('facilities')).filter(({ name }) => name === 'wake').length;
  await database.query(`NOTIFY cdc_wake, 'facilities'`);
  await database.end();
  await vi.waitFor(async () => {
    expect((await signals('facilities')).filter(({ name }) => name === 'wake').length).toBe(before + 1);
  }, patience);
});

test('gives a workflow that takes nothing one signal, and all that it missed once it does', async () => {
  await stopWorker();
  const before = (await signals('geographic-levels')).length;
  for (let seconds = 0; seconds < 20; seconds += 1) {
    await produce(levels, 1);
    await wait(1_000);
  }
  // A claim, and a wake with it perhaps; four of them if they went by the clock alone.
  expect((await signals('geographic-levels')).length - before).toBeLessThanOrEqual(2);
  const log = join(stack.stateDir, 'log', 'bridge.log');
  await vi.waitFor(async () => expect(await readFile(log, 'utf8')).toContain('does not take its signal'), patience);
  await startWorker();
  await vi.waitFor(async () => expect((await claimed('geographic-levels'))[`${levels}/0`]).toBe(23), patience);
  await vi.waitFor(async () => expect(await readFile(log, 'utf8')).toContain('takes its signals again'), patience);
});

test('keeps its claims while Temporal is away, and says that it is', async () => {
  await stack.part('temporal').kill('SIGKILL');
  await produce(levels, 2);
  await vi.waitFor(async () => expect((await fetch(`${bridge.url}/healthz`)).status).toBe(503), patience);
  await stack.part('temporal').restart();
  await vi.waitFor(async () => {
    expect((await claimed('geographic-levels'))[`${levels}/0`]).toBe(25);
    expect((await fetch(`${bridge.url}/healthz`)).status).toBe(200);
  }, patience);
});

test('goes on by itself after Kafka and v3 were away', async () => {
  await Promise.all([stack.part('kafka').kill('SIGKILL'), stack.part('v3').kill('SIGKILL')]);
  await wait(2_000);
  await Promise.all([stack.part('kafka').restart(), stack.part('v3').restart()]);
  await produce(levels, 2);
  await vi.waitFor(async () => {
    expect((await claimed('geographic-levels'))[`${levels}/0`]).toBe(27);
    expect((await fetch(`${bridge.url}/healthz`)).status).toBe(200);
  }, patience);
});

test('claims again when it is started again, and ends in order', async () => {
  await bridge.kill('SIGKILL');
  await produce(levels, 1);
  await bridge.restart();
  await vi.waitFor(async () => expect((await claimed('geographic-levels'))[`${levels}/0`]).toBe(28), patience);
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`${bridge.url}/metrics`)).text();
    expect(metrics).toMatch(
      /mkondo_signals_total\{pipeline="geographic-levels",signal="claim",process="bridge"\} [1-9]/,
    );
    expect(metrics).toContain('mkondo_lag_events{pipeline="geographic-levels",process="bridge"} 28');
  }, patience);
  await bridge.stop();
});

async function produce(topic: string, events: number): Promise<void> {
  await vi.waitFor(async () => {
    const admin = kafka.admin();
    await admin.connect();
    try {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    } finally {
      await admin.disconnect();
    }
  }, patience);
  const producer = kafka.producer();
  await producer.connect();
  for (let sent = 0; sent < events; sent += 1_000) {
    const messages = Array.from({ length: Math.min(1_000, events - sent) }, (_, index) => ({
      key: String(sent + index),
      value: '{}',
    }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

interface Signal {
  readonly name: string;
  readonly input: unknown;
}

async function signals(pipeline: string): Promise<readonly Signal[]> {
  const { events } = await temporal.workflow.getHandle(pipelineWorkflowId(pipeline)).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
    if (signal === null || signal === undefined) return [];
    const [payload] = signal.input?.payloads ?? [];
    return [
      {
        name: signal.signalName ?? '',
        input: payload === undefined ? null : defaultPayloadConverter.fromPayload(payload),
      },
    ];
  });
}

async function claimed(pipeline: string): Promise<Readonly<Record<string, number>>> {
  const claims = (await signals(pipeline))
    .filter(({ name }) => name === 'claim')
    .map(({ input }) => input as Record<string, number>);
  return Object.assign({}, ...claims) as Record<string, number>;
}
