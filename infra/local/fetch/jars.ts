// Java programs come as jars by Maven: one small pom each, under ../maven, and one cached folder for each pom.
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { intoCache } from './into-cache.ts';
import { run } from './run.ts';
import { ensureTool } from './system-packages.ts';

const pomsDir = resolve(import.meta.dirname, '../maven');
const progressEveryJars = 25;

export interface JarsOptions {
  readonly cacheDir: string;
  /** `<name>.pom.xml` says which jars. */
  readonly name: string;
  readonly title: string;
  /** A folder whose jars are left out, whatever their version: a plug-in must not bring classes that its host has. */
  readonly without?: string;
  readonly log: (line: string) => void;
}

/**
 * A folder with one folder `jars` that holds all jars of a pom: the form in which Connect wants its plug-ins. The pom's
 * own text is part of the key: a changed version is fetched anew.
 */
export async function fetchJars({ cacheDir, name, title, without, log }: JarsOptions): Promise<string> {
  const pom = join(pomsDir, `${name}.pom.xml`);
  const hash = createHash('sha256').update(await readFile(pom));
  if (without !== undefined) hash.update(basename(dirname(without)));
  const key = `${name}-${hash.digest('hex').slice(0, 12)}`;
  return intoCache({
    cacheDir,
    key,
    fill: async (entry) => {
      const folder = join(entry, 'jars');
      await ensureTool({ tool: 'mvn', check: ['-version'], debianPackage: 'maven', log });
      log(`fetching ${title} ...`);
      await download({ pom, folder, onJars: (count) => log(`fetching ${title}: ${count} jars ...`) });
      if (without !== undefined) await leaveOut({ folder, present: without });
      log(`fetched ${title}: ${(await readdir(folder)).length} jars`);
    },
  });
}

async function download(task: {
  readonly pom: string;
  readonly folder: string;
  readonly onJars: (count: number) => void;
}): Promise<void> {
  // Maven writes beside the pom; the checkout's is left alone.
  const work = join(dirname(task.folder), 'work');
  await mkdir(work, { recursive: true });
  try {
    const pom = join(work, 'pom.xml');
    await cp(task.pom, pom);
    let jars = 0;
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
    await run('mvn', ['--batch-mode', '-f', pom, goal, `-DoutputDirectory=${task.folder}`, '-DincludeScope=runtime'], {
      onLine: (line) => {
        if (/Downloaded from .*\.jar/.test(line) && ++jars % progressEveryJars === 0) task.onJars(jars);
      },
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function leaveOut({ folder, present }: { readonly folder: string; readonly present: string }): Promise<void> {
  const known = new Set((await readdir(present)).map(artifactOf));
  for (const jar of await readdir(folder)) if (known.has(artifactOf(jar))) await rm(join(folder, jar));
}

/** `jackson-core-2.21.2.jar` -> `jackson-core`. */
export function artifactOf(jar: string): string {
  return jar.replace(/-\d[^/]*\.jar$/, '');
}
