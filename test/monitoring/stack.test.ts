// The real Prometheus over the real system: what it is asked has an answer, and every alert is seen to fire and to be over.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { charts } from '../../api/charts/figures.ts';
import { withClient } from '../../infra/local/databases.ts';
import { createSimulatorPart } from '../../infra/local/parts/mkondo.ts';
import type { Part } from '../../infra/local/parts/part.ts';
import { projectDir } from '../../infra/local/settings.ts';
import { alertRules, recordingRules, usualRules } from '../../infra/prometheus/rules.ts';
import { jobs } from '../../infra/prometheus/targets.ts';
import { createStateFolder, removeStateFolder } from '../support/state-folder.ts';
import { besideEachOther, keepForAnHour, oneByOne, post, writeNonsense } from './causes.ts';
import type { Cause, Expected } from './causes.ts';
import { eventually } from '../support/eventually.ts';
import { startWatchedSystem } from './watched-system.ts';
import type { Told, WatchedSystem } from './watched-system.ts';

const folder = await createStateFolder('monitoring');
const beside = besideEachOther(folder);
let watched: WatchedSystem;
let simulator: Part;

beforeAll(async () => {
  watched = await startWatchedSystem(folder);
  const { system } = watched;
  await keepForAnHour(watched, 'public.product_categories');
  await system.part('api').kill();
  await system.part('api').restart(); // it remembers how long topics are kept
  simulator = createSimulatorPart({ stack: system.stack, seed: 3, actionsPerSecond: 10 });
  await system.stack.up(simulator);
});
afterAll(async () => {
  await watched.stop();
  await promisify(execFile)('umount', [join(folder, 'disk')]).catch(() => undefined);
  await removeStateFolder(folder);
});

test('every target is up', async () => {
  await eventually(async () => {
    const targets = await watched.watchers.targets();
    expect(targets.filter(({ health }) => health !== 'up')).toEqual([]);
    expect(targets.map(({ job }) => job).toSorted()).toEqual(jobs.map(({ name }) => name).toSorted());
  });
});

test("the role that watches sees v2's slot and our books, and no row of v2, of landing or of v3", async () => {
  const { v2, v3 } = watched.system.stack.urls;
  const asked = (url: string, sql: string): Promise<string> =>
    withClient(url, (client) => client.query(sql)).then(
      () => 'answered',
      (error: unknown) => (error as { readonly code?: string }).code ?? 'no answer',
    );
  const DENIED = '42501';
  expect(await asked(v2.monitoring, 'SELECT FROM pg_replication_slots')).toBe('answered');
  expect(await asked(v2.monitoring, 'SELECT FROM public.products')).toBe(DENIED);
  expect(await asked(v2.monitoring, 'CREATE TABLE mine ()')).not.toBe('answered');
  expect(await asked(v3.monitoring, 'SELECT FROM cdc.pipelines')).toBe('answered');
  expect(await asked(v3.monitoring, 'DELETE FROM cdc.pipelines')).not.toBe('answered');
  expect(await asked(v3.monitoring, 'SELECT FROM landing_products.products')).toBe(DENIED);
  expect(await asked(v3.monitoring, 'SELECT FROM referencedata.orderables')).toBe(DENIED);
});

describe('under load', () => {
  const panels = readPanels();

  beforeAll(async () => {
    // What exists only once it has happened: a fault, a verification, a look at the reports.
    await writeNonsense(watched, 'public.products');
    await post(watched, '/pipelines/programs/verify');
    await post(watched, '/verification/reports');
  });
  afterAll(() => simulator.stop());

  test.each(panels)('$dashboard: $title has data', async ({ queries }) => {
    for (const query of queries) await expectNumbers(query);
  });

  test.each(recordingRules(usualRules))('$record has data', ({ record }) => expectNumbers(record));

  test.each(alertRules(usualRules))('what $alert looks at has data', ({ measure }) => expectNumbers(measure));

  test("every chart of the API's page has a line", () =>
    eventually(async () => {
      const page = await (await fetch(`${watched.system.apiUrl}/charts?minutes=5`)).text();
      const figures = page.split('<figure>').slice(1);
      expect(figures.length).toBe(charts.length);
      expect(figures.filter((figure) => !figure.includes('<path ')).map((figure) => figure.slice(0, 80))).toEqual([]);
    }));

  /** A query that has none yet may have some when more has happened. */
  async function expectNumbers(query: string): Promise<void> {
    await eventually(async () => {
      if ((await watched.watchers.numbers(query)).length === 0) throw new Error(`no data: ${query}`);
    }, 60_000);
  }
});

describe('an alert fires, is told, and is over when', () => {
  test.concurrent.each(beside)('$what', (cause) => expectSeen(cause));

  test('(eLMIS is used again: v2 lets go of WAL only while it writes some)', async () => {
    await simulator.restart();
    expect(simulator.pid).toBeDefined();
  });
  test.each(oneByOne)('$what', (cause) => expectSeen(cause));

  test('all of them were seen', () => {
    const caused = new Set([...beside, ...oneByOne].flatMap(({ alerts }) => alerts.map(({ name }) => name)));
    expect([...caused].toSorted()).toEqual(
      alertRules(usualRules)
        .map(({ alert }) => alert)
        .toSorted(),
    );
  });
});

async function expectSeen({ what, alerts, begin, end }: Cause): Promise<void> {
  const begunMs = performance.now();
  const fired = new Map<string, number>();
  await begin(watched);
  await Promise.all(
    alerts.map((expected) =>
      eventually(async () => {
        const { name, labels } = expected;
        const [alert] = await watched.watchers.alerts(name, labels);
        if (alert === undefined) throw new Error(`${name} does not fire`);
        expect(alert.annotations).toMatchObject({ summary: expect.stringMatching(/\w/) });
        expect(alert.annotations['runbook_url']).toMatch(/\/runbooks#\w+$/);
        expectTold('firing', expected);
        fired.set(name, performance.now() - begunMs);
      }),
    ),
  );
  const endedMs = performance.now();
  await end(watched);
  await Promise.all(
    alerts.map((expected) =>
      eventually(async () => {
        const { name, labels } = expected;
        if ((await watched.watchers.alerts(name, labels)).length > 0) throw new Error(`${name} still fires`);
        expectTold('resolved', expected);
        const after = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
        console.log(
          `${name}: fired after ${after(fired.get(name) ?? Number.NaN)}, over after ${after(performance.now() - endedMs)} (${what})`,
        );
      }),
    ),
  );
}

function expectTold(status: Told['status'], { name, labels, isHidden = false }: Expected): void {
  const told = { status, labels: expect.objectContaining({ alertname: name, ...labels }) };
  if (!isHidden) expect(watched.told).toContainEqual(told);
}

interface PanelQueries {
  readonly dashboard: string;
  readonly title: string;
  readonly queries: readonly string[];
}

/** Of the files that Grafana reads, with what Grafana itself would put in. */
function readPanels(): readonly PanelQueries[] {
  const panel = z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).default([]) });
  const schema = z.object({ title: z.string(), panels: z.array(panel) });
  const dashboards = join(projectDir, 'infra/grafana/generated/dashboards');
  return readdirSync(dashboards).flatMap((file) => {
    const dashboard = schema.parse(JSON.parse(readFileSync(join(dashboards, file), 'utf8')));
    return dashboard.panels
      .filter(({ targets }) => targets.length > 0)
      .map(({ title, targets }) => ({
        dashboard: dashboard.title,
        title,
        queries: targets.map(({ expr }) =>
          expr.replaceAll('$__rate_interval', '30s').replaceAll('"$pipeline"', '".*"'),
        ),
      }));
  });
}
