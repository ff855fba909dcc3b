import { expect, test } from 'vitest';
import { charts, withGaps } from './figures.ts';
import { chartsPage, largest, messagePage } from './page.ts';
import type { Series } from './plot.ts';

const flat = (name: string, value: number): Series => ({
  name,
  points: [
    [0, value],
    [60, value],
  ],
});
const [chart] = charts;
if (chart === undefined) throw new Error('there is no chart');
const usual = { drawn: [], span: { fromSeconds: 0, toSeconds: 60 }, minutes: 60 };

test('says yes when there is no doubt, and names those of which there is', () => {
  const pipelines = [
    { pipeline: 'lots', doubts: 2 },
    { pipeline: 'users', doubts: 0 },
  ];
  const doubtful = chartsPage({ ...usual, standing: { pipelines, alerts: [] } });
  expect(doubtful).toContain('1 of 2 pipelines: yes');
  expect(doubtful).toContain('<a href="/pipelines/lots">lots</a> 2');
  expect(doubtful).not.toContain('users');
  const sure = chartsPage({ ...usual, standing: { pipelines: pipelines.slice(1), alerts: [] } });
  expect(sure).toContain('Yes: all 1 pipelines');
});

test('names the alerts that are told now', () => {
  const alerts = [{ name: 'PipelineDrifted', severity: 'critical', about: 'lots' }];
  const text = chartsPage({ ...usual, standing: { pipelines: [], alerts } });
  expect(text).toContain('<li class="critical"><a href="/runbooks#pipelinedrifted">PipelineDrifted</a> lots</li>');
});

test('shows eight lines, those that reach highest, and says how many are left out', () => {
  const series = Array.from({ length: 11 }, (_, index) => flat(`p${index}`, index));
  expect(largest(series).map(({ name }) => name)).toEqual(['p10', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8', 'p9']);
  const text = chartsPage({ ...usual, drawn: [{ chart, series }], standing: { pipelines: [], alerts: [] } });
  expect(text).toContain('and 3 smaller');
  expect(text.match(/<path /g)).toHaveLength(8);
});

test('says so where there are no figures, and where nobody can be asked', () => {
  const text = chartsPage({ ...usual, drawn: [{ chart, series: [] }], standing: { pipelines: [], alerts: [] } });
  expect(text).toContain('no figures of this time');
  expect(messagePage('Set <it>')).toContain('Set &lt;it&gt;');
});

test('a time without figures is a gap', () => {
  const points = [
    [0, 1],
    [10, 1],
    [50, 1],
  ] as const;
  expect(withGaps(points, 10)).toEqual([
    [0, 1],
    [10, 1],
    [20, Number.NaN],
    [50, 1],
  ]);
});
