// Documents that must say what the code says.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPipelineCode } from '../infra/docs/pipeline-code.ts';
import { printPipelinesPage } from '../infra/docs/pipelines-page.ts';
import { printConfigurationPage, printEnvironmentExample } from '../infra/docs/settings-reference.ts';
import { monitoringFiles } from '../infra/docs/monitoring-files.ts';
import { projectDir } from '../infra/local/settings.ts';
import { alertRules, usualRules } from '../infra/prometheus/rules.ts';
import { errorFates } from '../model/errors.ts';
import { pipelines } from '../pipelines/index.ts';
import { all } from './conformance/examples.ts';

const read = (file: string): string => readFileSync(join(projectDir, file), 'utf8');

test('docs/configuration.md and .env.example name every setting as the schemas do (npm run generate)', () => {
  expect(read('docs/configuration.md')).toBe(printConfigurationPage());
  expect(read('.env.example')).toBe(printEnvironmentExample());
});

test('docs/pipelines.md tells of every pipeline what its definition and code say (npm run generate)', () => {
  expect(read('docs/pipelines.md')).toBe(printPipelinesPage(pipelines, readPipelineCode));
});

test.each(all)('docs/pipelines.md names every loss that an example of $name records', ({ name, examples }) => {
  const { losses } = readPipelineCode(name);
  expect(losses).toEqual(expect.arrayContaining(examples.flatMap((example) => example.losses)));
});

test('docs/errors.md has a heading for every error code, and for no other', () => {
  const headings = [...read('docs/errors.md').matchAll(/^#+ `?([A-Z][A-Z0-9_]+)`?\s*$/gm)].map(([, code]) => code);
  expect(new Set(headings)).toEqual(new Set(Object.keys(errorFates)));
});

test('docs/traps.md names files and tests that exist', () => {
  const page = read('docs/traps.md');
  const files = [...page.matchAll(/`([a-z][\w/.-]*\.ts)`/g)].map(([, file = '']) => file);
  expect(files.filter((file) => !existsSync(join(projectDir, file)))).toEqual([]);
  const lines = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| trap |'));
  const named = lines.map((line) => /`([\w/.-]+\.test\.ts)`: "([^"]+)"/.exec(line));
  expect(lines.filter((_, place) => named[place] === null)).toEqual([]);
  const isTest = (file: string, title: string): boolean =>
    [`'${title}'`, `"${title}"`].some((quoted) => read(file).includes(`(${quoted}, `));
  expect(
    named.filter((each) => each !== null && !isTest(each[1] ?? '', each[2] ?? '')).map((each) => each?.[2]),
  ).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
});

test('docs/runbooks.md has a chapter for every alert, and for no other, with its severity', () => {
  const page = read('docs/runbooks.md');
  const chapters = [...page.matchAll(/^## (\w+)\n\*(\w+)\.\*/gm)].map(([, alert, severity]) => [alert, severity]);
  expect(chapters).toEqual(alertRules(usualRules).map(({ alert, severity }) => [alert, severity]));
});

test.each([...monitoringFiles()])(
  '%s is what the rules, queries and dashboards in code say (npm run generate)',
  (path, text) => {
    expect(read(path)).toBe(text);
  },
);
