// Experiments: tries another transformation beside v3, shows what it would change, promotes or discards it.
import { z } from 'zod';
import type { Command } from '../arguments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { pauseFor, print } from './context.ts';
import type { Context } from './context.ts';

const countsSchema = z.looseObject({ equal: z.number(), changed: z.number(), created: z.number(), gone: z.number() });
const experimentSchema = z.looseObject({
  id: z.string(),
  pipeline: z.string(),
  change: z.string().nullable(),
  state: z.string(),
  answer: z.string(),
  summary: z.string().nullable(),
  report: z
    .looseObject({
      roots: z.looseObject({ total: z.number(), derived: z.number(), failed: z.number(), skipped: z.number() }),
      tables: z.record(z.string(), countsSchema),
      columns: z.record(
        z.string(),
        z.looseObject({
          changed: z.number(),
          examples: z.array(
            z.looseObject({ key: z.string(), v3: z.string().nullable(), changed: z.string().nullable() }),
          ),
        }),
      ),
      failures: z.record(
        z.string(),
        z.looseObject({
          roots: z.number(),
          examples: z.array(z.looseObject({ root: z.string(), message: z.string() })),
        }),
      ),
      reports: z
        .array(
          z.looseObject({
            report: z.string(),
            figures: z.number(),
            changed: z.number(),
            examples: z.array(
              z.looseObject({
                group: z.record(z.string(), z.string().nullable()),
                figures: z.array(
                  z.looseObject({ figure: z.string(), v3: z.string().nullable(), changed: z.string().nullable() }),
                ),
              }),
            ),
          }),
        )
        .default([]),
    })
    .nullable(),
});
type Experiment = z.infer<typeof experimentSchema>;

const begunSchema = z.looseObject({ id: z.string() });
const answerSchema = z.looseObject({ answer: z.string() });
const LOOK_MS = 1_000;

export async function experiment(
  context: Context,
  command: Extract<Command, { readonly name: 'experiment' }>,
): Promise<ExitCode> {
  const { api, output, json, user } = context;
  const who = user === undefined ? {} : { by: user };
  if (command.act === 'list') {
    const { experiments } = await api.get('/experiments', z.looseObject({ experiments: z.array(experimentSchema) }));
    if (json) print(context, { experiments });
    else
      output.write(
        experiments.length === 0 ? 'There are no experiments.\n' : `${experiments.map(headOf).join('\n')}\n`,
      );
    return exitCodes.done;
  }
  if (command.act === 'show') {
    const found = await api.get(`/experiments/${command.id}`, experimentSchema);
    if (json) print(context, found);
    else output.write(`${linesOf(found).join('\n')}\n`);
    return exitCodes.done;
  }
  if (command.act === 'start') {
    const { id } = await api.post(
      '/experiments',
      { pipeline: command.pipeline, change: command.change, share: command.share, reason: command.reason, ...who },
      begunSchema,
    );
    if (!command.wait) {
      if (json) print(context, { id });
      else output.write(`Experiment ${id} has begun: mkondo experiment show ${id}\n`);
      return exitCodes.done;
    }
    return follow(context, id);
  }
  const said = await api.post(
    `/experiments/${command.id}/${command.act}`,
    { reason: command.reason, ...who, ...(command.despiteFailures ? { despiteFailures: true } : {}) },
    answerSchema,
  );
  if (json) print(context, { id: command.id, ...said });
  else output.write(`${said.answer}\n`);
  return exitCodes.done;
}

/** Until it has looked at every root, or has ended. */
async function follow(context: Context, id: string): Promise<ExitCode> {
  const { api, output, json, signal } = context;
  let told = -1;
  for (;;) {
    // It is known when a worker has begun it.
    const { experiments } = await api.get(
      '/experiments?limit=100',
      z.looseObject({ experiments: z.array(experimentSchema) }),
    );
    const found = experiments.find((each) => each.id === id);
    if (found !== undefined && found.state !== 'running') {
      if (json) print(context, found);
      else output.write(`${linesOf(found).join('\n')}\n`);
      return found.state === 'failed' || (found.report?.roots.failed ?? 0) > 0 ? exitCodes.failed : exitCodes.done;
    }
    const { derived = 0, failed = 0, total = 0 } = found?.report?.roots ?? {};
    const tenth = total === 0 ? 0 : Math.floor(((derived + failed) / total) * 10);
    if (tenth !== told) {
      told = tenth;
      output.complain(`experiment ${id}: ${derived + failed} of ${total} roots`);
    }
    if (!(await pauseFor(LOOK_MS, signal))) {
      output.complain(`It goes on without you; mkondo experiment show ${id} has what it finds.`);
      return exitCodes.interrupted;
    }
  }
}

function headOf({ id, pipeline, change, state, answer, summary }: Experiment): string {
  const rest = [summary, answer].filter((text) => text !== null && text !== '').join(' ');
  return `${id}  ${pipeline}, ${change ?? 'as deployed'}: ${state}${rest === '' ? '' : `. ${rest}`}`;
}

function linesOf(found: Experiment): readonly string[] {
  const { report } = found;
  if (report === null) return [headOf(found)];
  return [
    headOf(found),
    ...Object.entries(report.tables).map(
      ([table, { equal, changed, created, gone }]) =>
        `  ${table}: ${equal} equal, ${changed} changed, ${created} new, ${gone} gone`,
    ),
    ...Object.entries(report.columns).flatMap(([column, { changed, examples }]) => [
      `  ${column}: ${changed} values would change`,
      ...examples.map(({ v3, changed: other }) => `    ${v3 ?? 'NULL'}  ->  ${other ?? 'NULL'}`),
    ]),
    ...Object.entries(report.failures).flatMap(([code, { roots, examples }]) => [
      `  ${code}: ${roots} roots would fail`,
      ...examples.map(({ root, message }) => `    ${root}: ${message}`),
    ]),
    ...report.reports.flatMap(({ report: name, figures, changed, examples }) => [
      `  report ${name}: ${changed} of ${figures} figures would change`,
      ...examples.map(
        ({ group, figures: values }) =>
          `    ${Object.values(group).join(', ')}: ${values.map((each) => `${each.figure} ${each.v3 ?? 'none'} -> ${each.changed ?? 'none'}`).join(', ')}`,
      ),
    ]),
  ];
}
