// Folders for the data of a test's own parts, under the system's temporary folder. test/run.ts sets TMPDIR, so that after
// a run, also one that was interrupted, all of them are found and removed.
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { farFolder } from '../../infra/local/parts/postgres.ts';
import { endLeftovers } from '../../infra/local/process-list.ts';

/** A new folder that the account of PostgreSQL may pass, too. */
export async function createStateFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `mkondo-${name}-`));
  await chmod(folder, 0o755);
  return folder;
}

/** Call it when the stack has stopped. */
export async function removeStateFolder(folder: string): Promise<void> {
  await Promise.all(
    [folder, farFolder(folder)].map((each) => rm(each, { recursive: true, force: true, maxRetries: 5 })),
  );
}

/** Removes the folder and every state folder in it. Returns the parts that still ran, after it has ended them. */
export async function removeStateFolders(folder: string): Promise<readonly string[]> {
  const left: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const state = join(folder, name);
    for (const part of await endLeftovers(state)) left.push(`${part.name} (pid ${part.pid}, ${name})`);
    await removeStateFolder(state);
  }
  await removeStateFolder(folder);
  return left;
}
