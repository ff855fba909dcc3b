// The first step of every command of a fresh checkout: runs on whatever Node is there (20 or newer), installs the packages
// when they are missing or another version than package-lock.json says, then runs the wanted program on the project's
// own Node. Usage: node infra/local/bootstrap.mjs <program> [arguments]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const projectDir = resolve(import.meta.dirname ?? '.', '../..');
const node = join(projectDir, 'node_modules', '.bin', 'node');

if (!packagesMatch()) {
  console.log('installing the npm packages ...');
  // Installs what the lock file says, like `npm ci`, which however refuses a lock file that was written where the registry
  // has no packages for other platforms than its own.
  const install = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', install, { cwd: projectDir, stdio: 'inherit' });
  if (status !== 0) {
    console.error(
      'The npm packages could not be installed; what npm said stands above. Run `npm install`, then start again.',
    );
    process.exit(status ?? 1);
  }
}

const [program, ...rest] = process.argv.slice(2);
// Linux ends the program when this process is killed: nothing goes on unseen.
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
const command = [...(setpriv ? [setpriv, '--pdeathsig', 'TERM', '--'] : []), node, program, ...rest];
// What Node makes of our TypeScript is kept, for all processes and threads: each starts sooner, and holds 20 MB less, since it
// need not load the compiler.
const compiled = join(projectDir, 'node_modules', '.cache', 'compiled');
const env = { NODE_COMPILE_CACHE: compiled, ...process.env };
const child = spawn(command[0], command.slice(1), { cwd: projectDir, stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// npm does not always pass its own end on (its shell stands between): then we notice that our parent has changed.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) {
  setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref();
}
child.once('error', (error) => {
  console.error(`${command[0]} cannot be run: ${error.message}. Remove node_modules and start again.`);
  process.exit(1);
});
child.once('exit', (code, signal) => process.exit(signal === null ? code : 1));

/** True when each package that the lock file demands is installed in that version. */
function packagesMatch() {
  const wanted = lockedPackages(join(projectDir, 'package-lock.json'));
  const installed = lockedPackages(join(projectDir, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional === true || installed[path]?.version === version,
  );
}

function lockedPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}
