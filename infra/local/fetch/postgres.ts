// Finds PostgreSQL with PostGIS on this machine, or installs the one that the system's packages offer.
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { MkondoError } from '../../../model/errors.ts';
import { run } from './run.ts';
import { installPackages, mayInstall } from './system-packages.ts';

const oldestMajor = 14;
const programsDir = '/usr/lib/postgresql';
const sharedDir = '/usr/share/postgresql';

/**
 * The folder with `postgres` and `initdb`, of the newest version that has PostGIS, which v3 needs.
 * @throws MkondoError PART_MISSING
 */
export async function ensurePostgres(log: (line: string) => void): Promise<string> {
  const found = await findPostgres();
  if (found !== undefined) return found;
  await installPostgres(log);
  const installed = await findPostgres();
  if (installed !== undefined) return installed;
  throw new MkondoError('PART_MISSING', `No PostgreSQL ${oldestMajor} or newer with PostGIS is under ${programsDir}`, {
    advice: 'On Debian 12 run: sudo apt-get install postgresql-15 postgresql-15-postgis-3',
  });
}

async function findPostgres(): Promise<string | undefined> {
  const entries = await readdir(programsDir).catch(() => []);
  const majors = entries.map(Number).filter((major) => major >= oldestMajor);
  const usable = majors.filter(
    (major) =>
      existsSync(`${programsDir}/${major}/bin/postgres`) &&
      existsSync(`${sharedDir}/${major}/extension/postgis.control`) &&
      existsSync(`${sharedDir}/${major}/extension/uuid-ossp.control`),
  );
  return usable.length === 0 ? undefined : `${programsDir}/${Math.max(...usable)}/bin`;
}

async function installPostgres(log: (line: string) => void): Promise<void> {
  const why = `No PostgreSQL with PostGIS is under ${programsDir}`;
  if (!mayInstall()) return installPackages(['postgresql-15', 'postgresql-15-postgis-3'], { why, log });
  if (!existsSync('/usr/bin/pg_createcluster')) {
    // The package would make a cluster of its own and start it on port 5432: nobody asked for that one.
    await mkdir('/etc/postgresql-common/createcluster.d', { recursive: true });
    await writeFile('/etc/postgresql-common/createcluster.d/mkondo.conf', 'create_main_cluster = false\n');
  }
  await run('apt-get', ['update', '-qq']);
  const offered = await run('apt-cache', ['search', '--names-only', '^postgresql-[0-9]+-postgis-3$']);
  const majors = [...offered.matchAll(/^postgresql-(\d+)-postgis-3 /gm)].map((match) => Number(match[1]));
  const major = Math.max(oldestMajor, ...majors);
  await installPackages([`postgresql-${major}`, `postgresql-${major}-postgis-3`], { why, log });
}
