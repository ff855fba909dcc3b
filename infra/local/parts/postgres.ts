// A PostgreSQL server of the local stack: its own data folder, one superuser with a password, loopback only.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, readdir, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { MkondoError } from '../../../model/errors.ts';
import { run } from '../fetch/run.ts';
import { createPart } from './part.ts';
import type { Command, Part } from './part.ts';

export interface PostgresOptions {
  readonly name: 'v2' | 'v3';
  readonly bin: string;
  readonly stateDir: string;
  readonly port: number;
  readonly superuserPassword: string;
  readonly timeZone: string;
  readonly fsync: 'on' | 'off';
  /** Server settings beyond those that both servers share. */
  readonly settings?: Readonly<Record<string, string>>;
}

export function createPostgres(options: PostgresOptions): Part {
  const { name, port, superuserPassword } = options;
  const url = `postgresql://postgres:${superuserPassword}@127.0.0.1:${port}/postgres`;
  return createPart({
    name,
    url,
    logFile: join(options.stateDir, 'log', `${name}.log`),
    command: () => prepare(options),
    probe: async () => {
      const client = new Client({ connectionString: url, connectionTimeoutMillis: 2000 });
      client.on('error', () => undefined); // the probe itself reports; a late socket error must not end us
      try {
        await client.connect();
        await client.query('SELECT 1');
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    readyWithinMs: 60_000,
    stopSignal: 'SIGINT', // fast shutdown; SIGTERM would wait until the last client has gone
    graceMs: 20_000,
  });
}

async function prepare(options: PostgresOptions): Promise<Command> {
  const account = await serverAccount();
  const folder = await dataFolder({
    stateDir: options.stateDir,
    name: options.name,
    mustBeReachable: account !== undefined,
  });
  const data = join(folder, 'data');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (account !== undefined) await chown(folder, account.uid, account.gid);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise({ options, folder, data, account });
  await assertSameMajor({ options, data });
  await waitForOldBackends(data);
  const settings: Record<string, string> = {
    port: String(options.port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    timezone: options.timeZone,
    log_timezone: 'UTC',
    fsync: options.fsync,
    full_page_writes: options.fsync,
    shared_buffers: '256MB',
    max_connections: '200',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    log_line_prefix: '%m [%p] %u@%d ',
    ...options.settings,
  };
  return {
    file: join(options.bin, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    directory: folder,
    account,
  };
}

/** Where the data lies: in the state folder, or beside it in /var/tmp when the server's account cannot get there. */
async function dataFolder(task: {
  readonly stateDir: string;
  readonly name: string;
  readonly mustBeReachable: boolean;
}): Promise<string> {
  if (!task.mustBeReachable || (await othersMayPass(task.stateDir))) return join(task.stateDir, task.name);
  return join(farFolder(task.stateDir), task.name);
}

/** The folder in /var/tmp that belongs to a state folder; `npm run clean` removes it, too. */
export function farFolder(stateDir: string): string {
  return join('/var/tmp', `mkondo-${createHash('sha256').update(stateDir).digest('hex').slice(0, 16)}`);
}

async function othersMayPass(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const mode = await stat(at).then(
      (found) => found.mode,
      () => 0o001, // not made yet: we shall make it passable
    );
    if ((mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function initialise(task: {
  readonly options: PostgresOptions;
  readonly folder: string;
  readonly data: string;
  readonly account: Command['account'];
}): Promise<void> {
  const { options, folder, data, account } = task;
  const draft = join(folder, 'data.draft');
  const passwordFile = join(folder, 'password');
  await rm(draft, { recursive: true, force: true });
  await writeFile(passwordFile, options.superuserPassword, { mode: 0o600 });
  if (account !== undefined) await chown(passwordFile, account.uid, account.gid);
  try {
    const args = [
      '-D',
      draft,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
    ];
    await run(join(options.bin, 'initdb'), [...args, '--no-sync'], { account, directory: folder });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, data); // an interrupted initdb leaves a draft, never half a server
}

async function assertSameMajor({
  options,
  data,
}: {
  readonly options: PostgresOptions;
  readonly data: string;
}): Promise<void> {
  const made = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  const installed = options.bin.split('/').at(-2);
  if (made === installed) return;
  throw new MkondoError(
    'PART_FAILED',
    `The data of ${options.name} in ${data} is of PostgreSQL ${made}; installed is ${installed}`,
    {
      advice: `Install PostgreSQL ${made} again, or give the data up: npm run clean`,
    },
  );
}

/**
 * After a SIGKILL of the server its backends live on for a moment and hold the shared memory: a new server refuses to
 * start until the last is gone. Each of them works in the data folder, by which it is known.
 */
async function waitForOldBackends(data: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline && (await someoneWorksIn(data))) await sleep(50);
}

async function someoneWorksIn(folder: string): Promise<boolean> {
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return folders.includes(folder);
}

/** PostgreSQL refuses to run as root: then the system account `postgres`, which its package made, runs it. */
async function serverAccount(): Promise<Command['account']> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string): Promise<number> =>
    Number((await promisify(execFile)('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}
