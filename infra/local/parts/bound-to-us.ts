// Linux can end a child when its parent is gone, even by SIGKILL: so no process outlives the one that started it.
import { existsSync } from 'node:fs';

const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** The same program, started so that it gets `signal` when we end. Its pid is the same; without `setpriv` nothing changes. */
export function boundToUs({ file, args }: Program, signal: NodeJS.Signals): Program {
  if (setpriv === undefined) return { file, args };
  return { file: setpriv, args: ['--pdeathsig', signal.replace('SIG', ''), '--', file, ...args] };
}
