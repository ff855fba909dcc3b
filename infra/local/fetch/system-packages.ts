// What comes as a package of the system: installed by apt-get when we may, named exactly when we may not.
import { existsSync } from 'node:fs';
import { MkondoError } from '../../../model/errors.ts';
import { run } from './run.ts';

export interface ToolOptions {
  readonly tool: string;
  /** Arguments that make it answer and do nothing. */
  readonly check: readonly string[];
  readonly debianPackage: string;
  readonly log: (line: string) => void;
}

/**
 * Makes sure that a program is on the path.
 * @throws MkondoError PART_MISSING
 */
export async function ensureTool({ tool, check, debianPackage, log }: ToolOptions): Promise<void> {
  const present = await run(tool, check).then(
    () => true,
    () => false,
  );
  if (!present) await installPackages([debianPackage], { why: `'${tool}' is missing`, log });
}

/**
 * Installs Debian packages, when we are root on such a system.
 * @throws MkondoError PART_MISSING with the command to run
 */
export async function installPackages(
  packages: readonly string[],
  { why, log }: { readonly why: string; readonly log: (line: string) => void },
): Promise<void> {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (!mayInstall()) {
    throw new MkondoError('PART_MISSING', `${why}, and this user cannot install it`, {
      advice: `On Debian or Ubuntu run: sudo ${command}; elsewhere install the same with your package manager.`,
    });
  }
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  log(`${why}: ${command} ...`);
  await run('apt-get', ['update', '-qq'], { environment });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { environment });
  log(`installed ${packages.join(', ')}`);
}

export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}
