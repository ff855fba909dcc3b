// How every pipeline stands, again and again where somebody looks on.
import { wholePipelineSchema } from '../api-client.ts';
import type { Command } from '../arguments.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { coloured, createScreen } from '../output.ts';
import { statusTable, statusText } from '../status-table.ts';
import { cut } from '../table.ts';
import { listPipelines, pauseFor, print, resolvePipelines } from './context.ts';
import type { Context } from './context.ts';

const TERMINAL_EVERY_S = 2;

export async function status(
  context: Context,
  { pipelines, every, once }: Extract<Command, { readonly name: 'status' }>,
): Promise<ExitCode> {
  const { output, signal, api } = context;
  const names = pipelines.length === 0 ? null : await resolvePipelines(api, pipelines);
  // Somebody who reads JSON, or a file, did not ask for a picture that moves.
  const isLive = !once && (every !== null || (output.isTerminal && !context.json && names === null));
  const screen = createScreen(output);
  for (let looks = 0; ; looks += 1) {
    try {
      screen.show(await look(context, names));
    } catch (error) {
      // A table that is watched outlives a restart of the API.
      if (looks === 0 || !isLive || !(error instanceof CommandError) || error.exitCode !== exitCodes.unavailable)
        throw error;
      screen.show([cut(error.message.split('\n')[0] ?? '', output.columns)]);
    }
    if (!isLive || !(await pauseFor((every ?? TERMINAL_EVERY_S) * 1_000, signal))) return exitCodes.done;
  }
}

async function look(context: Context, names: readonly string[] | null): Promise<readonly string[]> {
  const { api, output } = context;
  const nowMs = Date.now();
  if (names !== null) {
    const whole = await Promise.all(names.map((name) => api.get(`/pipelines/${name}`, wholePipelineSchema)));
    if (context.json) {
      for (const pipeline of whole) print(context, pipeline);
      return [];
    }
    return whole.flatMap((pipeline) => statusText(pipeline, nowMs));
  }
  const pipelines = await listPipelines(api);
  if (context.json) {
    print(context, { pipelines });
    return [];
  }
  return statusTable(pipelines, { columns: output.isTerminal ? output.columns : 200, nowMs }).map(({ text, colour }) =>
    colour === null ? text : coloured(output, colour, text),
  );
}
