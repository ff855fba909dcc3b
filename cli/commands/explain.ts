// One row explained, for somebody who doubts a figure: the v2 rows behind it, where they came from, and what keeps them.
import { z } from 'zod';
import type { Command } from '../arguments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { instant } from '../table.ts';
import { print } from './context.ts';
import type { Context } from './context.ts';

const position = z.looseObject({ topic: z.string(), partition: z.number(), offset: z.number() }).nullable();
const row = z.record(z.string(), z.unknown()).nullable();
const landed = z.looseObject({
  table: z.string(),
  path: z.string().nullable(),
  key: z.string().nullable(),
  position,
  committedAt: z.string().nullable(),
  isLive: z.boolean(),
  row,
});
const quarantined = z.looseObject({
  code: z.string(),
  message: z.string(),
  advice: z.string(),
  attempts: z.number(),
  lastAt: z.string(),
  resolvedAt: z.string().nullable(),
  discardedAt: z.string().nullish(),
  position,
});
const schema = z.looseObject({
  answer: z.string(),
  roots: z.array(
    z.looseObject({
      pipeline: z.string(),
      table: z.string(),
      key: z.string(),
      moreParts: z.number(),
      state: z.string(),
      v2: z.array(landed),
      v3: z.array(z.looseObject({ table: z.string(), key: z.string(), row })),
      adopted: z.array(z.looseObject({ table: z.string(), id: z.string() })),
      written: z
        .looseObject({ run: z.string(), at: z.string(), version: z.string(), isOutdated: z.boolean() })
        .nullable(),
      losses: z.array(z.looseObject({ part: z.string(), code: z.string(), column: z.string(), count: z.number() })),
      due: z.looseObject({ attempts: z.number(), notBefore: z.string().nullable() }).nullable(),
      waitsFor: z.array(z.looseObject({ table: z.string(), key: z.string(), since: z.string() })),
      quarantine: z.array(quarantined),
      workflow: z.looseObject({ id: z.string(), run: z.string().nullable(), url: z.string().nullable() }),
    }),
  ),
  moreRoots: z.number(),
  quarantinedEvents: z.array(quarantined),
});
export type ExplanationView = z.infer<typeof schema>;

export async function explain(
  context: Context,
  { table, key, whole }: Extract<Command, { readonly name: 'explain' }>,
): Promise<ExitCode> {
  const asked = new URLSearchParams({ table, key, show: whole ? 'whole' : 'concerned' });
  const found = await context.api.get(`/explain?${asked.toString()}`, schema);
  if (context.json) print(context, found);
  else context.output.write(`${explanationText(found).join('\n')}\n`);
  return exitCodes.done;
}

function explanationText(found: ExplanationView): readonly string[] {
  const lines = [found.answer];
  for (const event of found.quarantinedEvents) lines.push(...quarantineLines('an event of it', event));
  for (const root of found.roots) {
    const { written, workflow, due } = root;
    lines.push('', `${root.table} ${root.key}, pipeline ${root.pipeline}: ${root.state}`);
    if (written !== null)
      lines.push(
        `  written ${instant(written.at)} by run ${workflow.url ?? written.run}`,
        `  transformation ${written.version}${written.isOutdated ? '; the pipeline has another one now' : ''}`,
      );
    if (due !== null)
      lines.push(
        `  due to be derived${due.notBefore === null ? '' : `, not before ${instant(due.notBefore)}`}, ${due.attempts} tries so far`,
      );
    for (const each of root.waitsFor) lines.push(`  waits since ${instant(each.since)} for ${each.table} ${each.key}`);
    for (const each of root.quarantine) lines.push(...quarantineLines('it', each));
    for (const { code, column, count, part } of root.losses)
      lines.push(`  lost on the way: ${code} ${column}, ${count} times${part === '' ? '' : ` (part ${part})`}`);
    lines.push('  v2 rows');
    for (const each of root.v2)
      lines.push(
        `    ${each.path ?? ''}  ${each.table} ${each.key ?? ''}${each.isLive ? '' : ' (deleted)'}${each.position === null ? '' : `  ${each.position.topic}/${each.position.partition}@${each.position.offset}`}${each.committedAt === null ? '' : `  ${instant(each.committedAt)}`}`,
        `      ${values(each.row)}`,
      );
    if (root.v3.length > 0) lines.push('  v3 rows');
    for (const each of root.v3)
      lines.push(`    ${each.table} ${each.key}`, `      ${each.row === null ? 'is not there' : values(each.row)}`);
    for (const each of root.adopted) lines.push(`    ${each.table} ${each.id}  v3's own, adopted`);
    if (root.moreParts > 0) lines.push(`  ${root.moreParts} other part(s) of it: --whole shows them`);
  }
  if (found.moreRoots > 0) lines.push('', `and ${found.moreRoots} more`);
  return lines;
}

function quarantineLines(what: string, each: z.infer<typeof quarantined>): readonly string[] {
  const { position: at } = each;
  const given = each.discardedAt ? `was discarded ${instant(each.discardedAt)}` : 'is in quarantine';
  const ended = each.resolvedAt === null ? given : `was in quarantine until ${instant(each.resolvedAt)}`;
  return [
    `  ${what} ${ended}${at === null ? '' : ` (${at.topic}/${at.partition}@${at.offset})`}: ${each.code}, ${each.attempts} tries, last ${instant(each.lastAt)}`,
    `    ${each.message}${each.advice === '' ? '' : ` ${each.advice}`}`,
  ];
}

/** What is not there says nothing. */
function values(row: Readonly<Record<string, unknown>> | null): string {
  return Object.entries(row ?? {})
    .filter(([, value]) => value !== null && value !== '')
    .map(([column, value]) => `${column}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
