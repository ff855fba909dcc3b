// Asks pipelines for an operation, one after the other, and watches those that take a while until all have ended.
import { z } from 'zod';
import { operationSchema } from '../api-client.ts';
import type { OperationView } from '../api-client.ts';
import type { OperateCommand } from '../arguments.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { createScreen } from '../output.ts';
import { milestone, progressLine } from '../progress.ts';
import type { Watched } from '../progress.ts';
import { pauseFor, print, resolvePipelines } from './context.ts';
import type { Context } from './context.ts';

const answerSchema = z.looseObject({
  answer: z.string(),
  operation: z.looseObject({ id: z.string(), name: z.string(), workflowId: z.string().nullable() }),
});
type Answer = z.infer<typeof answerSchema>;

const LOOK_MS = 1_000;

/** One that is refused does not keep the others from being asked; the shell hears the worst. */
export async function operate(
  context: Context,
  { operation, pipelines, body, wait }: OperateCommand,
): Promise<ExitCode> {
  const { api, output, json, user } = context;
  const begun: { readonly pipeline: string; readonly answer: Answer }[] = [];
  const refused: CommandError[] = [];
  for (const pipeline of await resolvePipelines(api, pipelines)) {
    try {
      const by = body.by ?? user;
      const given = { ...body, ...(by === undefined ? {} : { by }) };
      const answer = await api.post(`/pipelines/${pipeline}/${operation}`, given, answerSchema);
      begun.push({ pipeline, answer });
      if (json && (!wait || answer.operation.workflowId === null)) print(context, { pipeline, ...answer });
      if (!json) output.write(`${answer.answer}\n`);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // Nobody else will be answered either.
      if (error.exitCode === exitCodes.unavailable || error.exitCode === exitCodes.forbidden) throw error;
      refused.push(error);
      output.complain(json ? JSON.stringify({ pipeline, ...(error.problem as object) }) : error.message);
    }
  }
  const long = begun.filter(({ answer }) => answer.operation.workflowId !== null);
  const ended = wait && long.length > 0 ? await watch(context, long) : exitCodes.done;
  if (ended !== exitCodes.done) return ended;
  return refused[0]?.exitCode ?? exitCodes.done;
}

async function watch(
  context: Context,
  begun: readonly { readonly pipeline: string; readonly answer: Answer }[],
): Promise<ExitCode> {
  const { output, signal, json } = context;
  const screen = createScreen(output);
  const said = new Map<string, string>();
  for (;;) {
    const watched = await Promise.all(
      begun.map(async ({ pipeline, answer }): Promise<Watched> => ({
        pipeline,
        operation: await find(context, pipeline, answer.operation.id),
      })),
    );
    if (!json && output.isTerminal) screen.show(watched.map((each) => progressLine(each, output.columns)));
    else if (!json)
      for (const each of watched) {
        if (said.get(each.pipeline) !== milestone(each)) output.write(`${progressLine(each, 400)}\n`);
        said.set(each.pipeline, milestone(each));
      }
    const running = watched.filter(({ operation }) => operation === null || operation.state === 'running');
    if (running.length === 0) {
      if (json) for (const { pipeline, operation } of watched) print(context, { pipeline, operation });
      return watched.every(({ operation }) => operation?.state === 'done') ? exitCodes.done : exitCodes.failed;
    }
    if (!(await pauseFor(LOOK_MS, signal))) {
      const names = running.map(({ pipeline }) => pipeline).join(', ');
      output.complain(`It goes on without you: ${names}. mkondo status shows how far it is.`);
      return exitCodes.interrupted;
    }
  }
}

/** Null until our schema has it: it is recorded when its workflow begins. */
async function find({ api }: Context, pipeline: string, id: string): Promise<OperationView | null> {
  const { operations } = await api.get(
    `/pipelines/${pipeline}/operations?limit=50`,
    z.looseObject({ operations: z.array(operationSchema) }),
  );
  return operations.find((each) => each.id === id) ?? null;
}
