// Ends an operation, or a verification, before it is done.
import { z } from 'zod';
import type { CancelCommand } from '../arguments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { print } from './context.ts';
import type { Context } from './context.ts';

const answerSchema = z.looseObject({ answer: z.string() });

export async function cancel(context: Context, { id, body }: CancelCommand): Promise<ExitCode> {
  const { api, output, json, user } = context;
  const asked = { ...(user === undefined ? {} : { by: user }), ...body };
  const said = await api.post(`/operations/${encodeURIComponent(id)}/cancel`, asked, answerSchema);
  if (json) print(context, { id, ...said });
  else output.write(`${said.answer}\n`);
  return exitCodes.done;
}
