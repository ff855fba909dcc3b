// The REST API under a fuzzer, on a whole running system: whatever is asked of it, it answers as its OpenAPI document says,
// and the system is in order afterwards.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchSchemathesis } from '../../infra/local/fetch/schemathesis.ts';
import { defaultCacheDir } from '../../infra/local/settings.ts';
import { startSystem } from '../e2e/running-system.ts';
import type { RunningSystem } from '../e2e/running-system.ts';
import { freePorts } from '../support/free-ports.ts';
import { createStateFolder, removeStateFolder } from '../support/state-folder.ts';

/** Of each operation. The default is for every run of the tests, the same requests each time; a night takes thousands. */
const EXAMPLES = Number(process.env['MKONDO_TEST_FUZZ_EXAMPLES'] ?? 8);
const SEED = process.env['MKONDO_TEST_FUZZ_SEED'] ?? '1';

const token = randomBytes(32).toString('hex');
let folder: string;
let system: RunningSystem;

beforeAll(async () => {
  folder = await createStateFolder('fuzz');
  const admin = { name: 'fuzzer', role: 'admin', sha256: createHash('sha256').update(token).digest('hex') };
  system = await startSystem({
    stateDir: folder,
    ports: await freePorts(),
    demo: { scale: 0.05, seed: 3 },
    log: () => undefined,
    environment: { MKONDO_API_AUTH: 'tokens', MKONDO_API_TOKENS: JSON.stringify([admin]), MKONDO_LOG_LEVEL: 'error' },
  });
  await system.settle();
});
afterAll(async () => {
  await system.stop();
  await removeStateFolder(folder);
});

test('answers whatever it is asked as its document says', async () => {
  const { code, output } = await fuzz();
  if (code !== 0) throw new Error(`The fuzzer ended with ${code}:\n${output.slice(-20_000)}`);
  const [, generated = '0'] = /(\d+) generated/.exec(output) ?? [];
  console.log(`${generated} requests were generated from the document`);
  expect(Number(generated)).toBeGreaterThan(100);
});

test('and v3 is what v2 says, when the pipelines that it has paused are resumed', async () => {
  const ask = (path: string, body?: object): Promise<Response> =>
    fetch(`${system.apiUrl}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  const { pipelines } = (await (await ask('/pipelines')).json()) as {
    readonly pipelines: readonly { readonly name: string; readonly mode: string }[];
  };
  for (const { name, mode } of pipelines)
    if (mode === 'paused') await ask(`/pipelines/${name}/resume`, { reason: 'the fuzzer has paused it' });
  await system.settle();
  expect(await system.verify()).toMatchObject({ differences: 0 });
});

async function fuzz(): Promise<{ readonly code: number | null; readonly output: string }> {
  const path = await fetchSchemathesis({ cacheDir: defaultCacheDir(process.env), log: () => undefined });
  const child = spawn(
    'python3',
    [
      '-c',
      'from schemathesis.cli import schemathesis; schemathesis()',
      `--config-file=${import.meta.dirname}/schemathesis.toml`,
      'run',
      `${system.apiUrl}/openapi.json`,
      `--header=Authorization: Bearer ${token}`,
      '--checks=all',
      `--max-examples=${EXAMPLES}`,
      `--seed=${SEED}`,
      '--request-timeout=60',
      '--suppress-health-check=all',
      '--generation-database=none',
      '--no-color',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PYTHONPATH: path }, cwd: folder },
  );
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, output: `${output}\n${errors}` };
}
