// Temporal's development server: frontend, history, matching and UI in one process, its state in one SQLite file.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { searchAttributes } from '../../../workflows/search-attributes.ts';
import { createPart } from './part.ts';
import type { Part } from './part.ts';

export interface TemporalOptions {
  readonly program: string;
  readonly stateDir: string;
  readonly port: number;
  readonly uiPort: number;
  readonly metricsPort: number;
}

/** The database file; deleting it is how losing Temporal is rehearsed. */
export function temporalDatabase(stateDir: string): string {
  return join(stateDir, 'temporal', 'temporal.db');
}

export function createTemporal(options: TemporalOptions): Part {
  const address = `127.0.0.1:${options.port}`;
  return createPart({
    name: 'temporal',
    url: address,
    logFile: join(options.stateDir, 'log', 'temporal.log'),
    command: async () => {
      await mkdir(join(options.stateDir, 'temporal'), { recursive: true });
      return { file: options.program, args: serverArguments(options) };
    },
    probe: async () => {
      const connection = await Connection.connect({ address, connectTimeout: 2000 });
      try {
        await connection.workflowService.describeNamespace({ namespace: 'default' });
      } finally {
        await connection.close();
      }
    },
    readyWithinMs: 60_000,
    graceMs: 15_000,
  });
}

function serverArguments(options: TemporalOptions): readonly string[] {
  const settings: readonly (readonly [string, string | number])[] = [
    ['ip', '127.0.0.1'],
    ['port', options.port],
    ['ui-port', options.uiPort],
    ['metrics-port', options.metricsPort],
    ['headless', 'false'],
    ['log-level', 'warn'],
    ['db-filename', temporalDatabase(options.stateDir)],
    // A commit need not wait for the disk: WAL mode with normal sync loses nothing when the process is killed.
    ['sqlite-pragma', 'journal_mode=wal'],
    ['sqlite-pragma', 'synchronous=normal'],
    ...searchAttributes.map(({ name, type }) => ['search-attribute', `${name}=${typeWord(type)}`] as const),
    ['ui-disable-news-fetch', 'true'],
  ];
  return ['server', 'start-dev', ...settings.map(([name, value]) => `--${name}=${value}`)];
}

/** The SDK says KEYWORD_LIST where the command line wants KeywordList. */
function typeWord(type: string): string {
  return type
    .split('_')
    .map((word) => `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`)
    .join('');
}
