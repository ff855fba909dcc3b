// Which transformation a pipeline has: as it is deployed, or with a change. A change is a module,
// pipelines/changes/<pipeline>/<name>.ts, whose default export is the pipeline as it would be. An experiment tries it;
// once promoted, it is the pipeline's transformation until the deployed one is promoted again.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ClientBase, Pool } from 'pg';
import { MkondoError } from '../model/errors.ts';
import { tablesOf } from '../pipelines/definition.ts';
import type { Pipeline } from '../pipelines/definition.ts';

export interface Transformation {
  readonly pipeline: Pipeline;
  /** Null as deployed. */
  readonly change: string | null;
  /** Hash of the code: 12 hex digits. The ledger keeps it. */
  readonly version: string;
}

const pipelinesDir = join(import.meta.dirname, '..', 'pipelines');
const CHANGE_NAME = /^[a-z0-9][a-z0-9-]{0,60}$/;

/** The change that was promoted, null as deployed. @throws pg's errors */
export async function promotedChange(client: ClientBase | Pool, pipeline: string): Promise<string | null> {
  const { rows } = await (client as Pool).query<{ change: string | null }>(
    'SELECT change FROM cdc.pipelines WHERE name = $1',
    [pipeline],
  );
  return rows[0]?.change ?? null;
}

/** @throws MkondoError CHANGE_INVALID */
export async function loadTransformation(deployed: Pipeline, change: string | null): Promise<Transformation> {
  if (change === null) return { pipeline: deployed, change, version: transformationVersion(deployed.name) };
  const file = changeFile(deployed.name, change);
  let pipeline: unknown;
  try {
    pipeline = ((await import(pathToFileURL(file).href)) as { readonly default?: unknown }).default;
  } catch (cause) {
    throw invalid(deployed.name, change, `the module cannot be loaded: ${(cause as Error).message}`, cause);
  }
  const fault = faultIn(deployed, pipeline);
  if (fault !== null) throw invalid(deployed.name, change, fault);
  return { pipeline: pipeline as Pipeline, change, version: transformationVersion(deployed.name, file) };
}

/** Names of the changes that this build has for a pipeline. */
export function changesOf(pipeline: string): readonly string[] {
  const folder = join(pipelinesDir, 'changes', pipeline);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

function changeFile(pipeline: string, change: string): string {
  const file = join(pipelinesDir, 'changes', pipeline, `${change}.ts`);
  if (CHANGE_NAME.test(change) && existsSync(file)) return file;
  const known = changesOf(pipeline);
  throw new MkondoError('CHANGE_INVALID', `${pipeline} has no change '${change}'.`, {
    advice: `This build has ${known.length === 0 ? 'none' : known.join(', ')}: add pipelines/changes/${pipeline}/<name>.ts, whose default export is the changed pipeline, and deploy it to every worker.`,
  });
}

/** What a change may not change: it reads what landing holds, and owns rows where the pipeline does. */
function faultIn(deployed: Pipeline, changed: unknown): string | null {
  const pipeline = changed as Partial<Pipeline> | undefined;
  if (typeof pipeline?.derive !== 'function' || pipeline.root === undefined || pipeline.owns === undefined)
    return 'its default export is no pipeline';
  if (pipeline.name !== deployed.name) return `it is a pipeline '${String(pipeline.name)}'`;
  if (pipeline.root.table !== deployed.root.table || String(pipeline.root.key) !== String(deployed.root.key))
    return `its roots are ${pipeline.root.table} (${pipeline.root.key.join(', ')})`;
  const landed = new Set(tablesOf(deployed));
  const foreign = tablesOf(pipeline as Pipeline).filter((table) => !landed.has(table));
  if (foreign.length > 0)
    return `it reads ${foreign.join(', ')}, which the pipeline does not land: that takes a release`;
  for (const [name, target] of Object.entries(pipeline.owns)) {
    const known = deployed.owns[name];
    if (known === undefined || known.table !== target.table || String(known.key) !== String(target.key))
      return `its target '${name}' is not the pipeline's`;
  }
  const lost = Object.keys(deployed.owns).filter((name) => !(name in (pipeline.owns ?? {})));
  return lost.length === 0 ? null : `it lacks the target ${lost.join(', ')}`;
}

function invalid(pipeline: string, change: string, fault: string, cause?: unknown): MkondoError {
  return new MkondoError('CHANGE_INVALID', `The change '${change}' of ${pipeline} is of no use: ${fault}.`, {
    advice: `Correct pipelines/changes/${pipeline}/${change}.ts; it starts from the deployed pipeline: { ...${pipeline.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}, derive(...) }.`,
    cause,
  });
}

/** Changes when the code of the pipeline's folder, of the steps that pipelines share, or of the change does. */
function transformationVersion(pipeline: string, changed?: string): string {
  const files = [pipeline, 'steps'].flatMap((folder) => {
    const path = join(pipelinesDir, folder);
    if (!existsSync(path)) return [];
    return readdirSync(path)
      .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|^examples\.ts$/.test(file))
      .sort()
      .map((file) => join(path, file));
  });
  const texts = [...files, ...(changed === undefined ? [] : [changed])].map((file) => readFileSync(file, 'utf8'));
  return hash('sha1', texts.join('\0'), 'hex').slice(0, 12);
}

/** For work that began with another transformation than the pipeline has now: it is done again with that one. */
export function transformationChanged(pipeline: string): MkondoError {
  return new MkondoError(
    'TRANSFORMATION_CHANGED',
    `${pipeline} has got another transformation since this work began; nothing of it was written.`,
    { advice: 'Nothing is to be done: it is begun again at once with the new one.' },
  );
}
