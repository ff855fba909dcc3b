// The rows behind a figure of a report, for somebody who doubts it: of v2 as they landed, of v3 as the report reads them.
import { z } from 'zod';
import type { Command } from '../arguments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { print } from './context.ts';
import type { Context } from './context.ts';

const text = z.record(z.string(), z.string().nullable());
const reportsSchema = z.looseObject({
  reports: z.array(z.looseObject({ report: z.string(), group: z.array(z.string()), figures: z.array(z.string()) })),
});
const figureSchema = z.looseObject({
  report: z.string(),
  group: text,
  figures: z.looseObject({ v2: text.nullable(), v3: text.nullable() }),
  rows: z.array(z.looseObject({ side: z.enum(['v2', 'v3']), row: text })),
  moreRows: z.number(),
});

export async function figure(
  context: Context,
  { report, group, limit }: Extract<Command, { readonly name: 'figure' }>,
): Promise<ExitCode> {
  if (report === null) {
    const found = await context.api.get('/reports', reportsSchema);
    if (context.json) print(context, found);
    else
      for (const each of found.reports)
        context.output.write(
          `${each.report}\n  mkondo figure '${each.report}' ${each.group.map((column) => `${column}=...`).join(' ')}\n`,
        );
    return exitCodes.done;
  }
  const query = new URLSearchParams({ report, group: JSON.stringify(group), limit: String(limit) });
  const found = await context.api.get(`/reports/figure?${query.toString()}`, figureSchema);
  if (context.json) print(context, found);
  else context.output.write(`${figureText(found).join('\n')}\n`);
  return exitCodes.done;
}

function figureText({ report, group, figures, rows, moreRows }: z.infer<typeof figureSchema>): readonly string[] {
  return [
    report,
    `  ${values(group)}`,
    ...(['v2', 'v3'] as const).map(
      (side) => `  ${side}  ${figures[side] === null ? 'has no such figure' : values(figures[side])}`,
    ),
    ...rows.map(({ side, row }) => `    ${side}  ${values(row)}`),
    ...(moreRows > 0 ? [`    and ${moreRows} more`] : []),
  ];
}

function values(row: z.infer<typeof text>): string {
  return Object.entries(row)
    .map(([column, value]) => `${column}=${value ?? '-'}`)
    .join(' ');
}
