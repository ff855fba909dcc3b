// A download is made in a folder of its own and renamed when it is whole: an interrupted one leaves nothing that counts,
// and two that run at once do no harm.
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface CacheEntry {
  readonly cacheDir: string;
  /** Name and version: another version is another entry. */
  readonly key: string;
  /** Fills the empty folder. */
  readonly fill: (folder: string) => Promise<void>;
}

/** The folder of the entry, filled now if it was not there. */
export async function intoCache({ cacheDir, key, fill }: CacheEntry): Promise<string> {
  const target = join(cacheDir, key);
  if (existsSync(target)) return target;
  await mkdir(cacheDir, { recursive: true });
  const draft = await mkdtemp(join(cacheDir, `.${key}-`));
  try {
    await fill(draft);
    await chmod(draft, 0o755); // another account may run what is in it
    await rename(draft, target);
  } catch (error) {
    // Another process was quicker with the same entry: its work is as good as ours.
    if (!existsSync(target)) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
}
