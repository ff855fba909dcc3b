// Where the command line finds the API, read once from the environment.
import { z } from 'zod';
import { readEndpoints } from '../infra/local/endpoints.ts';
import { readLocalSettings } from '../infra/local/settings.ts';
import { CommandError, exitCodes } from './exit-codes.ts';

const schema = z.object({
  MKONDO_API_URL: z.url('must be a URL').optional().describe('address of the REST API'),
  MKONDO_API_TOKEN: z.string().min(1).optional().describe('bearer token for the REST API'),
  /** Who asks, where no token says it. */
  USER: z.string().min(1).optional(),
  NO_COLOR: z.string().optional(),
});

export interface CliSettings {
  readonly api: string;
  readonly token: string | undefined;
  readonly user: string | undefined;
  readonly hasColour: boolean;
}

/** @throws CommandError, code `usage` */
export async function readCliSettings(
  environment: NodeJS.ProcessEnv,
  given: { readonly api: string | undefined; readonly isTerminal: boolean },
): Promise<CliSettings> {
  const result = schema.safeParse({ ...environment, MKONDO_API_URL: given.api ?? environment['MKONDO_API_URL'] });
  if (!result.success) {
    const faults = result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    throw new CommandError(exitCodes.usage, `${faults.join('; ')}.`);
  }
  const { MKONDO_API_URL, MKONDO_API_TOKEN, USER, NO_COLOR } = result.data;
  return {
    api: (MKONDO_API_URL ?? (await localApi(environment))).replace(/\/$/, ''),
    token: MKONDO_API_TOKEN,
    user: USER,
    hasColour: given.isTerminal && (NO_COLOR ?? '') === '',
  };
}

async function localApi(environment: NodeJS.ProcessEnv): Promise<string> {
  try {
    return (await readEndpoints(readLocalSettings(environment).stateDir)).api;
  } catch {
    throw new CommandError(
      exitCodes.usage,
      'No API is known, and no local stack runs. Give --api URL, set MKONDO_API_URL, or start the local stack with `npm start`.',
    );
  }
}
