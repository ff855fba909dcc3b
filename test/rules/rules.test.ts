// Prometheus' own tool evaluates our rules over figures that are given to it; Alertmanager's says whom an alert goes to.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ensureMonitoringPrograms, monitoringPrograms } from '../../infra/local/fetch/monitoring.ts';
import { run } from '../../infra/local/fetch/run.ts';
import {
  printAlertmanager,
  printPrometheus,
  usualAlertmanager,
  usualSettings,
} from '../../infra/prometheus/configuration.ts';
import { alertRules, printRules, ruleGroups, usualRules } from '../../infra/prometheus/rules.ts';
import { alertCases, doubtful, otherCases } from './cases.ts';
import type { AlertCase } from './cases.ts';

const { promtool, amtool } = monitoringPrograms;
const rules = alertRules(usualRules);
/** Without an order promtool takes any, another one each time, and an alert sees the figure of a minute ago. */
const tested = { rule_files: ['rules.yml'], evaluation_interval: '1m', group_eval_order: ruleGroups };
let folder: string;

beforeAll(async () => {
  await ensureMonitoringPrograms(console.log);
  folder = await mkdtemp(join(tmpdir(), 'mkondo-rules-'));
  await writeFile(join(folder, 'rules.yml'), printRules());
  await writeFile(join(folder, 'prometheus.yml'), printPrometheus(usualSettings));
  await writeFile(join(folder, 'alertmanager.yml'), printAlertmanager(usualAlertmanager));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('Prometheus and Alertmanager take their configuration', async () => {
  expect(await run(promtool, ['check', 'config', join(folder, 'prometheus.yml')])).toMatch(/1 rule files found/);
  expect(await run(amtool, ['check-config', join(folder, 'alertmanager.yml')])).toMatch(/SUCCESS/);
});

test('there is a case for every alert', () => {
  expect(Object.keys(alertCases).toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
});

describe.each(rules)('$alert', ({ alert, severity }) => {
  const given = alertCases[alert];
  if (given === undefined) return;

  test('is silent, fires, and is over', async () => {
    const file = join(folder, `${alert}.yml`);
    await writeFile(file, stringify(ruleTest(alert, severity, given)));
    expect(await run(promtool, ['test', 'rules', file])).toMatch(/SUCCESS/);
  });

  test('goes to the operators', async () => {
    const args = ['config', 'routes', 'test', `--config.file=${join(folder, 'alertmanager.yml')}`];
    const receiver = await run(amtool, [...args, `alertname=${alert}`, `severity=${severity}`]);
    expect(receiver.trim()).toBe('operators');
  });
});

test.each(otherCases)('$alert also fires when $way', async ({ alert, given }) => {
  const severity = rules.find((rule) => rule.alert === alert)?.severity ?? '';
  const file = join(folder, `${alert}-otherwise.yml`);
  await writeFile(file, stringify(ruleTest(alert, severity, given)));
  expect(await run(promtool, ['test', 'rules', file])).toMatch(/SUCCESS/);
});

describe('doubts about a pipeline', () => {
  const names = Object.keys(doubtful);

  test.each([
    { wrong: [], doubts: 0 },
    ...names.map((name) => ({ wrong: [name], doubts: 1 })),
    { wrong: names, doubts: names.length },
  ])('are $doubts with $wrong', async ({ wrong, doubts }) => {
    const series = Object.entries(doubtful).map(([name, values]) => ({
      series: name,
      values: wrong.includes(name) ? values.wrong : values.right,
    }));
    const file = join(folder, `doubts-${names.indexOf(wrong[0] ?? '')}-${wrong.length}.yml`);
    const expected = [{ labels: 'mkondo:doubts{pipeline="products"}', value: doubts }];
    const test = {
      interval: '1m',
      input_series: series,
      promql_expr_test: [{ expr: 'mkondo:doubts', eval_time: '4m', exp_samples: expected }],
    };
    await writeFile(file, stringify({ ...tested, tests: [test] }));
    expect(await run(promtool, ['test', 'rules', file])).toMatch(/SUCCESS/);
  });
});

function ruleTest(alert: string, severity: string, given: AlertCase): object {
  const { series, silentAt, firesAt, overAt, labels, summary } = given;
  const fired = {
    exp_labels: { severity, ...labels },
    exp_annotations: { summary, runbook_url: `docs/runbooks.md#${alert.toLowerCase()}` },
  };
  return {
    ...tested,
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [
          { eval_time: `${silentAt}m`, alertname: alert, exp_alerts: [] },
          { eval_time: `${firesAt}m`, alertname: alert, exp_alerts: [fired] },
          { eval_time: `${overAt}m`, alertname: alert, exp_alerts: [] },
        ],
      },
    ],
  };
}
