// The TCP ports of the local stack, and who stands in the way when one of them is taken.
import { readFile, readdir, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { MkondoError } from '../../model/errors.ts';

/** The environment variable that sets each port. */
export const portVariables = {
  v2: 'MKONDO_LOCAL_V2_PORT',
  v3: 'MKONDO_LOCAL_V3_PORT',
  kafka: 'MKONDO_LOCAL_KAFKA_PORT',
  kafkaController: 'MKONDO_LOCAL_KAFKA_CONTROLLER_PORT',
  connect: 'MKONDO_LOCAL_CONNECT_PORT',
  temporal: 'MKONDO_LOCAL_TEMPORAL_PORT',
  temporalUi: 'MKONDO_LOCAL_TEMPORAL_UI_PORT',
  temporalMetrics: 'MKONDO_LOCAL_TEMPORAL_METRICS_PORT',
  worker: 'MKONDO_WORKER_METRICS_PORT',
  workerTemporal: 'MKONDO_WORKER_TEMPORAL_METRICS_PORT',
  bridge: 'MKONDO_BRIDGE_METRICS_PORT',
  api: 'MKONDO_API_PORT',
  prometheus: 'MKONDO_LOCAL_PROMETHEUS_PORT',
  alertmanager: 'MKONDO_LOCAL_ALERTMANAGER_PORT',
  kafkaJmx: 'MKONDO_LOCAL_KAFKA_JMX_PORT',
  connectJmx: 'MKONDO_LOCAL_CONNECT_JMX_PORT',
  v2Exporter: 'MKONDO_LOCAL_V2_EXPORTER_PORT',
  v3Exporter: 'MKONDO_LOCAL_V3_EXPORTER_PORT',
  nodeExporter: 'MKONDO_LOCAL_NODE_EXPORTER_PORT',
} as const;

export type PortName = keyof typeof portVariables;
export type Ports = Readonly<Record<PortName, number>>;

export const portNames = Object.keys(portVariables) as readonly PortName[];

/** As many ports in a row as there are names, from `base`: a whole stack for a test or a benchmark, beside any other. */
export function portsFrom(base: number): Ports {
  return Object.fromEntries(portNames.map((name, index) => [name, base + index])) as Ports;
}

/** True when nothing listens on the port of this machine. */
export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Refuses before anything is started when a port that will be needed is in use; names every such port at once.
 * @throws MkondoError PORT_IN_USE
 */
export async function assertPortsFree(ports: Ports, needed: readonly PortName[]): Promise<void> {
  const faults: string[] = [];
  for (const name of needed) {
    const port = ports[name];
    if (await portIsFree(port)) continue;
    const holder = await portHolder(port);
    faults.push(
      `  ${port} is wanted by '${name}' and held by ${holder ?? 'a process that cannot be seen from here'}; set ${portVariables[name]} to another port`,
    );
  }
  if (faults.length === 0) return;
  throw new MkondoError('PORT_IN_USE', `${faults.length} port(s) are in use:\n${faults.join('\n')}`, {
    advice:
      'Stop what holds the port, or set the variable named above and start again; MKONDO_LOCAL_PORT_BASE moves all ports at once.',
  });
}

/** `pid 4711 (postgres)` of the process that listens on the port, where Linux tells it. */
export async function portHolder(port: number): Promise<string | undefined> {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1);
    for (const line of lines) inodes.add(listeningInode(line, port) ?? '');
  }
  inodes.delete('');
  if (inodes.size === 0) return undefined;
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const command = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim();
      return `pid ${pid} (${command})`;
    }
  }
  return undefined;
}

/** The socket's inode when this line of /proc/net/tcp is a listener (state 0A) on the port. */
export function listeningInode(line: string, port: number): string | undefined {
  const fields = line.trim().split(/\s+/);
  const [, local, , state] = fields;
  if (local === undefined || state !== '0A') return undefined;
  return Number.parseInt(local.split(':')[1] ?? '', 16) === port ? fields[9] : undefined;
}
