import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultCacheDir, localSchema, projectDir, readLocalSettings } from './settings.ts';
import { portVariables } from './ports.ts';

describe('readLocalSettings', () => {
  test('needs nothing to be set, and gives each part a port of its own', () => {
    const ports = Object.values(readLocalSettings({}).ports);
    expect(new Set(ports).size).toBe(ports.length);
  });

  test.each(Object.entries(portVariables))('takes the port of %s from %s', (name, variable) => {
    expect(readLocalSettings({ [variable]: '1234' }).ports).toMatchObject({ [name]: 1234 });
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

test.each(Object.keys(localSchema.shape))('docs/local-stack.md explains %s', (variable) => {
  expect(readFileSync(join(projectDir, 'docs/local-stack.md'), 'utf8')).toContain(`\`${variable}\``);
});
