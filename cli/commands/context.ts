// What every command works with.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { pipelineSchema } from '../api-client.ts';
import type { Api, PipelineView } from '../api-client.ts';
import type { Chosen } from '../arguments.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { Output } from '../output.ts';

export interface Context {
  readonly api: Api;
  readonly output: Output;
  readonly json: boolean;
  /** Who asks, where nothing else says it. */
  readonly user: string | undefined;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}

export async function listPipelines(api: Api): Promise<readonly PipelineView[]> {
  return (await api.get('/pipelines', z.looseObject({ pipelines: z.array(pipelineSchema) }))).pipelines;
}

/** Names of pipelines that there are, each once. @throws CommandError for one that there is not */
export async function resolvePipelines(api: Api, chosen: Chosen): Promise<readonly string[]> {
  const names = (await listPipelines(api)).map(({ name }) => name);
  if (chosen === 'all') return names;
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new CommandError(
      exitCodes.usage,
      `There is no pipeline ${unknown.join(', ')}; there are: ${names.join(', ')}.`,
    );
  return chosen;
}

/** False when it was interrupted. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

export function print({ output }: Pick<Context, 'output'>, document: unknown): void {
  output.write(`${JSON.stringify(document)}\n`);
}
