// The running system as a test sees it: its databases, its REST API, its CLI, and its parts to be killed.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Pool } from 'pg';
import type { QueryResultRow } from 'pg';
import { afterAll, afterEach, inject } from 'vitest';
import { captureNames } from '../../infra/local/capture.ts';
import { reportText } from '../../infra/verify/report.ts';
import { waitUntilSettled } from '../../infra/verify/settled.ts';
import { verify } from '../../verification/v2/verify.ts';
import { eventually, Fatal } from '../support/eventually.ts';

export const address = inject('system');

const v2Pool = openPool(address.v2Application);
const v3Pool = openPool(address.v3Admin);
// Whatever a failed test left behind must not fail the next.
afterEach(async () => {
  for (const part of ['v3', 'temporal', 'worker', 'bridge']) await control(part, 'revive', {});
  // The API finds out at its next question that v3 was away.
  const { pipelines } = (await eventually(() => get('/pipelines'))) as { readonly pipelines: readonly PipelineView[] };
  for (const { name, mode } of pipelines) if (mode === 'paused') await operate(name, 'resume');
});
afterAll(() => Promise.all([v2Pool.end(), v3Pool.end()]));

/** A statement of the eLMIS application. */
export async function v2<Row extends QueryResultRow>(
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  return (await v2Pool.query<Row>(text, [...values])).rows;
}

export async function v3<Row extends QueryResultRow>(
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  return (await v3Pool.query<Row>(text, [...values])).rows;
}

/** Several statements of the eLMIS application in one transaction. */
export async function v2Transaction(statements: readonly string[]): Promise<void> {
  const client = await v2Pool.connect();
  try {
    await client.query('BEGIN');
    for (const statement of statements) await client.query(statement);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

/** Ends a part with SIGKILL. */
export function kill(part: string): Promise<void> {
  return control(part, 'kill', {});
}

/** Starts a killed part again and waits until it serves. `environment` holds for our processes, until the next restart. */
export function restart(part: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  return control(part, 'restart', environment);
}

async function control(part: string, action: 'kill' | 'restart' | 'revive', body: object): Promise<void> {
  const answer = await fetch(`${address.control}/${part}/${action}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${action} of ${part}: ${await answer.text()}`);
}

export interface PipelineView {
  readonly name: string;
  readonly mode: string;
  readonly reason: string;
  readonly stop: { readonly code: string; readonly message: string } | null;
  readonly dirty: number;
  readonly waiting: number;
  readonly quarantined: number;
  readonly positions: Readonly<Record<string, number>>;
  readonly operations: readonly {
    readonly id: string;
    readonly name: string;
    readonly state: string;
    readonly answer: string;
  }[];
}

export interface QuarantineEntry {
  readonly id: number;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly root: string | null;
  readonly position: { readonly topic: string; readonly partition: number; readonly offset: number } | null;
  readonly payload: { readonly encoding: string; readonly data: string } | null;
}

export async function pipelineOf(name: string): Promise<PipelineView> {
  return (await get(`/pipelines/${name}`)) as PipelineView;
}

export async function quarantineOf(name: string): Promise<readonly QuarantineEntry[]> {
  return ((await get(`/pipelines/${name}/quarantine`)) as { readonly quarantine: readonly QuarantineEntry[] })
    .quarantine;
}

export async function get(path: string): Promise<unknown> {
  const answer = await fetch(`${address.api}${path}`);
  if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** Asks for an operation over REST; gives the answer's status and body. */
export async function operate(
  pipeline: string,
  operation: string,
  body: object = { reason: 'a test' },
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  return post(`/pipelines/${pipeline}/${operation}`, body);
}

export async function post(
  path: string,
  body: object,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const answer = await fetch(`${address.api}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
}

/**
 * Asks for an operation that must be accepted, and waits until it is over. A workflow hears a moment later than the database
 * what the engine stopped, or that an operation has ended: it may refuse at first.
 */
export async function operateToItsEnd(pipeline: string, operation: string, body: object = {}): Promise<string> {
  const answer = await eventually(async () => {
    const { status, body: said } = await operate(pipeline, operation, { reason: 'a test', ...body });
    if (status === 200) return said;
    const fault = `${operation} of ${pipeline} was answered ${status}: ${JSON.stringify(said)}`;
    throw status === 409 || status === 503 ? new Error(fault) : new Fatal(fault);
  });
  const { id } = (answer as { readonly operation: { readonly id: string } }).operation;
  return eventually(async () => {
    const record = (await pipelineOf(pipeline)).operations.find((each) => each.id === id);
    if (record?.state === 'failed' || record?.state === 'refused')
      throw new Fatal(`${operation} of ${pipeline} ${record.state}: ${record.answer}`);
    if (record?.state !== 'done') throw new Error(`${operation} of ${pipeline} is ${record?.state ?? 'not known'}`);
    return record.answer;
  });
}

/** The Temporal CLI, as an operator types it. */
export async function temporalCli(...parts: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(address.temporalProgram, [...parts, '--address', address.temporal]);
  return stdout;
}

/** What a pipeline's workflow answers to the query `status`, as JSON. */
export async function askWorkflow(pipeline: string): Promise<string> {
  const id = `pipeline/${pipeline}`;
  return temporalCli('workflow', 'query', '--workflow-id', id, '--type', 'status', '--output', 'json');
}

/** Waits until all that v2 has committed is in v3. */
export async function settle(): Promise<void> {
  const urls = { v2Url: address.v2Admin, v3Url: address.v3Admin };
  const rest = await waitUntilSettled({ ...urls, kafka: address.kafka, ...captureNames, waitMs: 90_000 });
  if (rest.length > 0) throw new Error(`not all is applied:\n${rest.join('\n')}`);
}

/** The differences that the verifier sees, in words; empty when v3 is what v2 says. */
export async function differences(): Promise<string> {
  await settle();
  const report = await verify({ v2Url: address.v2Admin, v3Url: address.v3Admin, patienceMs: 15_000 });
  return report.differences === 0 ? '' : reportText(report);
}

/** A killed server must not take the test with it. */
function openPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 4, connectionTimeoutMillis: 5_000 });
  pool.on('error', () => undefined);
  return pool;
}
