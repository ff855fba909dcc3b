// Every setting of every process, read once, here, from the environment. Nothing else reads process.env.
import { z } from 'zod';
import { MkondoError } from './errors.ts';

/** Whatever is wrong with it, the fault says what is expected. */
function wholeNumber(what: string, least: number, most: number) {
  const expected = `must be ${what}, ${least} to ${most}`;
  return z.coerce.number(expected).int(expected).min(least, expected).max(most, expected);
}

export const port = wholeNumber('a port', 1, 65_535);
const url = z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL');

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

const settings = z.object({
  MKONDO_V3_URL: url.describe('PostgreSQL URL of the v3 database, with the role that writes v3 and owns our schemas'),
  MKONDO_V3_POOL_CONNECTIONS: wholeNumber('a whole number', 2, 200)
    .default(20)
    .describe('most connections that one process holds to v3'),
  MKONDO_KAFKA_BROKERS: z
    .string()
    .transform((text) => text.split(',').map((broker) => broker.trim()))
    .pipe(z.array(z.string().regex(/^[^\s:]+:\d+$/, 'each must be host:port')).min(1))
    .describe('Kafka brokers, host:port, comma separated'),
  MKONDO_KAFKA_TOPIC_PREFIX: z
    .string()
    .min(1, 'must not be empty')
    .default('elmis')
    .describe("Debezium's topic.prefix: topics are <prefix>.<schema>.<table>"),
  MKONDO_KAFKA_GROUP: z
    .string()
    .min(1, 'must not be empty')
    .default('mkondo-bridge')
    .describe('consumer group of the bridge'),
  MKONDO_UNAVAILABLE_VALUE: z
    .string()
    .min(8, 'must have at least 8 characters')
    .default('__debezium_unavailable_value')
    .describe(
      "Debezium's unavailable.value.placeholder: stands where a large value did not change; choose a random text",
    ),
  MKONDO_TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s:]+:\d+$/, 'must be host:port')
    .describe('Temporal frontend, host:port'),
  MKONDO_TEMPORAL_NAMESPACE: z.string().min(1, 'must not be empty').default('default').describe('Temporal namespace'),
  MKONDO_TEMPORAL_UI_URL: z
    .url('must be a URL')
    .optional()
    .describe('address of the Temporal UI; the API links to it when it is set'),
  MKONDO_TASK_QUEUE: z
    .string()
    .min(1, 'must not be empty')
    .default('mkondo')
    .describe('Temporal task queue of the workers'),
  MKONDO_ADOPTIONS_FILE: z
    .string()
    .min(1, 'must not be empty')
    .optional()
    .describe('path of the file of adoptions, which a worker applies when it starts: docs/adoptions.md'),
  MKONDO_BRIDGE_METRICS_PORT: port.default(19_101).describe('port of the bridge: /metrics, /healthz'),
  MKONDO_WORKER_METRICS_PORT: port.default(19_102).describe('port of the worker: /metrics, /healthz'),
  MKONDO_WORKER_TEMPORAL_METRICS_PORT: port
    .default(19_103)
    .describe("port of the Temporal SDK's own metrics in the worker"),
  MKONDO_API_PORT: port.default(18_080).describe('port of the REST API, and of its /metrics'),
  MKONDO_API_HOST: z
    .string()
    .min(1, 'must not be empty')
    .default('127.0.0.1')
    .describe('address on which the REST API and the metrics listen'),
  MKONDO_LOG_LEVEL: z
    .enum(levels, `must be one of ${levels.join(', ')}`)
    .default('info')
    .describe('least severe log line that is written'),
});

export type Config = z.infer<typeof settings>;

/** The settings, each with its description; docs and `.env.example` are made from them. */
export const configSchema = settings;

/**
 * Reads the configuration. Names every fault at once.
 * @throws MkondoError CONFIG_INVALID
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const result = settings.safeParse(environment);
  if (result.success) return result.data;
  const faults = settingFaults(settings, result.error, environment);
  throw new MkondoError('CONFIG_INVALID', `The configuration has ${faults.length} fault(s):\n${faults.join('\n')}`, {
    advice: 'Set these environment variables and start again; docs/configuration.md lists them all.',
  });
}

/** What a fault must not repeat: it ends in logs and on screens. */
const secrets: ReadonlySet<string> = new Set(['MKONDO_V3_URL', 'MKONDO_SIMULATOR_V2_URL']);

/** One line per fault: the variable, its value as it was given, what is expected, and what the setting is for. */
export function settingFaults(
  schema: z.ZodObject,
  error: z.ZodError,
  environment: NodeJS.ProcessEnv,
): readonly string[] {
  return error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const given = environment[name];
    const { description = '' } = schema.shape[name] as z.ZodType;
    if (given === undefined) return `  ${name} is not set; ${description}`;
    const shown = secrets.has(name) ? 'is set (and not shown here, since it may hold a password)' : `is '${given}'`;
    return `  ${name} ${shown}, but ${message}; ${description}`;
  });
}
