#!/usr/bin/env node
// `npx mkondo`: the command line on the project's own Node, whichever Node npx was called with.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
const main = fileURLToPath(new URL('main.ts', import.meta.url));
// Ctrl-C reaches both; the command line decides what it means.
process.on('SIGINT', () => undefined);
const { status, error } = spawnSync(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
if (error) throw error;
process.exit(status ?? 1);
