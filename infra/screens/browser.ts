// A real browser for the pictures of the documentation: the system's Chromium, without a window, with a new empty profile.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { ensureTool } from '../local/fetch/system-packages.ts';

export const windowSize = { width: 1_400, height: 900 };

const program = '/usr/bin/chromium';

export interface Browser {
  readonly page: Page;
  close(): Promise<void>;
}

/**
 * Installs Chromium when it is missing and we may.
 * @throws MkondoError PART_MISSING
 */
export async function openBrowser(log: (line: string) => void): Promise<Browser> {
  await ensureTool({ tool: program, check: ['--version'], debianPackage: 'chromium', log });
  const profile = await mkdtemp(join(tmpdir(), 'mkondo-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: program,
    headless: true,
    viewport: windowSize,
    timezoneId: 'UTC',
    locale: 'en-GB',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  context.setDefaultTimeout(120_000); // pages of a machine that is starting up are slow
  return {
    page: context.pages()[0] ?? (await context.newPage()),
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
