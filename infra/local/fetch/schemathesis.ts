// Schemathesis, which asks an API whatever its OpenAPI document allows, and much that it does not: for tests alone.
import { intoCache } from './into-cache.ts';
import { run } from './run.ts';
import { ensureTool } from './system-packages.ts';

const wheel = 'schemathesis==4.32.5';

/** The folder to be put on Python's path. */
export async function fetchSchemathesis(options: {
  readonly cacheDir: string;
  readonly log: (line: string) => void;
}): Promise<string> {
  const { cacheDir, log } = options;
  return intoCache({
    cacheDir,
    key: wheel.replace('==', '-'),
    fill: async (draft) => {
      await ensureTool({ tool: 'python3', check: ['-m', 'pip', '--version'], debianPackage: 'python3-pip', log });
      log(`fetching ${wheel} ...`);
      await run('python3', ['-m', 'pip', 'install', '--quiet', '--target', draft, wheel]);
    },
  });
}
