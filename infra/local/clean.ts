// `npm run clean`: removes the data, logs and secrets of the local stack. Downloads stay in their cache.
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { exitClearly } from '../../model/exit-clearly.ts';
import { farFolder } from './parts/postgres.ts';
import { endLeftovers, livingSupervisor } from './process-list.ts';
import { secretsName } from './secrets.ts';
import { readLocalSettings } from './settings.ts';

exitClearly();
const { stateDir } = readLocalSettings(process.env, process.argv.slice(2));

// Tests and benchmarks keep their stacks in folders below: none of them may lose its data while it runs.
const below = await readdir(stateDir, { recursive: true }).catch(() => []);
const stacks = below.filter((path) => basename(path) === secretsName).map((path) => dirname(join(stateDir, path)));
const running = stacks.flatMap((folder) => {
  const supervisor = livingSupervisor(folder);
  return supervisor === undefined ? [] : [`  the stack in ${folder}, pid ${supervisor.pid}`];
});
if (running.length > 0) {
  console.error(`Nothing was removed: a stack runs. Stop it first (Ctrl-C, or kill its pid):\n${running.join('\n')}`);
  process.exit(1);
}
for (const folder of stacks) await endLeftovers(folder);
for (const folder of [stateDir, ...stacks]) await rm(farFolder(folder), { recursive: true, force: true });
await rm(stateDir, { recursive: true, force: true });
console.log(`removed ${stateDir}`);
