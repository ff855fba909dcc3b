import { describe, expect, test } from 'vitest';
import { connectorConfig } from './connector.ts';

const config = connectorConfig({
  tables: ['public.products', 'public.programs'],
  v2: { host: 'v2.example', port: 5432, database: 'elmis', user: 'reader', password: 'secret' },
  topicPrefix: 'elmis',
  unavailableValue: 'unavailable-1234',
  publication: 'mkondo',
  slot: 'mkondo',
});

describe('connectorConfig', () => {
  test('names each table as an exact pattern, not as one in which a dot matches anything', () => {
    const patterns = config['table.include.list']?.split(',').map((pattern) => new RegExp(`^${pattern}$`));
    expect(patterns?.map((pattern) => pattern.test('public.products'))).toEqual([true, false]);
    expect(patterns?.some((pattern) => pattern.test('publicXproducts'))).toBe(false);
  });

  test('leaves passwords in v2', () => {
    const excluded = new RegExp(`^${config['column.exclude.list']}$`);
    expect(excluded.test('public.users.password')).toBe(true);
    expect(excluded.test('public.users.username')).toBe(false);
  });

  test('leaves v2 in peace: no publication of its own, no write, no lock, no change of a replica identity', () => {
    expect(config).toMatchObject({ 'publication.autocreate.mode': 'disabled', 'snapshot.locking.mode': 'none' });
    expect(config).not.toHaveProperty('heartbeat.action.query');
    expect(config).not.toHaveProperty('replica.identity.autoset.values');
  });

  test('overrides every default that drops events, columns or exactness', () => {
    expect(config).toMatchObject({
      'plugin.name': 'pgoutput',
      'skipped.operations': 'none',
      'include.unknown.datatypes': 'true',
      'tombstones.on.delete': 'true',
      'decimal.handling.mode': 'string',
      'time.precision.mode': 'microseconds',
      'interval.handling.mode': 'string',
      'binary.handling.mode': 'hex',
      'errors.tolerance': 'none',
      'value.converter.replace.null.with.default': 'false',
    });
  });

  test('keys messages as v2 does: a key set by hand needs REPLICA IDENTITY FULL', () => {
    expect(config).not.toHaveProperty('message.key.columns');
  });

  test('carries the placeholder of this deployment', () => {
    expect(config['unavailable.value.placeholder']).toBe('unavailable-1234');
  });

  test('lets the slot move on while v2 is busy elsewhere, and does not take that for a loss at the next start', () => {
    expect(config).toMatchObject({
      'lsn.flush.mode': 'connector_and_driver',
      'offset.mismatch.strategy': 'trust_slot',
    });
  });
});
