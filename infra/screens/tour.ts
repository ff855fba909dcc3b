// Takes the tour of docs/tour.md on the stack that runs, and its pictures: types what the page says, clicks what it says, and
// fails when something does not come as the page promises.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Endpoints } from '../local/endpoints.ts';
import { projectDir } from '../local/settings.ts';
import { windowSize } from './browser.ts';
import { openShell, pictureOf } from './terminal.ts';
import type { Shell, Typed } from './terminal.ts';
import { clicks } from './tour-clicks.ts';
import { readTour } from './tour-page.ts';
import type { TourStep } from './tour-page.ts';

const COMES_WITHIN_MS = 180_000;
const AGAIN_MS = 1_000;

export async function takeTour({
  page,
  endpoints,
  pictures,
}: {
  readonly page: Page;
  readonly endpoints: Endpoints;
  /** Folder for the pictures. */
  readonly pictures: string;
}): Promise<void> {
  const steps = readTour(await readFile(join(projectDir, 'docs', 'tour.md'), 'utf8'));
  const shell = openShell({ directory: projectDir, environment: { ...process.env, USER: 'asha', NO_COLOR: '1' } });
  const temporal = { page, url: endpoints.temporalUi };
  const get = async (path: string): Promise<unknown> => (await fetch(`${endpoints.api}${path}`)).json();
  let typed: Typed | undefined;
  try {
    for (const step of steps) {
      if (step.do === 'type') {
        console.log(step.commands);
        typed = await type(shell, step);
        continue;
      }
      const path = join(pictures, `${step.image}.png`);
      if (step.do === 'picture') await pictureOf(page, typed ?? { commands: '', output: '', exitCode: 0 }, path);
      else {
        // Details are longer than a window.
        await page.setViewportSize({ width: windowSize.width, height: 1_000 });
        await (clicks[step.name] as (typeof clicks)[string])({ temporal, get, take });
        await page.setViewportSize(windowSize);
      }
      console.log(`docs/images/${step.image}.png`);

      async function take(): Promise<void> {
        await page.waitForTimeout(1_500); // icons and frames arrive after the words
        await page.screenshot({ path, animations: 'disabled' });
      }
    }
  } finally {
    shell.close();
  }
}

async function type(shell: Shell, step: Extract<TourStep, { readonly do: 'type' }>): Promise<Typed> {
  const wanted = step.comes ?? step.shows ?? '';
  for (const deadline = Date.now() + COMES_WITHIN_MS; ;) {
    const typed = await shell.type(step.commands);
    if (typed.exitCode === 0 && holds(typed.output, wanted)) return typed;
    if (step.comes === null || Date.now() > deadline)
      throw new Error(`${step.commands}\nended with ${typed.exitCode}, not with '${wanted}':\n${typed.output}`);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** What is wanted stands as it is, or between slashes as a regular expression. */
function holds(output: string, wanted: string): boolean {
  const [, expression] = /^\/(.*)\/$/.exec(wanted) ?? [];
  return expression === undefined ? output.includes(wanted) : new RegExp(expression, 'm').test(output);
}
