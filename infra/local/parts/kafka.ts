// Kafka as one node that is broker and controller (KRaft).
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../fetch/run.ts';
import { withKafkaAdmin } from '../kafka-admin.ts';
import { agentOptions } from './jmx-agent.ts';
import type { JmxAgent } from './jmx-agent.ts';
import { createPart } from './part.ts';
import type { Command, Part } from './part.ts';

export interface KafkaOptions {
  readonly java: string;
  readonly libs: string;
  readonly stateDir: string;
  readonly port: number;
  readonly controllerPort: number;
  /** Shows its figures to Prometheus. */
  readonly agent?: JmxAgent | undefined;
}

/** Largest message, in bytes: a row of v2 may hold documents. Producers and topics use the same figure. */
export const largestMessageBytes = 16 * 1024 * 1024;

export const log4jOption = `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'log4j2.properties')}`;

export function createKafka(options: KafkaOptions): Part {
  const address = `127.0.0.1:${options.port}`;
  return createPart({
    name: 'kafka',
    url: address,
    logFile: join(options.stateDir, 'log', 'kafka.log'),
    command: () => prepare(options),
    probe: async () => {
      await withKafkaAdmin(address, (admin) => admin.listTopics());
    },
    readyWithinMs: 90_000,
    graceMs: 20_000,
  });
}

async function prepare(options: KafkaOptions): Promise<Command> {
  const folder = join(options.stateDir, 'kafka');
  const data = join(folder, 'data');
  await mkdir(folder, { recursive: true });
  const configuration = join(folder, 'server.properties');
  await writeFile(configuration, propertiesText(brokerSettings(options, data)));
  const classPath = join(options.libs, '*');
  if (!existsSync(join(data, 'meta.properties'))) {
    await rm(data, { recursive: true, force: true }); // an interrupted format
    const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId()}`, '-c', configuration];
    await run(options.java, ['-XX:TieredStopAtLevel=1', '-cp', classPath, log4jOption, ...format]);
  }
  return {
    file: options.java,
    args: [
      '-Xms256m',
      '-Xmx512m',
      '-XX:+UseG1GC',
      '-XX:MaxGCPauseMillis=20',
      // What Kafka does is mostly the kernel's copying. On two cores the second compiler costs more than it saves: 4 % of both
      // during the first minutes in which a reader is busy.
      '-XX:TieredStopAtLevel=1',
      ...agentOptions(options.agent),
      log4jOption,
      '-cp',
      classPath,
      'kafka.Kafka',
      configuration,
    ],
    directory: folder,
  };
}

function brokerSettings(options: KafkaOptions, data: string): Readonly<Record<string, string | number>> {
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${options.controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${options.port},CONTROLLER://127.0.0.1:${options.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${options.port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    // A topic that nobody declared is a fault, not a topic.
    'auto.create.topics.enable': 'false',
    'num.partitions': 1,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'message.max.bytes': largestMessageBytes,
    // Longer than any pause: what Kafka forgets has to be read from v2 again.
    'log.retention.hours': 24 * 90,
    'offsets.retention.minutes': 60 * 24 * 90,
    // Nobody else will join: a consumer starts at once.
    'group.initial.rebalance.delay.ms': 0,
  };
}

export function propertiesText(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** Kafka names a cluster by a UUID in URL-safe base64. */
function clusterId(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
}
