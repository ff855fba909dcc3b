import { expect, test } from 'vitest';
import { configSchema, readConfig } from './config.ts';
import { errorCode } from './errors.ts';

const complete = {
  MKONDO_V3_URL: 'postgres://mkondo@v3/openlmis',
  MKONDO_KAFKA_BROKERS: 'kafka-1:9092, kafka-2:9092',
  MKONDO_TEMPORAL_ADDRESS: 'temporal:7233',
};

/** The message of CONFIG_INVALID; empty when all is well. */
function faultsOf(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig({ ...complete, ...environment });
    return '';
  } catch (error) {
    if (errorCode(error) !== 'CONFIG_INVALID') throw error;
    return (error as Error).message;
  }
}

test('what must be set is enough, and the rest has defaults', () => {
  expect(readConfig(complete)).toMatchObject({
    MKONDO_KAFKA_BROKERS: ['kafka-1:9092', 'kafka-2:9092'],
    MKONDO_API_PORT: 18_080,
  });
});

test.each([
  ['MKONDO_API_PORT', 'eighty', 'must be a port, 1 to 65535'],
  ['MKONDO_API_PORT', '', 'must be a port, 1 to 65535'],
  ['MKONDO_API_PORT', '80.5', 'must be a port, 1 to 65535'],
  ['MKONDO_API_PORT', '70000', 'must be a port, 1 to 65535'],
  ['MKONDO_V3_POOL_CONNECTIONS', '1', 'must be a whole number, 2 to 200'],
  ['MKONDO_KAFKA_BROKERS', 'kafka-1:9092,kafka-2', 'each must be host:port'],
  ['MKONDO_TEMPORAL_ADDRESS', 'temporal', 'must be host:port'],
  ['MKONDO_TASK_QUEUE', '', 'must not be empty'],
  ['MKONDO_TEMPORAL_UI_URL', 'ui', 'must be a URL'],
  ['MKONDO_LOG_LEVEL', 'loud', 'must be one of trace, debug, info, warn, error, fatal'],
])('%s=%s is shown as it was given, with what is expected', (name, value, expected) => {
  expect(faultsOf({ [name]: value })).toContain(`1 fault(s):\n  ${name} is '${value}', but ${expected}; `);
});

test('a missing setting is named with its meaning, and every fault at once', () => {
  const faults = faultsOf({ MKONDO_V3_URL: undefined, MKONDO_TEMPORAL_ADDRESS: undefined });
  expect(faults).toContain('2 fault(s)');
  expect(faults).toContain('  MKONDO_V3_URL is not set; PostgreSQL URL of the v3 database');
});

test('a setting that does not exist is a fault; those of our other programs are none', () => {
  expect(faultsOf({ MKONDO_VERIFY_MINUTE: '5' })).toContain('1 fault(s):\n  MKONDO_VERIFY_MINUTE is set, but no such');
  expect(faultsOf({ MKONDO_LOCAL_V2_PORT: '1', MKONDO_API_TOKEN: 't', MKONDO_V2_URL: 'v2', OTHER: 'x' })).toBe('');
});

test('no fault repeats a password', () => {
  const faults = faultsOf({ MKONDO_V3_URL: 'mysql://mkondo:secret@v3/openlmis' });
  expect(faults).toContain('MKONDO_V3_URL is set');
  expect(faults).toContain('must be a postgres:// URL');
  expect(faults).not.toContain('secret');
});

test.each(Object.keys(configSchema.shape))('no fault of %s speaks of what the program made of its value', (name) => {
  expect(faultsOf({ [name]: '' })).not.toMatch(/NaN|received|Invalid|expected (string|number)/);
});
