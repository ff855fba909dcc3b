// The thread of one experiment: its own connection, its own memory, the least of the machine's attention. Wiring only.
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Pool } from 'pg';
import { loadTransformation } from '../activities/transformation.ts';
import type { ExperimentRequest } from '../experiments/contract.ts';
import { runExperiment } from '../experiments/run.ts';
import { readConfig } from '../model/config.ts';
import { pipelineNamed } from '../pipelines/index.ts';
import type { ExperimentMessage } from './experiment-beside.ts';
import { faultOf } from './thread-fault.ts';
import { v3PoolConfig } from './v3-pool.ts';

const { request } = workerData as { readonly request: ExperimentRequest };
const pool = new Pool({
  ...v3PoolConfig(readConfig(process.env), 'deriving'),
  max: 1,
  application_name: 'mkondo-worker-experiment',
});
// Heard by whoever uses the connection next.
pool.on('error', () => undefined);

// Of this thread alone, on Linux: the live flow goes first.
setPriority(10);
const say = (message: ExperimentMessage): void => parentPort?.postMessage(message);

try {
  const transformation = await loadTransformation(pipelineNamed(request.pipeline), request.change);
  const report = await runExperiment(pool, transformation, request, {
    // Whoever asked ends the thread when it is to stop.
    signal: new AbortController().signal,
    progress: (found) => say({ progress: found }),
  });
  say({ report });
} catch (error) {
  say({ fault: faultOf(error) });
}
await pool.end();
