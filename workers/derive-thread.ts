// The thread that derives: its own connections, its own memory, the same code. Wiring only.
import { parentPort } from 'node:worker_threads';
import { Pool } from 'pg';
import { deriveDue } from '../activities/derive-due.ts';
import type { Deriving } from '../activities/derive-due.ts';
import { transformationVersion } from '../activities/engine.ts';
import { parentTables } from '../activities/parents.ts';
import { planOf } from '../activities/plan.ts';
import { readConfig } from '../model/config.ts';
import { MkondoError } from '../model/errors.ts';
import { pipelineNamed, pipelines } from '../pipelines/index.ts';
import { v3PoolConfig } from './v3-pool.ts';
import type { Answer, Fault, Request } from './derive-messages.ts';

const pool = new Pool({
  ...v3PoolConfig(readConfig(process.env), 'deriving'),
  application_name: 'mkondo-worker-derive',
});
// Heard by whoever uses the connection next.
pool.on('error', () => undefined);
const parents = parentTables(pipelines);
const derivings = new Map<string, Deriving>();

parentPort?.on('message', (request: Request) => void answer(request));

async function answer({ id, pipeline, input }: Request): Promise<void> {
  const reply = async (): Promise<Answer> => ({ id, report: await deriveDue(derivingOf(pipeline), input) });
  parentPort?.postMessage(await reply().catch((error: unknown): Answer => ({ id, fault: faultOf(error) })));
}

function derivingOf(name: string): Deriving {
  let deriving = derivings.get(name);
  if (deriving === undefined) {
    deriving = { pool, plan: planOf(pipelineNamed(name)), parents, version: transformationVersion(name) };
    derivings.set(name, deriving);
  }
  return deriving;
}

function faultOf(error: unknown): Fault {
  const known = error instanceof MkondoError ? error : null;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: known?.code ?? null, message, advice: known?.advice ?? '', stack: stack ?? '' };
}
