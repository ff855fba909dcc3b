// The workflow bundle: built from workflows/ when it has changed, else taken from .run, so that a worker starts at once.
// Run by itself, this file builds it (`node workers/bundle.ts`).
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const projectDir = fileURLToPath(new URL('..', import.meta.url));
const workflowsPath = join(projectDir, 'workflows', 'index.ts');
/** What a workflow's code can reach, so what a bundle is made of; test/workflows/bundle.test.ts holds it to this. */
const sources = ['workflows', 'model'];

/** JavaScript, its source map inline. */
export interface WorkflowCode {
  readonly code: string;
}

export interface CachedBundle {
  readonly codePath: string;
  /** Hash of what it is made of: the same on every machine, and another one when a workflow could do something else. */
  readonly buildId: string;
}

export async function buildBundle(): Promise<WorkflowCode> {
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}

/**
 * The path of the bundle for the sources as they stand, built at most once for each of their states. The bundler needs
 * 250 MB for a moment, so that it runs in a process of its own and a worker never holds that.
 */
export async function cachedBundle(): Promise<CachedBundle> {
  const buildId = await fingerprint();
  const codePath = bundlePath(buildId);
  if (!(await exists(codePath))) {
    await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url)], { cwd: projectDir });
  }
  return { codePath, buildId };
}

async function writeBundle(): Promise<void> {
  const { code } = await buildBundle();
  const file = bundlePath(await fingerprint());
  await mkdir(join(file, '..'), { recursive: true });
  // Another worker may build the same one at the same time: the file appears whole or not at all.
  await writeFile(`${file}.${process.pid}`, code);
  await rename(`${file}.${process.pid}`, file);
}

function bundlePath(buildId: string): string {
  return join(projectDir, '.run', 'bundle', `workflows-${buildId}.cjs`);
}

async function fingerprint(): Promise<string> {
  const digest = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as { version: string };
  digest.update(version);
  for (const folder of sources) {
    const names = (await readdir(join(projectDir, folder))).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    for (const name of names.sort()) {
      digest.update(`${folder}/${name}\n`).update(await readFile(join(projectDir, folder, name)));
    }
  }
  return digest.digest('hex').slice(0, 16);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

if (import.meta.main) await writeBundle();
