// Every setting of the local stack, read once, here, from the environment.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { HAND_PROGRAMS, configSchema, port, settingFaults, unknownSettings } from '../../model/config.ts';
import { MkondoError } from '../../model/errors.ts';
import { portNames, portsFrom, portVariables } from './ports.ts';
import type { Ports } from './ports.ts';

/** The folder of the checkout. */
export const projectDir = resolve(import.meta.dirname, '../..');

const onOff = z.enum(['on', 'off'], 'must be on or off');
const positive = z.coerce.number('must be a number over 0').positive('must be a number over 0');

const MOST_PORT_BASE = 65_535 - portNames.length + 1;

/** The settings, each with its description. */
export const localSchema = configSchema
  .pick({
    MKONDO_WORKER_METRICS_PORT: true,
    MKONDO_WORKER_TEMPORAL_METRICS_PORT: true,
    MKONDO_BRIDGE_METRICS_PORT: true,
    MKONDO_API_PORT: true,
  })
  .extend({
    MKONDO_LOCAL_STATE_DIR: z
      .string()
      .min(1, 'must not be empty')
      .default('.run')
      .describe('folder of all data, logs and secrets of the local stack'),
    MKONDO_CACHE_DIR: z
      .string()
      .min(1, 'must not be empty')
      .optional()
      .describe('folder of downloads, kept between checkouts; default $XDG_CACHE_HOME/mkondo or ~/.cache/mkondo'),
    MKONDO_LOCAL_PORT_BASE: port
      .max(MOST_PORT_BASE, `must be a port, 1 to ${MOST_PORT_BASE}`)
      .optional()
      .describe(
        `the first of ${portNames.length} ports in a row, for all that have none of their own: so a second stack stands beside this one`,
      ),
    MKONDO_LOCAL_V2_PORT: port.default(15_432).describe("port of v2's PostgreSQL"),
    MKONDO_LOCAL_V3_PORT: port.default(15_433).describe("port of v3's PostgreSQL"),
    MKONDO_LOCAL_KAFKA_PORT: port.default(19_092).describe('port of the Kafka broker'),
    MKONDO_LOCAL_KAFKA_CONTROLLER_PORT: port.default(19_093).describe("port of Kafka's controller"),
    MKONDO_LOCAL_CONNECT_PORT: port.default(18_083).describe('port of the REST interface of Kafka Connect'),
    MKONDO_LOCAL_TEMPORAL_PORT: port.default(17_233).describe('port of the Temporal frontend'),
    MKONDO_LOCAL_TEMPORAL_UI_PORT: port.default(18_233).describe('port of the Temporal UI'),
    MKONDO_LOCAL_TEMPORAL_METRICS_PORT: port.default(19_104).describe("port of the Temporal server's metrics"),
    MKONDO_MONITORING: onOff
      .default('on')
      .describe('whether Prometheus, Alertmanager and the exporters are part of the local stack'),
    MKONDO_LOCAL_SCRAPE_SECONDS: z.coerce
      .number('must be a whole number of seconds')
      .int('must be a whole number of seconds')
      .min(1, 'must be 1 or more')
      .default(5)
      .describe('how often Prometheus asks each target, and evaluates its rules'),
    MKONDO_ALERT_WEBHOOK_URL: z
      .url('must be a URL')
      .optional()
      .describe('where Alertmanager posts alerts and their ends; without it they are only shown'),
    MKONDO_LOCAL_PROMETHEUS_PORT: port.default(19_090).describe('port of Prometheus'),
    MKONDO_LOCAL_ALERTMANAGER_PORT: port.default(19_091).describe('port of Alertmanager'),
    MKONDO_LOCAL_KAFKA_JMX_PORT: port.default(19_105).describe("port of Kafka's own metrics"),
    MKONDO_LOCAL_CONNECT_JMX_PORT: port.default(19_106).describe('port of the metrics of Kafka Connect and Debezium'),
    MKONDO_LOCAL_V2_EXPORTER_PORT: port.default(19_107).describe("port of the metrics of v2's replication slot"),
    MKONDO_LOCAL_V3_EXPORTER_PORT: port.default(19_108).describe("port of the metrics of v3's server and our schema"),
    MKONDO_LOCAL_NODE_EXPORTER_PORT: port.default(19_109).describe('port of the metrics of this machine'),
    MKONDO_LOCAL_FSYNC: onOff
      .default('off')
      .describe(
        'fsync of both PostgreSQL servers: off is quicker and survives any killed process, but not a loss of power',
      ),
    MKONDO_LOCAL_DEMO_SCALE: positive
      .default(1)
      .describe('size of the demo data: 1 is 300 facilities and 37,000 requisition lines, and loads in seconds'),
    MKONDO_LOCAL_DEMO_SEED: z.coerce
      .number('must be a whole number')
      .int('must be a whole number')
      .default(1)
      .describe('seed of the demo data and of the simulator'),
    MKONDO_LOCAL_PROCESSES: onOff
      .default('on')
      .describe('whether worker, bridge and API are started; off when you run them yourself, as in a debugger'),
    MKONDO_LOCAL_SIMULATOR: onOff
      .default('on')
      .describe('whether the simulator plays the eLMIS application against v2'),
    MKONDO_LOCAL_SIMULATOR_RATE: positive.default(1).describe('actions per second of the simulator'),
  });

export interface LocalSettings {
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly ports: Ports;
  /** Null: no Prometheus. */
  readonly monitoring: { readonly scrapeSeconds: number; readonly webhookUrl: string | null } | null;
  readonly fsync: 'on' | 'off';
  readonly demo: { readonly scale: number; readonly seed: number };
  readonly processes: boolean;
  readonly simulator: { readonly enabled: boolean; readonly actionsPerSecond: number };
}

/**
 * Reads the settings of the local stack. Names every fault at once; an argument is one: whoever asks `npm run clean` for help, or
 * for a dry run, must not lose his data.
 * @throws MkondoError CONFIG_INVALID
 */
export function readLocalSettings(
  environment: NodeJS.ProcessEnv,
  commandArguments: readonly string[] = [],
): LocalSettings {
  const result = localSchema.safeParse(withPortBase(environment));
  const faults = [
    ...(result.success ? [] : settingFaults(localSchema, result.error, environment)),
    ...unknownSettings(environment, isKnown),
    ...commandArguments.map((given) => `  ${given} is given, but this command takes no arguments`),
  ];
  if (!result.success || faults.length > 0)
    throw new MkondoError(
      'CONFIG_INVALID',
      `The settings of the local stack have ${faults.length} fault(s):\n${faults.join('\n')}`,
      {
        advice:
          'Settings are environment variables: correct what is named and start again; docs/configuration.md lists them all.',
      },
    );
  const given = result.data;
  return {
    stateDir: resolve(projectDir, given.MKONDO_LOCAL_STATE_DIR),
    cacheDir: given.MKONDO_CACHE_DIR === undefined ? defaultCacheDir(environment) : resolve(given.MKONDO_CACHE_DIR),
    ports: Object.fromEntries(portNames.map((name) => [name, given[portVariables[name]]])) as Ports,
    monitoring:
      given.MKONDO_MONITORING === 'on'
        ? {
            scrapeSeconds: given.MKONDO_LOCAL_SCRAPE_SECONDS,
            webhookUrl: given.MKONDO_ALERT_WEBHOOK_URL ?? null,
          }
        : null,
    fsync: given.MKONDO_LOCAL_FSYNC,
    demo: { scale: given.MKONDO_LOCAL_DEMO_SCALE, seed: given.MKONDO_LOCAL_DEMO_SEED },
    processes: given.MKONDO_LOCAL_PROCESSES === 'on',
    simulator: { enabled: given.MKONDO_LOCAL_SIMULATOR === 'on', actionsPerSecond: given.MKONDO_LOCAL_SIMULATOR_RATE },
  };
}

/** A port that has no setting of its own follows from the base, where there is one. */
function withPortBase(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const base = localSchema.shape.MKONDO_LOCAL_PORT_BASE.safeParse(environment['MKONDO_LOCAL_PORT_BASE']);
  if (base.data === undefined) return environment;
  const ports = portsFrom(base.data);
  return {
    ...Object.fromEntries(portNames.map((name) => [portVariables[name], String(ports[name])])),
    ...environment,
  };
}

function isKnown(name: string): boolean {
  return name in localSchema.shape || name in configSchema.shape || HAND_PROGRAMS.test(name);
}

/** Where downloads are kept when nothing is set: outside of every checkout. */
export function defaultCacheDir(environment: NodeJS.ProcessEnv): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'mkondo');
}
