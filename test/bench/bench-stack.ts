// The stack of a bench: it lives as long as the bench.
import { portsFrom } from '../../infra/local/ports.ts';
import { startStack } from '../../infra/local/stack.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { freePorts } from '../support/free-ports.ts';
import { createStateFolder, removeStateFolder } from '../support/state-folder.ts';
import { say } from './report.ts';

/** What the command line says of it. */
export const stackOptions = {
  /** For both paths alike; off, as the trials had it. */
  fsync: { type: 'string', default: 'off' },
  /** Free ones by default. */
  'port-base': { type: 'string' },
  /** Keeps the databases and Kafka after the run. */
  state: { type: 'string' },
} as const;

export type Fsync = 'on' | 'off';

export async function withStack(
  {
    name,
    values,
    sink = true,
  }: {
    readonly name: string;
    readonly values: { readonly [Name in keyof typeof stackOptions]?: string };
    /** Whether Kafka Connect has Debezium's JDBC sink, too. */
    readonly sink?: boolean;
  },
  bench: (stack: Stack, fsync: Fsync) => Promise<void>,
): Promise<void> {
  const fsync: Fsync = values.fsync === 'on' ? 'on' : 'off';
  const stateDir = values.state ?? (await createStateFolder(name));
  const stack = await startStack({
    stateDir,
    ports: values['port-base'] === undefined ? await freePorts() : portsFrom(Number(values['port-base'])),
    sink,
    fsync,
    log: say,
  });
  try {
    await bench(stack, fsync);
  } finally {
    await stack.stop();
    if (values.state === undefined) await removeStateFolder(stateDir);
  }
}
