// `npm run screenshots`: takes every picture of docs/images again, from the stack that runs. On its way it does what
// docs/temporal-ui.md tells an operator to do: finds the pipelines, pauses one from the Temporal UI, is refused,
// resumes it over REST, resets another one; takes the page of charts; and takes the tour of docs/tour.md. Each step waits for what it
// should lead to, and fails when it does not come. `npm run screenshots -- tour`, `-- temporal-ui` or `-- charts` does one of them.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readEndpoints } from '../local/endpoints.ts';
import { projectDir, readLocalSettings } from '../local/settings.ts';
import { openBrowser, windowSize } from './browser.ts';
import { takeCharts } from './charts.ts';
import * as ui from './temporal-ui.ts';
import { takeTour } from './tour.ts';

const paused = 'products';
const cleared = 'requisitions';
const pictures = join(projectDir, 'docs', 'images');

const pipelineSchema = z.object({
  mode: z.string(),
  dirty: z.number(),
  lastDerivedAt: z.string().nullable(),
  operations: z.array(z.object({ state: z.string() })),
});

const local = await readEndpoints(readLocalSettings(process.env).stateDir).catch(() => null);
if (local === null) {
  console.error('No local stack runs: pictures are taken of one. Start it with `npm start`, then try again.');
  process.exit(1);
}
const endpoints = local;
await mkdir(pictures, { recursive: true });
const browser = await openBrowser(console.log);
try {
  const wanted = (name: string): boolean => process.argv.length < 3 || process.argv.includes(name);
  if (wanted('temporal-ui')) await takePictures({ page: browser.page, url: endpoints.temporalUi });
  if (wanted('tour')) await takeTour({ page: browser.page, endpoints, pictures });
  if (wanted('charts'))
    await takeCharts({
      page: browser.page,
      api: endpoints.api,
      async take(name, page) {
        await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled', fullPage: true });
        console.log(`docs/images/${name}.png`);
      },
    });
} finally {
  await browser.close();
}

async function takePictures(temporal: ui.TemporalUi): Promise<void> {
  await operate(paused, 'resume').catch(() => undefined); // it may be paused since a run of this that failed
  await ui.openList(temporal, 'WorkflowType="pipeline" AND ExecutionStatus="Running"');
  await ui.showOurColumns(temporal);
  await take('pipelines');

  await ui.openPipeline(temporal, paused);
  await take('timeline');
  await ui.openDetails(temporal, 'running since');
  await takeTall('pipeline');

  const choices = await ui.openUpdates(temporal);
  await take('updates');
  await ui.fillUpdate(choices, { name: 'pause', input: { reason: 'stock count in all regions', by: 'Asha' } });
  await take('pause');
  await ui.submitUpdate(choices);
  await choices.waitFor({ state: 'hidden' });
  await until(async () => {
    const { mode, dirty } = await read(paused);
    return mode === 'paused' && dirty > 0; // eLMIS goes on, v3 stands still
  });
  const { lastDerivedAt } = await read(paused);

  await ui.openPipeline(temporal, paused);
  const second = await ui.openUpdates(temporal);
  await ui.fillUpdate(second, { name: 'pause', input: { reason: 'stock count', by: 'Baraka' } });
  await ui.submitUpdate(second);
  await second.getByText('was refused').first().waitFor();
  await take('refused');

  await ui.openPipeline(temporal, paused);
  await ui.openDetails(temporal, /\d roots?; /);
  await takeTall('paused');
  await ui.openList(temporal, 'PipelineState="paused"');
  await take('paused-list');
  await ui.openPipeline(temporal, paused);
  await ui.openTab(temporal, 'query');
  await temporal.page.getByRole('button', { name: 'Run Query' }).click();
  await temporal.page.getByText('"events"').first().waitFor();
  await take('query');

  const stood = await read(paused);
  if (stood.lastDerivedAt !== lastDerivedAt) throw new Error(`${paused} was derived although it is paused`);
  await operate(paused, 'resume');
  await until(async () => (await read(paused)).lastDerivedAt !== lastDerivedAt);

  const workflowId = await operate(cleared, 'reset');
  if (workflowId === null) throw new Error('a reset has no workflow');
  await ui.openWorkflow(temporal, workflowId);
  await ui.openDetails(temporal, 'reset of');
  await take('reset');
  await until(async () => (await read(cleared)).operations.every(({ state }) => state !== 'running'));
  await ui.openPipeline(temporal, cleared);
  await ui.openDetails(temporal, 'reset done');
  await takeTall('after-reset');

  /** Details are longer than a window. */
  async function takeTall(name: string): Promise<void> {
    await temporal.page.setViewportSize({ width: 1_400, height: 1_150 });
    await take(name);
    await temporal.page.setViewportSize(windowSize);
  }

  async function take(name: string): Promise<void> {
    await temporal.page.waitForTimeout(1_500); // icons and frames arrive after the words
    await temporal.page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
    console.log(`docs/images/${name}.png`);
  }
}

async function read(pipeline: string): Promise<z.infer<typeof pipelineSchema>> {
  const answer = await fetch(`${endpoints.api}/pipelines/${pipeline}`);
  return pipelineSchema.parse(await answer.json());
}

/** Over REST; the id of the operation's workflow, null where it is done at once. */
async function operate(pipeline: string, operation: string): Promise<string | null> {
  const answer = await fetch(`${endpoints.api}/pipelines/${pipeline}/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'pictures for the documentation', by: 'Asha' }),
  });
  if (!answer.ok) throw new Error(`${operation} of ${pipeline}: ${answer.status} ${await answer.text()}`);
  return z.object({ operation: z.object({ workflowId: z.string().nullable() }) }).parse(await answer.json()).operation
    .workflowId;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries += 1) {
    if (tries > 600) throw new Error(`not so after ten minutes: ${String(isSo)}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
