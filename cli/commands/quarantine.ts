// What a pipeline refused, each with its code, and what to do.
import { z } from 'zod';
import type { Command } from '../arguments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { instant } from '../table.ts';
import { print, resolvePipelines } from './context.ts';
import type { Context } from './context.ts';

const schema = z.looseObject({
  quarantine: z.array(
    z.looseObject({
      id: z.union([z.string(), z.number()]),
      kind: z.string(),
      source: z.string(),
      root: z.string().nullable(),
      position: z
        .looseObject({ topic: z.string().nullable(), partition: z.number().nullable(), offset: z.number() })
        .nullable(),
      code: z.string(),
      message: z.string(),
      advice: z.string(),
      attempts: z.number(),
      lastAt: z.string(),
      discarded: z.looseObject({ at: z.string(), by: z.string(), reason: z.string() }).nullish(),
    }),
  ),
  next: z.union([z.string(), z.number()]).nullable(),
});

export async function quarantine(
  context: Context,
  { pipeline, filter }: Extract<Command, { readonly name: 'quarantine' }>,
): Promise<ExitCode> {
  const { api, output } = context;
  await resolvePipelines(api, [pipeline]);
  const found = await api.get(`/pipelines/${pipeline}/quarantine?${new URLSearchParams(filter).toString()}`, schema);
  if (context.json) {
    print(context, found);
    return exitCodes.done;
  }
  if (found.quarantine.length === 0)
    output.write(`Nothing of ${pipeline} is ${filter['state'] === undefined ? 'in quarantine' : 'there'}.\n`);
  for (const each of found.quarantine) {
    const { position, root, source } = each;
    const what =
      position === null ? `${source} ${root ?? ''}` : `${position.topic}/${position.partition}@${position.offset}`;
    const { discarded } = each;
    const given = discarded ? `\n  discarded ${instant(discarded.at)} by ${discarded.by}: ${discarded.reason}` : '';
    const tries = `${each.attempts} ${each.attempts === 1 ? 'try' : 'tries'}`;
    output.write(
      `${each.kind} ${what}  ${each.code}, ${tries}, last ${instant(each.lastAt)} (entry ${each.id})${given}\n  ${each.message}\n${each.advice === '' ? '' : `  ${each.advice}\n`}`,
    );
  }
  if (found.next !== null) output.write(`There may be more: --limit takes up to 200, and the API pages.\n`);
  return exitCodes.done;
}
