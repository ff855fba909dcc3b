// Small real processes in place of servers: each writes what happens to it into one shared file.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPart } from './parts/part.ts';
import type { Exit, Part } from './parts/part.ts';
import { endLeftovers } from './process-list.ts';
import { createSupervisor } from './supervisor.ts';
import type { Supervisor } from './supervisor.ts';

let stateDir: string;
let supervisor: Supervisor;
const deaths: { readonly name: string; readonly exit: Exit }[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'mkondo-supervisor-'));
  deaths.length = 0;
  supervisor = await createSupervisor({ stateDir, onDeath: ({ name }, exit) => void deaths.push({ name, exit }) });
});

afterEach(async () => {
  await supervisor.stopAll();
  await rm(stateDir, { recursive: true });
});

/** A part that notes its start, serves from then on, and notes its orderly end. */
function smallPart(
  name: string,
  options: { readonly program?: string; readonly graceMs?: number; readonly needs?: readonly string[] } = {},
): Part {
  const events = join(stateDir, 'events');
  const program =
    options.program ??
    `const { appendFileSync } = require('node:fs');
     process.on('SIGTERM', () => { appendFileSync(process.argv[1], '${name} stopped\\n'); process.exit(0); });
     appendFileSync(process.argv[1], '${name} started\\n');
     setInterval(() => {}, 1000);`;
  return createPart({
    name,
    url: 'none',
    logFile: join(stateDir, `${name}.log`),
    command: () => ({ file: process.execPath, args: ['-e', program, events] }),
    probe: async () => {
      if (!(await happened()).includes(`${name} started`)) throw new Error('it has not said that it started');
    },
    readyWithinMs: 20_000,
    graceMs: options.graceMs ?? 20_000,
    needs: options.needs ?? [],
  });
}

async function happened(): Promise<readonly string[]> {
  const text = await readFile(join(stateDir, 'events'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the supervisor', () => {
  test('stops each part before those that it needs', async () => {
    await supervisor.up(smallPart('database'));
    await supervisor.up(smallPart('broker', { needs: ['database'] }));
    await supervisor.up(smallPart('worker', { needs: ['broker', 'database'] }));
    await supervisor.stopAll();
    expect((await happened()).slice(3)).toEqual(['worker stopped', 'broker stopped', 'database stopped']);
    expect(deaths).toEqual([]);
  });

  test('reports a part that dies by itself', async () => {
    const part = smallPart('broker');
    await supervisor.up(part);
    process.kill(part.pid ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(deaths).toEqual([{ name: 'broker', exit: { code: null, signal: 'SIGKILL' } }]));
  });

  test('takes a part killed on purpose for no accident, and starts it again', async () => {
    const part = smallPart('broker');
    await supervisor.up(part);
    const before = part.pid;
    await part.kill('SIGKILL');
    expect(isAlive(before)).toBe(false);
    await part.restart();
    expect(isAlive(part.pid)).toBe(true);
    expect(part.pid).not.toBe(before);
    expect(deaths).toEqual([]);
  });

  test('names a part that ends before it serves, with the end of its log', async () => {
    const part = smallPart('broker', { program: `console.error('the disk is full'); process.exit(3);` });
    await expect(supervisor.up(part)).rejects.toMatchObject({
      code: 'PART_FAILED',
      message: expect.stringMatching(/^broker exited with code 3[^]*the disk is full/),
    });
    expect(deaths).toEqual([]); // said once
  });

  test('ends a part by force when it does not heed the signal', async () => {
    const stubborn = `process.on('SIGTERM', () => {}); require('node:fs').appendFileSync(process.argv[1], 'broker started\\n'); setInterval(() => {}, 1000);`;
    const part = smallPart('broker', { program: stubborn, graceMs: 100 });
    await supervisor.up(part);
    const { pid } = part;
    await supervisor.stopAll();
    expect(isAlive(pid)).toBe(false);
  });

  test('starts nothing more once it stops', async () => {
    await supervisor.stopAll();
    await expect(supervisor.up(smallPart('late'))).rejects.toMatchObject({ code: 'PART_FAILED' });
    expect(await happened()).toEqual([]);
  });

  test('refuses a state folder that a living supervisor holds', async () => {
    await expect(createSupervisor({ stateDir, onDeath: () => undefined })).rejects.toMatchObject({
      code: 'PART_FAILED',
      message: expect.stringContaining(`pid ${process.pid}`),
    });
  });
});

describe('what a killed supervisor left behind', () => {
  const gone = { name: 'supervisor', pid: 999_999_999, startTime: '1' };

  test('is ended before anything is started', async () => {
    const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
    const stat = await readFile(`/proc/${left.pid}/stat`, 'utf8');
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const parts = [{ name: 'broker', pid: left.pid, startTime }];
    await writeFile(join(stateDir, 'processes.json'), JSON.stringify({ supervisor: gone, parts }));
    expect(await endLeftovers(stateDir)).toMatchObject([{ name: 'broker', pid: left.pid }]);
    await vi.waitFor(() => expect(isAlive(left.pid)).toBe(false));
  });

  test('is left alone when its pid has gone to another program since', async () => {
    const parts = [{ name: 'broker', pid: process.pid, startTime: 'another time' }];
    await writeFile(join(stateDir, 'processes.json'), JSON.stringify({ supervisor: gone, parts }));
    expect(await endLeftovers(stateDir)).toEqual([]);
  });
});
