// Every dashboard as Grafana gets it: nothing on it may be without a unit, a description or a judgement.
import * as units from '@grafana/grafana-foundation-sdk/units';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createMetrics } from '../../model/metrics.ts';
import { v2Queries, v3Queries } from '../prometheus/queries.ts';
import { alertRules, recordingRules, usualRules } from '../prometheus/rules.ts';
import { printDashboard } from './dashboard.ts';
import { dashboards } from './dashboards/index.ts';

const place = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
const step = z.object({ value: z.number().nullable(), color: z.string() });
const panelSchema = z.object({
  type: z.string(),
  title: z.string(),
  description: z.string().optional(),
  gridPos: place,
  fieldConfig: z
    .object({
      defaults: z.object({
        unit: z.string().optional(),
        thresholds: z.object({ steps: z.array(step) }).optional(),
      }),
    })
    .optional(),
  targets: z.array(z.object({ expr: z.string() })).default([]),
});
const dashboardSchema = z.object({ uid: z.string(), panels: z.array(panelSchema) });

const printed = dashboards.map((each) => dashboardSchema.parse(JSON.parse(printDashboard(each))));
const panels = printed.flatMap(({ uid, panels: all }) =>
  all.filter(({ type }) => type !== 'row').map((panel) => ({ uid, ...panel })),
);
const expressions = [
  ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...recordingRules(usualRules).map(({ expr }) => expr),
  ...alertRules(usualRules).map(({ measure, only = '' }) => `${measure} ${only}`),
];

describe.each(panels)('$uid: $title', ({ description, fieldConfig, targets }) => {
  test('says what it shows, in which unit', () => {
    expect(description).toMatch(/^.{20,}\.$/);
    expect(Object.values(units)).toContain(fieldConfig?.defaults.unit);
    expect(targets.length).toBeGreaterThan(0);
  });

  test('informs, or says from where on it is worth a look and from where on it is bad', () => {
    const [first, ...rest] = fieldConfig?.defaults.thresholds?.steps ?? [];
    expect(first?.value).toBe(null);
    const values = rest.map(({ value }) => value ?? Number.NaN);
    expect(values.every((value, index) => index === 0 || value > (values[index - 1] ?? Infinity))).toBe(true);
    expect([['blue'], ['green', 'orange', 'red'], ['red', 'orange', 'green']]).toContainEqual(
      [first, ...rest].map((each) => each?.color),
    );
  });
});

test.each(printed)('$uid: no panel covers another', ({ panels: all }) => {
  const covered = all.flatMap(({ title, gridPos: a }, index) =>
    all
      .slice(index + 1)
      .filter(({ gridPos: b }) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
      .map((other) => `${title} / ${other.title}`),
  );
  expect(covered).toEqual([]);
  expect(all.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
});

test('every figure of ours that a panel or a rule asks for is one that somebody gives', async () => {
  const ours = (await createMetrics('worker').registry.getMetricsAsJSON()).flatMap(({ name, type }) =>
    String(type) === 'histogram' ? ['bucket', 'sum', 'count'].map((end) => `${name}_${end}`) : [name],
  );
  const asked = [...v2Queries, ...v3Queries].flatMap(({ name, columns }) =>
    Object.keys(columns).map((column) => `${name}_${column}`),
  );
  const recorded = recordingRules(usualRules).map(({ record }) => record);
  const known = new Set([...ours, ...asked, ...recorded]);
  const wanted = expressions.flatMap((expr) => expr.match(/\bmkondo[_:][\w:]+/g) ?? []);
  expect(wanted.filter((name) => !known.has(name))).toEqual([]);
  expect(wanted.length).toBeGreaterThan(50);
});
