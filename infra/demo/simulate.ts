// The simulator as a process: `node infra/demo/simulate.ts --v2-url postgres://... --actions-per-second 5`. Each option
// can be given as an environment variable instead. Runs until its time is over or it is told to stop (SIGINT, SIGTERM).
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { configSchema, settingFaults } from '../../model/config.ts';
import { createLog } from '../../model/log.ts';
import { createSimulator } from './simulator.ts';

const rate = z.coerce.number('must be a number over 0').positive('must be a number over 0').optional();
const settings = z.object({
  MKONDO_SIMULATOR_V2_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL')
    .describe('PostgreSQL URL of v2, with the role that owns the eLMIS tables'),
  MKONDO_SIMULATOR_SEED: z.coerce
    .number('must be a whole number')
    .int('must be a whole number')
    .default(1)
    .describe('the same seed on the same data does the same'),
  MKONDO_SIMULATOR_ACTIONS_PER_SECOND: rate.describe('aim for this many actions a second'),
  MKONDO_SIMULATOR_ROW_CHANGES_PER_SECOND: rate.describe('or for this many row changes a second'),
  MKONDO_SIMULATOR_DURATION_SECONDS: rate.describe('how long; without it, until stopped'),
  MKONDO_LOG_LEVEL: configSchema.shape.MKONDO_LOG_LEVEL,
});

const prefix = 'MKONDO_SIMULATOR_';
const names = Object.keys(settings.shape).filter((name) => name.startsWith(prefix));
const option = (name: string): string => name.slice(prefix.length).toLowerCase().replaceAll('_', '-');

const { values } = parseArgs({
  options: Object.fromEntries(names.map((name) => [option(name), { type: 'string' as const }])),
});
const given = Object.fromEntries(
  names.flatMap((name) => (values[option(name)] === undefined ? [] : [[name, values[option(name)]]])),
);
const environment = { ...process.env, ...given };
const result = settings.safeParse(environment);
if (!result.success) {
  console.error(
    `The simulator's settings have faults:\n${settingFaults(settings, result.error, environment).join('\n')}`,
  );
  console.error(`Give ${names.map((name) => `--${option(name)} (or ${name})`).join(', ')}.`);
  process.exit(1);
}
const config = result.data;

const log = createLog('simulator', config);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

const simulator = createSimulator({ v2Url: config.MKONDO_SIMULATOR_V2_URL, seed: config.MKONDO_SIMULATOR_SEED, log });
const report = setInterval(() => {
  const { actions, rowChanges, reconnects } = simulator.summary();
  log.info({ actions, rowChanges, reconnects }, 'simulating eLMIS');
}, 10_000);
log.info({ seed: config.MKONDO_SIMULATOR_SEED }, 'simulating eLMIS');
const summary = await simulator.run({
  signal: stop.signal,
  ...(config.MKONDO_SIMULATOR_ACTIONS_PER_SECOND !== undefined && {
    actionsPerSecond: config.MKONDO_SIMULATOR_ACTIONS_PER_SECOND,
  }),
  ...(config.MKONDO_SIMULATOR_ROW_CHANGES_PER_SECOND !== undefined && {
    rowChangesPerSecond: config.MKONDO_SIMULATOR_ROW_CHANGES_PER_SECOND,
  }),
  ...(config.MKONDO_SIMULATOR_DURATION_SECONDS !== undefined && {
    durationMs: config.MKONDO_SIMULATOR_DURATION_SECONDS * 1000,
  }),
});
clearInterval(report);
await simulator.close();
log.info(summary, 'stopped simulating eLMIS');
