// The API's page of charts, as it looks on a desk and on a telephone.
import type { Page } from 'playwright-core';

const desk = { width: 1_400, height: 900 };
const telephone = { width: 390, height: 844 };

/** Takes both, once every chart has a line. Fails when something does not fit its window, or comes from elsewhere. */
export async function takeCharts(options: {
  readonly page: Page;
  /** http URL of the API. */
  readonly api: string;
  readonly take: (name: string, page: Page) => Promise<void>;
}): Promise<void> {
  const { page, api, take } = options;
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(api)) elsewhere.push(request.url());
  });
  await page.goto(`${api}/charts?minutes=3`);
  for (let tries = 0; (await page.locator('figure:not(:has(path))').count()) > 0; tries += 1) {
    if (tries > 60) throw new Error('some chart has no line');
    await page.waitForTimeout(5_000);
    await page.reload();
  }
  for (const [name, window] of [
    ['charts', desk],
    ['charts-narrow', telephone],
  ] as const) {
    await page.setViewportSize(window);
    const wider = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    if (Number(wider) > 0) throw new Error(`the page of charts is ${String(wider)} pixels wider than ${window.width}`);
    await take(name, page);
  }
  if (elsewhere.length > 0) throw new Error(`the page of charts loads ${elsewhere.join(', ')}`);
}
