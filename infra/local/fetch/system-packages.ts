// What comes as a package of the system: installed by apt-get when we may, named exactly when we may not.
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
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

/**
 * The same for packages that bring services: only their programs are wanted. Nothing is started, now or at the next boot.
 * @throws MkondoError PART_MISSING with the command to run
 */
export async function installPrograms(
  packages: readonly string[],
  options: { readonly why: string; readonly log: (line: string) => void },
): Promise<void> {
  if (!mayInstall()) return installPackages(packages, options);
  // A unit that is masked before its package comes is neither enabled nor started by it.
  await mkdir(unitsDir, { recursive: true });
  for (const name of packages) {
    const unit = `${unitsDir}/${name}.service`;
    if (!existsSync(unit)) await symlink('/dev/null', unit).catch(() => undefined);
  }
  // Where there is no systemd, this file says whether a package may start what it brings. Another one's word stands.
  const isOurs = await writeFile(startPolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' }).then(
    () => true,
    () => false,
  );
  try {
    await installPackages(packages, options);
  } finally {
    if (isOurs) await rm(startPolicy, { force: true });
  }
}

const unitsDir = '/etc/systemd/system';
const startPolicy = '/usr/sbin/policy-rc.d';

export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}
