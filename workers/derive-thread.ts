// The thread that derives: its own connections, its own memory, the same code. Wiring only.
import { parentPort } from 'node:worker_threads';
import { Pool } from 'pg';
import { deriveDue, deriveNewParts } from '../activities/derive-due.ts';
import type { Deriving } from '../activities/derive-due.ts';
import { parentTables } from '../activities/parents.ts';
import { planOf } from '../activities/plan.ts';
import { loadTransformation } from '../activities/transformation.ts';
import { readConfig } from '../model/config.ts';
import { pipelineNamed, pipelines } from '../pipelines/index.ts';
import { v3PoolConfig } from './v3-pool.ts';
import type { Answer, Request } from './derive-messages.ts';
import { faultOf } from './thread-fault.ts';

const pool = new Pool({
  ...v3PoolConfig(readConfig(process.env), 'deriving'),
  application_name: 'mkondo-worker-derive',
});
// Heard by whoever uses the connection next.
pool.on('error', () => undefined);
const parents = parentTables(pipelines);
const derivings = new Map<string, Deriving>();

parentPort?.on('message', (request: Request) => void answer(request));

async function answer({ id, pipeline, change, work }: Request): Promise<void> {
  const reply = async (): Promise<Answer> => {
    const deriving = await derivingOf(pipeline, change);
    const report =
      work.kind === 'due' ? await deriveDue(deriving, work.input) : await deriveNewParts(deriving, work.input);
    return { id, report };
  };
  parentPort?.postMessage(await reply().catch((error: unknown): Answer => ({ id, fault: faultOf(error) })));
}

async function derivingOf(name: string, change: string | null): Promise<Deriving> {
  const known = derivings.get(name);
  if (known?.change === change) return known;
  const { pipeline, version } = await loadTransformation(pipelineNamed(name), change);
  const deriving = { pool, plan: planOf(pipeline), parents, change, version };
  derivings.set(name, deriving);
  return deriving;
}
