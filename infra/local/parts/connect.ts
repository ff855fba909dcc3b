// Kafka Connect, distributed mode with one worker: it runs Debezium, and keeps settings and offsets in Kafka.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { largestMessageBytes, log4jOption, propertiesText } from './kafka.ts';
import { agentOptions } from './jmx-agent.ts';
import type { JmxAgent } from './jmx-agent.ts';
import { createPart } from './part.ts';
import type { Command, Part } from './part.ts';

export interface ConnectOptions {
  readonly java: string;
  readonly libs: string;
  readonly plugins: readonly string[];
  readonly stateDir: string;
  readonly port: number;
  readonly kafka: string;
  /** Shows its figures to Prometheus. */
  readonly agent?: JmxAgent | undefined;
}

export function createConnect(options: ConnectOptions): Part {
  const url = `http://127.0.0.1:${options.port}`;
  return createPart({
    name: 'connect',
    url,
    logFile: join(options.stateDir, 'log', 'connect.log'),
    needs: ['kafka', 'v2'],
    command: () => prepare(options),
    // `/` answers early; the list of connectors only once the worker has joined its group.
    probe: async () => {
      const answer = await fetch(`${url}/connectors`, { signal: AbortSignal.timeout(5000) });
      if (!answer.ok) throw new Error(`GET /connectors answered ${answer.status}`);
    },
    readyWithinMs: 120_000,
    graceMs: 10_000,
  });
}

async function prepare(options: ConnectOptions): Promise<Command> {
  const folder = join(options.stateDir, 'connect');
  await mkdir(folder, { recursive: true });
  const configuration = join(folder, 'connect.properties');
  await writeFile(configuration, propertiesText(workerSettings(options)));
  return {
    file: options.java,
    args: [
      '-Xms128m',
      '-Xmx768m',
      '-XX:+UseG1GC',
      '-XX:MaxGCPauseMillis=20',
      ...agentOptions(options.agent),
      log4jOption,
      '-cp',
      join(options.libs, '*'),
      'org.apache.kafka.connect.cli.ConnectDistributed',
      configuration,
    ],
    directory: folder,
  };
}

function workerSettings(options: ConnectOptions): Readonly<Record<string, string | number>> {
  return {
    'bootstrap.servers': options.kafka,
    'group.id': 'mkondo-connect',
    listeners: `http://127.0.0.1:${options.port}`,
    'rest.advertised.host.name': '127.0.0.1',
    'plugin.path': options.plugins.join(','),
    // Our plug-ins all declare themselves as services: looking into every class for more costs seconds.
    'plugin.discovery': 'service_load',
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'config.storage.topic': 'connect-configs',
    'config.storage.replication.factor': 1,
    'offset.storage.topic': 'connect-offsets',
    'offset.storage.replication.factor': 1,
    'offset.storage.partitions': 1,
    'status.storage.topic': 'connect-status',
    'status.storage.replication.factor': 1,
    'status.storage.partitions': 1,
    // What a killed worker sends again is at most this long (default 60 s).
    'offset.flush.interval.ms': 5000,
    // One worker: nobody else to wait for when it comes back after a crash.
    'scheduled.rebalance.max.delay.ms': 0,
    'session.timeout.ms': 6000,
    'heartbeat.interval.ms': 2000,
    'producer.max.request.size': largestMessageBytes,
  };
}
