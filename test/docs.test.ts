// Documents that must say what the code says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPipelineCode } from '../infra/docs/pipeline-code.ts';
import { printPipelinesPage } from '../infra/docs/pipelines-page.ts';
import { printConfigurationPage, printEnvironmentExample } from '../infra/docs/settings-reference.ts';
import { projectDir } from '../infra/local/settings.ts';
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
