// Runs a program to its end and gives its output; a failure carries what it said.
import { spawn } from 'node:child_process';
import { MkondoError } from '../../../model/errors.ts';
import { boundToUs } from '../parts/bound-to-us.ts';

export interface RunOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly directory?: string;
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  /** Called with each line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
}

/** @throws MkondoError PART_MISSING when the program is absent or ends with an error */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const bound = boundToUs({ file, args }, 'SIGTERM');
    const child = spawn(bound.file, bound.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: options.environment ?? process.env,
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
      ...options.account,
    });
    let output = '';
    let errors = '';
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) options.onLine?.(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', (cause) => reject(failed(file, args, String(cause), cause)));
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(failed(file, args, `ended with ${code}: ${`${output}\n${errors}`.trim().slice(-2000)}`));
    });
  });
}

function failed(file: string, args: readonly string[], why: string, cause?: unknown): MkondoError {
  return new MkondoError('PART_MISSING', `'${[file, ...args].join(' ')}' ${why}`, {
    advice: 'Run that command by hand to see why it fails; a proxy or a package mirror may have to be set for it.',
    cause,
  });
}
