// Has v3 compared with what landed (or with v2), and shows what was found.
import { z } from 'zod';
import type { Command } from '../arguments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { pauseFor, print, resolvePipelines } from './context.ts';
import type { Context } from './context.ts';

const verificationSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  differences: z.number().nullable(),
  result: z.looseObject({ answer: z.string().optional(), message: z.string().optional() }).nullish(),
});
type Verification = z.infer<typeof verificationSchema>;

const foundSchema = z.looseObject({
  landing: verificationSchema.nullable(),
  v2: verificationSchema.nullable(),
  running: z.array(verificationSchema),
  differences: z.array(
    z.looseObject({ kind: z.string(), table: z.string(), key: z.string(), root: z.string(), cause: z.string() }),
  ),
});
type Found = z.infer<typeof foundSchema>;

const begunSchema = z.looseObject({ answer: z.string() });
const LOOK_MS = 1_000;
const SHOWN = 20;

export async function verify(
  context: Context,
  { pipelines, against, wait }: Extract<Command, { readonly name: 'verify' }>,
): Promise<ExitCode> {
  const { api, output, json, signal } = context;
  let worst: ExitCode = exitCodes.done;
  for (const pipeline of await resolvePipelines(api, pipelines)) {
    const read = (): Promise<Found> => api.get(`/pipelines/${pipeline}/verification`, foundSchema);
    const before = (await read())[against]?.id;
    const begun = await api.post(`/pipelines/${pipeline}/verify`, { against }, begunSchema);
    if (!wait) {
      if (json) print(context, { pipeline, ...begun });
      else output.write(`${pipeline}: ${begun.answer}\n`);
      continue;
    }
    // One that was under way already is as good: it is the next to end.
    let found = await read();
    while (found[against] === null || found[against].id === before) {
      if (!(await pauseFor(LOOK_MS, signal))) {
        output.complain(`It goes on without you; mkondo status ${pipeline} has what it finds.`);
        return exitCodes.interrupted;
      }
      found = await read();
    }
    const ended = found[against];
    if (json) print(context, { pipeline, verification: ended, differences: found.differences });
    else output.write(`${linesOf(pipeline, ended, found).join('\n')}\n`);
    if (ended.state !== 'done' || (ended.differences ?? 0) > 0) worst = exitCodes.failed;
  }
  return worst;
}

function linesOf(pipeline: string, ended: Verification, { differences }: Found): readonly string[] {
  const said = ended.result?.answer ?? ended.result?.message ?? '';
  const head = `${pipeline}: ${ended.state === 'done' ? `${ended.differences ?? 0} differences` : ended.state}${said === '' ? '' : `. ${said}`}`;
  if ((ended.differences ?? 0) === 0) return [head];
  return [
    head,
    ...differences
      .slice(0, SHOWN)
      .map(({ kind, table, key, root, cause }) => `  ${kind} ${table} ${key} (root ${root}, cause: ${cause})`),
  ];
}
