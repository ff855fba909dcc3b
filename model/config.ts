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
  MKONDO_API_URL: z
    .url('must be a URL')
    .optional()
    .describe('address at which operators reach the REST API; pipelines in the Temporal UI link to it when it is set'),
  MKONDO_DASHBOARD_URL: z
    .url('must be a URL')
    .optional()
    .describe(
      'address of the dashboard, {pipeline} standing for a pipeline; pipelines in the Temporal UI link to it when it is set',
    ),
  MKONDO_PROMETHEUS_URL: z
    .url('must be a URL')
    .optional()
    .describe('address of Prometheus, from which the API draws its page of charts; without it there are none'),
  MKONDO_TASK_QUEUE: z
    .string()
    .min(1, 'must not be empty')
    .default('mkondo')
    .describe('Temporal task queue of the workers'),
  MKONDO_DEPLOYED_CHANGE: z
    .enum(['ask', 'promote'], 'must be ask or promote')
    .default('ask')
    .describe(
      'a deployed change of a transformation: shown to an operator first, or promoted by itself when no root fails',
    ),
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
  MKONDO_API_AUTH: z
    .enum(['tokens', 'off'], 'must be tokens or off')
    .default('tokens')
    .describe('whether the REST API asks for a token; off only for a demo, while it listens at a loopback address'),
  MKONDO_API_TOKENS_FILE: z
    .string()
    .min(1, 'must not be empty')
    .optional()
    .describe('file with the tokens of the REST API: names, roles and SHA-256 hashes, as JSON'),
  MKONDO_API_TOKENS: z
    .string()
    .min(1, 'must not be empty')
    .optional()
    .describe('the same JSON itself, in place of the file'),
  MKONDO_API_HOST: z
    .string()
    .min(1, 'must not be empty')
    .default('127.0.0.1')
    .describe('address on which the REST API and the metrics listen'),
  MKONDO_VERIFY_MINUTES: wholeNumber('a whole number of minutes', 0, 10_080)
    .default(60)
    .describe("how often each pipeline's rows in v3 are verified against landing; 0: never by themselves"),
  MKONDO_VERIFY_SECONDS: wholeNumber('a whole number of seconds', 1, 86_400)
    .default(300)
    .describe(
      'a verification that came by itself begins nothing more after so long; the next one goes on with the rest',
    ),
  MKONDO_VERIFY_REPORTS_HOURS: wholeNumber('a whole number of hours', 0, 168)
    .default(24)
    .describe("how often the reports' checks run against landing; 0: never by themselves"),
  MKONDO_VERIFY_COMPARE_DAYS: wholeNumber('a whole number of days', 0, 365)
    .default(7)
    .describe(
      'rows are derived anew and compared one by one after so many days, also where nothing seems to have changed',
    ),
  MKONDO_VERIFY_V2_URL: url
    .optional()
    .describe(
      'PostgreSQL URL of v2, of a replica where there is one, with a role that may only read; nothing but a comparison with v2 uses it',
    ),
  MKONDO_VERIFY_V2_HOURS: z
    .string()
    .regex(/^([01]?\d|2[0-3])-([01]?\d|2[0-4])$/, "must be hours of the day (UTC), such as '22-4'")
    .refine((text) => new Set(text.split('-').map(Number)).size === 2, 'must not begin and end at the same hour')
    .optional()
    .describe(
      "hours of the day (UTC) during which all pipelines are compared with v2 itself, such as '22-4'; without it only on demand",
    ),
  MKONDO_CONNECT_URL: z
    .url('must be a URL')
    .optional()
    .describe("address of Kafka Connect's REST interface; without it GET /source does not look at the connector"),
  MKONDO_CONNECTOR: z
    .string()
    .min(1, 'must not be empty')
    .default('mkondo')
    .describe("name of Debezium's connector in Kafka Connect"),
  MKONDO_V2_MONITORING_URL: url
    .optional()
    .describe(
      'PostgreSQL URL of v2, with the role that sees how replication stands and no row (infra/v2/monitoring-role.ts); without it GET /source does not look at the slot. No pipeline uses it',
    ),
  MKONDO_V2_SLOT: z
    .string()
    .min(1, 'must not be empty')
    .default('mkondo')
    .describe("name of Debezium's replication slot in v2"),
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
  const faults = [
    ...(result.success ? [] : settingFaults(settings, result.error, environment)),
    ...unknownSettings(
      environment,
      (name) => name in settings.shape || HAND_PROGRAMS.test(name) || LOCAL_STACK.test(name),
    ),
  ];
  if (result.success && faults.length === 0) return result.data;
  throw new MkondoError('CONFIG_INVALID', `The configuration has ${faults.length} fault(s):\n${faults.join('\n')}`, {
    advice: 'Set these environment variables and start again; docs/configuration.md lists them all.',
  });
}

/** Settings of programs that are run by hand against a system: the command line, the simulator, the preflight, tests. */
export const HAND_PROGRAMS = /^MKONDO_(?:(?:SIMULATOR|TEST|V2)_.+|API_TOKEN)$/;
/** Its processes inherit what a local stack was given. */
const LOCAL_STACK = /^MKONDO_(?:LOCAL_.+|CACHE_DIR|MONITORING|ALERT_WEBHOOK_URL)$/;

/** One line for each of our variables that no program reads: misspelt, it would change nothing, and nobody would know. */
export function unknownSettings(environment: NodeJS.ProcessEnv, isKnown: (name: string) => boolean): readonly string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('MKONDO_') && !isKnown(name))
    .map((name) => `  ${name} is set, but no such setting exists; see how it is spelt, or take it out`);
}

/** What a fault must not repeat: it ends in logs and on screens. */
const secrets: ReadonlySet<string> = new Set([
  'MKONDO_V3_URL',
  'MKONDO_VERIFY_V2_URL',
  'MKONDO_V2_MONITORING_URL',
  'MKONDO_SIMULATOR_V2_URL',
  'MKONDO_API_TOKENS',
]);

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
