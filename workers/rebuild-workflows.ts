// After Temporal's database was lost: starts every pipeline's workflow that does not run, and makes the schedules of verification, from what our schema beside v3
// holds (`npm run rebuild-workflows`). Each goes on from its position, in its mode, with the operation that was under way.
// Running it twice, or while all is well, is harmless.
import { Client, Connection, WorkflowExecutionAlreadyStartedError, WorkflowIdConflictPolicy } from '@temporalio/client';
import { Client as Database } from 'pg';
import { setTimeout as wait } from 'node:timers/promises';
import { readConfig } from '../model/config.ts';
import { exitClearly } from '../model/exit-clearly.ts';
import { pipelines } from '../pipelines/index.ts';
import { pipelineCaption, pipelineWorkflow, pipelineWorkflowId } from '../workflows/messages.ts';
import type { pipeline as pipelineWorkflowFunction } from '../workflows/pipeline.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';
import { keepVerifying } from './verify-schedules.ts';

interface Standing {
  readonly name: string;
  readonly mode: string;
  readonly positions: number;
  readonly operation: string;
}

exitClearly();
const config = readConfig(process.env);
const connection = await Connection.connect({ address: config.MKONDO_TEMPORAL_ADDRESS });
const client = new Client({ connection, namespace: config.MKONDO_TEMPORAL_NAMESPACE });
try {
  const made = await createSearchAttributes();
  if (made.length > 0) say(`search attributes made: ${made.join(', ')}`);
  const standing = await readStanding();
  const table = [['pipeline', 'mode', 'positions', 'operation', 'workflow']];
  for (const name of new Set([...pipelines.map(({ name }) => name), ...standing.keys()])) {
    const { mode = 'new', positions = 0, operation = '' } = standing.get(name) ?? {};
    table.push([name, mode, String(positions), operation, await start(name)]);
  }
  printTable(table);
  await keepVerifying(client, { config, pipelines });
} finally {
  await connection.close();
}

async function start(name: string): Promise<string> {
  if (!pipelines.some((pipeline) => pipeline.name === name)) return 'left alone: this pipeline is defined no more';
  try {
    await client.workflow.start<typeof pipelineWorkflowFunction>(pipelineWorkflow, {
      workflowId: pipelineWorkflowId(name),
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      taskQueue: config.MKONDO_TASK_QUEUE,
      args: [{ pipeline: name }],
      ...pipelineCaption(name),
      memo: { pipeline: name },
    });
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'was running';
    throw error;
  }
}

async function readStanding(): Promise<ReadonlyMap<string, Standing>> {
  const database = new Database({ connectionString: config.MKONDO_V3_URL, application_name: 'mkondo-rebuild' });
  await database.connect();
  try {
    const { rows } = await database.query<Standing>(
      `SELECT name, mode, (SELECT count(*)::int FROM cdc.positions WHERE pipeline = p.name) AS positions,
              coalesce((SELECT o.name || ' ' || o.id FROM cdc.operations o WHERE o.pipeline = p.name AND o.state = 'running'
                        ORDER BY requested_at LIMIT 1), '') AS operation
       FROM cdc.pipelines p ORDER BY name`,
    );
    return new Map(rows.map((row) => [row.name, row]));
  } finally {
    await database.end();
  }
}

/** Gives back the names of those that were not there. A workflow that upserts an unknown one gets stuck, so this comes first. */
async function createSearchAttributes(): Promise<readonly string[]> {
  const namespace = config.MKONDO_TEMPORAL_NAMESPACE;
  const types = { KEYWORD: 2, INT: 3 } as const;
  const known = async (): Promise<readonly string[]> =>
    Object.keys((await connection.operatorService.listSearchAttributes({ namespace })).customAttributes ?? {});
  const before = await known();
  const missing = searchAttributes.filter(({ name }) => !before.includes(name));
  if (missing.length === 0) return [];
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, types[type]])),
  });
  // The server takes them up after a while of its own.
  for (let now = await known(); missing.some(({ name }) => !now.includes(name)); now = await known()) await wait(200);
  return missing.map(({ name }) => name);
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
