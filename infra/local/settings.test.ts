import { describe, expect, test } from 'vitest';
import { portNames, portVariables } from './ports.ts';
import { defaultCacheDir, readLocalSettings } from './settings.ts';

describe('readLocalSettings', () => {
  test('needs nothing to be set, and gives each part a port of its own', () => {
    const ports = Object.values(readLocalSettings({}).ports);
    expect(new Set(ports).size).toBe(ports.length);
  });

  test.each(Object.entries(portVariables))('takes the port of %s from %s', (name, variable) => {
    expect(readLocalSettings({ [variable]: '1234' }).ports).toMatchObject({ [name]: 1234 });
  });

  test('gives ports in a row from a base, but for those that are set themselves', () => {
    const { ports } = readLocalSettings({ MKONDO_LOCAL_PORT_BASE: '25000', MKONDO_API_PORT: '80' });
    const numbers = Object.values(ports).filter((port) => port !== 80);
    expect(ports.api).toBe(80);
    expect(Math.min(...numbers)).toBe(25_000);
    expect(Math.max(...numbers)).toBeLessThan(25_000 + portNames.length);
    expect(() => readLocalSettings({ MKONDO_LOCAL_PORT_BASE: '65530' })).toThrow(
      /1 fault\(s\)[^]*must be a port, 1 to 65517;/,
    );
  });

  test('refuses a setting that does not exist', () => {
    expect(() => readLocalSettings({ MKONDO_LOCAL_SIMULATOR_RAET: '5' })).toThrow(
      'MKONDO_LOCAL_SIMULATOR_RAET is set, but no such setting exists',
    );
    expect(() => readLocalSettings({ MKONDO_VERIFY_MINUTES: '5', MKONDO_API_TOKEN: 'x' })).not.toThrow();
  });

  test('refuses an argument, where none is taken', () => {
    expect(() => readLocalSettings({}, ['--dry-run'])).toThrow(
      '--dry-run is given, but this command takes no arguments',
    );
  });

  test('names every fault at once', () => {
    const environment = { MKONDO_LOCAL_V2_PORT: '70000', MKONDO_LOCAL_SIMULATOR: 'perhaps' };
    expect(() => readLocalSettings(environment)).toThrow(
      /2 fault\(s\)[^]*MKONDO_LOCAL_V2_PORT is '70000', but must be a port[^]*MKONDO_LOCAL_SIMULATOR is 'perhaps', but must be on or off/,
    );
  });
});

test('downloads are kept outside of every checkout', () => {
  expect(defaultCacheDir({ XDG_CACHE_HOME: '/caches' })).toBe('/caches/mkondo');
  expect(defaultCacheDir({})).toMatch(/\.cache\/mkondo$/);
});
