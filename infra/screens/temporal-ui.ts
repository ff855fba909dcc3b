// What a person does in the Temporal UI, click by click (version 2.54).
import type { Locator, Page } from 'playwright-core';
import { pipelineWorkflowId } from '../../workflows/messages.ts';
import { pipelineLagEvents, pipelineLagSeconds, pipelineState } from '../../workflows/search-attributes.ts';

export interface TemporalUi {
  readonly page: Page;
  /** http://host:port */
  readonly url: string;
}

/** Opens the list of the workflows that a visibility query finds. */
export async function openList({ page, url }: TemporalUi, query: string): Promise<void> {
  await page.goto(`${url}/namespaces/default/workflows?query=${encodeURIComponent(query)}`);
  await page.getByRole('link', { name: 'pipeline/' }).first().waitFor();
}

/** Puts our search attributes where columns of less use were; the browser remembers it. */
export async function showOurColumns({ page }: TemporalUi): Promise<void> {
  await page.getByRole('button', { name: 'Configure Columns' }).click();
  for (const column of ['Run ID', 'Type', 'Start', 'End']) {
    await page.getByRole('button', { name: `Remove ${column} column` }).click();
  }
  for (const { name } of [pipelineState, pipelineLagSeconds, pipelineLagEvents]) {
    await page.getByRole('button', { name: `Add ${name} column` }).click();
  }
  await page.getByRole('button', { name: 'Add Start column' }).click();
  await page.reload();
  await page.getByRole('link', { name: 'pipeline/' }).first().waitFor();
}

export async function openPipeline(ui: TemporalUi, pipeline: string): Promise<void> {
  await openWorkflow(ui, pipelineWorkflowId(pipeline));
}

/** Its newest run, at the timeline. */
export async function openWorkflow({ page, url }: TemporalUi, workflowId: string): Promise<void> {
  await page.goto(`${url}/namespaces/default/workflows/${encodeURIComponent(workflowId)}`);
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
}

export type Tab = 'history' | 'relationships' | 'pending-activities' | 'query' | 'user-metadata' | 'search-attributes';

export async function openTab({ page }: TemporalUi, tab: Tab): Promise<void> {
  await page.locator(`a[href*="/${tab}"]`).first().click();
}

/** The tab with the current details, read anew until they hold the words. */
export async function openDetails(ui: TemporalUi, words: string | RegExp): Promise<void> {
  await openTab(ui, 'user-metadata');
  const details = ui.page.frameLocator('#user-metadata-current-details');
  for (let tries = 0; tries < 60; tries += 1) {
    await details
      .getByText('reset of')
      .or(details.getByText(/What you can do|All of it/))
      .first()
      .waitFor();
    if ((await details.getByText(words).count()) > 0) return;
    await ui.page.waitForTimeout(2_000);
    await ui.page.reload();
  }
  throw new Error(`the details do not say '${String(words)}'`);
}

/** Opens the dialog of updates and its list. */
export async function openUpdates({ page }: TemporalUi): Promise<Locator> {
  await page.getByRole('button', { name: 'More Actions' }).click();
  await page.getByRole('menuitem', { name: 'Send an Update' }).click();
  const dialog = page.locator('dialog[open]');
  await dialog.getByTestId('update-select-button').click();
  await dialog.getByRole('option', { name: /^pause/ }).waitFor();
  return dialog;
}

export interface UpdateChoice {
  readonly name: string;
  readonly input: unknown;
}

export async function fillUpdate(dialog: Locator, { name, input }: UpdateChoice): Promise<void> {
  await dialog.getByRole('option', { name: new RegExp(`^${name}`) }).click();
  await dialog.getByRole('textbox', { name: 'Data' }).click();
  await dialog.page().keyboard.insertText(JSON.stringify(input));
  // The editor lays its text out anew when it loses the focus, and the buttons move: let that be over before the click.
  await submitButton(dialog).focus();
  await dialog.page().waitForTimeout(1_000);
}

export async function submitUpdate(dialog: Locator): Promise<void> {
  await submitButton(dialog).click();
}

function submitButton(dialog: Locator): Locator {
  return dialog.getByTestId('confirm-modal-button');
}
