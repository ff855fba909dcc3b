// Prometheus, Alertmanager and the exporters as parts: on loopback, each with little memory and one processor at most.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printAlertmanager, printPrometheus } from '../../prometheus/configuration.ts';
import type { AlertmanagerSettings } from '../../prometheus/configuration.ts';
import { printQueries } from '../../prometheus/queries.ts';
import type { ExporterQuery } from '../../prometheus/queries.ts';
import { targetsFile } from '../../prometheus/targets.ts';
import { monitoringPrograms } from '../fetch/monitoring.ts';
import { createPart } from './part.ts';
import type { Command, Part } from './part.ts';

interface Place {
  readonly stateDir: string;
  readonly port: number;
}

export function createPrometheus(
  options: Place & {
    readonly scrapeSeconds: number;
    /** host:port */
    readonly alertmanager: string;
    /** The text of rules.yml. */
    readonly rules: string;
    /** Addresses of each job. */
    readonly targets: Readonly<Record<string, readonly string[]>>;
  },
): Part {
  return goPart({
    ...options,
    name: 'prometheus',
    memory: '256MiB',
    ready: '/-/ready',
    async prepare(folder) {
      await mkdir(join(folder, 'targets'), { recursive: true });
      await writeFile(join(folder, 'prometheus.yml'), printPrometheus(options));
      await writeFile(join(folder, 'rules.yml'), options.rules);
      for (const [job, addresses] of Object.entries(options.targets)) {
        await writeFile(join(folder, 'targets', `${job}.json`), targetsFile(addresses));
      }
      return {
        file: monitoringPrograms.prometheus,
        args: [
          `--config.file=${join(folder, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          '--storage.tsdb.retention.time=7d',
          '--storage.tsdb.retention.size=512MB',
          `--web.listen-address=127.0.0.1:${options.port}`,
        ],
      };
    },
  });
}

export function createAlertmanager(options: Place & { readonly settings: AlertmanagerSettings }): Part {
  return goPart({
    ...options,
    name: 'alertmanager',
    memory: '64MiB',
    ready: '/-/ready',
    async prepare(folder) {
      const configuration = join(folder, 'alertmanager.yml');
      await writeFile(configuration, printAlertmanager(options.settings));
      return {
        file: monitoringPrograms.alertmanager,
        args: [
          `--config.file=${configuration}`,
          `--storage.path=${join(folder, 'data')}`,
          `--web.listen-address=127.0.0.1:${options.port}`,
          '--cluster.listen-address=', // alone
        ],
      };
    },
  });
}

/** Processor, memory and disks of this machine. */
export function createNodeExporter(options: Place): Part {
  const collectors = ['cpu', 'meminfo', 'filesystem', 'diskstats', 'loadavg', 'netdev'];
  return goPart({
    ...options,
    name: 'node-exporter',
    memory: '32MiB',
    ready: '/',
    prepare: async () => ({
      file: monitoringPrograms.nodeExporter,
      args: [
        `--web.listen-address=127.0.0.1:${options.port}`,
        '--web.disable-exporter-metrics',
        '--collector.disable-defaults',
        ...collectors.map((name) => `--collector.${name}`),
      ],
    }),
  });
}

/** It asks our queries, and none of its own. */
export function createPostgresExporter(
  options: Place & { readonly of: 'v2' | 'v3'; readonly url: string; readonly queries: readonly ExporterQuery[] },
): Part {
  const { of, url, queries } = options;
  return goPart({
    ...options,
    name: `${of}-exporter`,
    needs: [of],
    memory: '32MiB',
    ready: '/',
    async prepare(folder) {
      const file = join(folder, 'queries.yml');
      await writeFile(file, printQueries(queries));
      return {
        file: monitoringPrograms.postgresExporter,
        args: [
          `--web.listen-address=127.0.0.1:${options.port}`,
          `--extend.query-path=${file}`,
          '--disable-default-metrics',
          '--disable-settings-metrics',
          '--no-collector.database',
          '--no-collector.bgwriter',
        ],
        environment: { ...process.env, DATA_SOURCE_NAME: `${url}?sslmode=disable&application_name=mkondo-monitoring` },
      };
    },
  });
}

/** Programs in Go: told how much memory they may keep, and that one processor is enough. */
function goPart(
  task: Place & {
    readonly name: string;
    readonly needs?: readonly string[];
    readonly memory: string;
    /** Path that answers when it serves. */
    readonly ready: string;
    readonly prepare: (folder: string) => Promise<Command>;
  },
): Part {
  const { stateDir, port, name, needs = [], memory, ready } = task;
  const url = `http://127.0.0.1:${port}`;
  return createPart({
    name,
    url,
    logFile: join(stateDir, 'log', `${name}.log`),
    needs,
    command: async () => {
      const folder = join(stateDir, name);
      await mkdir(folder, { recursive: true });
      const command = await task.prepare(folder);
      return {
        ...command,
        directory: folder,
        environment: { ...(command.environment ?? process.env), GOMEMLIMIT: memory, GOMAXPROCS: '1' },
      };
    },
    probe: async () => {
      const answer = await fetch(`${url}${ready}`, { signal: AbortSignal.timeout(2000) });
      if (!answer.ok) throw new Error(`GET ${ready} answered ${answer.status}`);
    },
    readyWithinMs: 30_000,
  });
}
