// The walk-through of CONTRIBUTING.md, walked: what its code blocks say is done to a copy of this checkout, and the tests
// there, as they are, cover the new pipeline. Broken on purpose, it is they that say so.
import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectDir } from '../../infra/local/settings.ts';
import { createStateFolder } from '../support/state-folder.ts';
import { changed, stepsOf } from './steps.ts';
import type { Step } from './steps.ts';

const page = await readFile(join(projectDir, 'CONTRIBUTING.md'), 'utf8');
const steps = stepsOf(page, 'Adding a pipeline');
const files = steps.filter((step) => step.kind === 'file');
const definition = files.find(({ content }) => content.includes('definePipeline(')) as Extract<Step, { kind: 'file' }>;
const name = dirname(definition.path).replace('pipelines/', '');

let copy: string;
/** Beside the copy: the format of everything in it is looked at. */
let reports: string;
beforeAll(async () => {
  reports = await createStateFolder('walk-through-reports');
  copy = await createStateFolder('walk-through');
  for (const file of await checkedOut()) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await copyFile(join(projectDir, file), join(copy, file));
  }
  await symlink(join(projectDir, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(async () => {
  for (const folder of [copy, reports]) await rm(folder, { recursive: true, force: true });
});

test('every change it asks for is in pipelines/, and the new files are in one folder', () => {
  expect(steps.filter(({ path }) => !path.startsWith('pipelines/'))).toEqual([]);
  expect(new Set(files.map(({ path }) => dirname(path)))).toEqual(new Set([`pipelines/${name}`]));
});

test('without it nothing knows the pipeline', async () => {
  expect(await testsOf(name)).toEqual({ passed: [], failed: [] });
});

test('done as it says, the types hold and the tests cover the pipeline without being edited', async () => {
  for (const step of steps) await take(step);
  // Before step 4 the page of pipelines is out of date, and a test says so.
  expect((await runTests({ pure: ['test/docs.test.ts'] })).failed).toEqual([
    expect.stringContaining('npm run generate'),
  ]);
  await run('npm', ['run', 'generate']);
  await run('tsc', ['-p', '.']);
  await run('oxfmt', ['--check']);

  const { passed, failed } = await testsOf(name);
  expect(failed).toEqual([]);
  expect(passed).toEqual(
    expect.arrayContaining([
      expect.stringContaining('gives rows that v3 can hold'),
      expect.stringContaining('maps as stated'),
      expect.stringContaining(`a real v3 accepts every example of ${name}`),
      expect.stringContaining(`the demo eLMIS is accepted: ${name}`),
      expect.stringContaining(`docs/pipelines.md names every loss that an example of ${name} records`),
    ]),
  );
});

test('the suites that run over all pipelines stay green with it', async () => {
  const { passed, failed } = await runTests({
    pure: ['pipelines/', 'infra/docs/', 'test/docs.test.ts', 'test/conformance/'],
    postgres: ['test/conformance/', 'activities/affected-roots', 'test/engine/moved-facility'],
  });
  expect(failed).toEqual([]);
  expect(passed.length).toBeGreaterThan(0);
});

test.each([
  { fault: 'another value', from: 'name: group.name', to: 'name: group.code', said: 'maps as stated' },
  {
    fault: 'a column that v3 demands left empty',
    from: 'name: group.name',
    to: 'name: null as never',
    said: 'gives rows that v3 can hold',
  },
  {
    fault: 'the same id for all',
    from: "id('product_groups', group.id)",
    to: "id('product_groups', 0)",
    said: `the demo eLMIS is accepted: ${name}`,
  },
])('a derive that is broken on purpose fails by name: $fault', async ({ from, to, said }) => {
  await write(
    definition.path,
    changed(definition.content, { kind: 'change', path: definition.path, before: from, after: to }),
  );
  try {
    const { failed } = await testsOf(name);
    expect(failed).toContainEqual(expect.stringContaining(said));
  } finally {
    await write(definition.path, definition.content);
  }
});

/** Every file that git knows of, or would take: a file that is new here is a part of the checkout, too. */
async function checkedOut(): Promise<readonly string[]> {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const { stdout } = await promisify(execFile)('git', list, { cwd: projectDir, maxBuffer: 16 * 1024 * 1024 });
  return stdout.split('\0').filter((file) => file !== '' && !file.startsWith('docs/images/'));
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(copy, path)), { recursive: true });
  await writeFile(join(copy, path), content);
}

async function take(step: Step): Promise<void> {
  if (step.kind === 'file') await write(step.path, step.content);
  else await write(step.path, changed(await readFile(join(copy, step.path), 'utf8'), step));
}

interface Outcome {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/** The tests of the copy that name the pipeline, of the suites that run over the list. */
async function testsOf(pipeline: string): Promise<Outcome> {
  const { passed, failed } = await runTests({
    pure: ['test/docs.test.ts', 'test/conformance/every-pipeline'],
    postgres: ['test/conformance/every-pipeline', 'test/conformance/demo-data'],
  });
  const isOfIt = (title: string): boolean => title.split(/[\s:]+/).includes(pipeline);
  return { passed: passed.filter(isOfIt), failed: failed.filter(isOfIt) };
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs test files of the copy, by project. @throws Error when one of them could not be run at all */
async function runTests(projects: Readonly<Record<string, readonly string[]>>): Promise<Outcome> {
  const passed: string[] = [];
  const failed: string[] = [];
  for (const [project, paths] of Object.entries(projects)) {
    const report = join(reports, `${project}.json`);
    await rm(report, { force: true });
    const options = ['--project', project, '--reporter=json', `--outputFile.json=${report}`];
    const said = await run('vitest', ['run', ...options, ...paths], [0, 1]);
    const { testResults } = JSON.parse(await readFile(report, 'utf8')) as VitestReport;
    if (testResults.length === 0) throw new Error(`No test was run:\n${said}`);
    for (const { name: file, message, assertionResults } of testResults) {
      if (assertionResults.length === 0) throw new Error(`${file}: ${message}`);
      for (const { fullName, status } of assertionResults) (status === 'passed' ? passed : failed).push(fullName);
    }
  }
  return { passed, failed };
}

/** Runs a program of this checkout in the copy. @throws Error with what it said, unless it ends with one of `codes` */
async function run(program: string, args: readonly string[], codes: readonly number[] = [0]): Promise<string> {
  // The copy's tests are not children of this one's: they start a server of their own.
  const environment = Object.entries(process.env).filter(([key]) => !/^VITEST|^MKONDO_TEST_|^NODE_ENV$/.test(key));
  const child = spawn(program, args, {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(environment),
      PATH: `${join(projectDir, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code === null || !codes.includes(code))
    throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${said}`);
  return said;
}
