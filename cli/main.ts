// `npx mkondo status`, `npm run mkondo -- status`: what operators do, in a terminal, over the REST API.
import { parseArguments, usage } from './arguments.ts';
import type { Command } from './arguments.ts';
import { connectApi } from './api-client.ts';
import type { Context } from './commands/context.ts';
import { cancel } from './commands/cancel.ts';
import { events } from './commands/events.ts';
import { experiment } from './commands/experiment.ts';
import { explain } from './commands/explain.ts';
import { figure } from './commands/figure.ts';
import { operate } from './commands/operate.ts';
import { quarantine } from './commands/quarantine.ts';
import { status } from './commands/status.ts';
import { verify } from './commands/verify.ts';
import { CommandError, exitCodes } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Output } from './output.ts';
import { readCliSettings } from './settings.ts';

const { stdout, stderr } = process;
// Whoever reads may stop reading: `mkondo status | head`.
stdout.on('error', () => process.exit(exitCodes.done));
process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<ExitCode> {
  const json = argv.includes('--json');
  try {
    const command = parseArguments(argv);
    if (command.name === 'help') {
      stdout.write(usage);
      return exitCodes.done;
    }
    return await run(command);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    stderr.write(`${json && error.problem !== null ? JSON.stringify(error.problem) : error.message}\n`);
    return error.exitCode;
  }
}

async function run(command: Exclude<Command, { readonly name: 'help' }>): Promise<ExitCode> {
  const isTerminal = stdout.isTTY;
  const settings = await readCliSettings(process.env, { api: command.api, isTerminal });
  const output: Output = {
    isTerminal,
    columns: stdout.columns ?? 120,
    hasColour: settings.hasColour,
    write: (text) => void stdout.write(text),
    complain: (line) => void stderr.write(`${line}\n`),
  };
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.abort());
  const context: Context = {
    api: connectApi({ url: settings.api, token: settings.token }),
    output,
    json: command.json,
    // A token says itself who asks.
    user: settings.token === undefined ? settings.user : undefined,
    signal: interruption.signal,
  };
  if (command.name === 'status') return status(context, command);
  if (command.name === 'operate') return operate(context, command);
  if (command.name === 'verify') return verify(context, command);
  if (command.name === 'figure') return figure(context, command);
  if (command.name === 'experiment') return experiment(context, command);
  if (command.name === 'quarantine') return quarantine(context, command);
  if (command.name === 'events') return events(context, command);
  if (command.name === 'cancel') return cancel(context, command);
  return explain(context, command);
}
