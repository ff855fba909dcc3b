// Who may ask the API for what. A token names its holder and his role; a viewer reads, an operator has pipelines do things,
// an admin sees the audit and decides what stands for good. Tokens are kept as hashes, in a file or in the environment.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Config } from '../model/config.ts';
import { MkondoError } from '../model/errors.ts';

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

export interface Token {
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token's text, in hex. */
  readonly sha256: string;
}

export interface Actor {
  readonly name: string;
  readonly role: Role;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where nobody is asked for a token: /healthz, /metrics, or a local demo. */
    actor: Actor | null;
  }
  interface FastifyContextConfig {
    /** Least role; by default a viewer's for GET, an operator's for all else. 'anybody' needs no token. */
    readonly role?: Role | 'anybody';
  }
}

const tokensSchema = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[\w.@ -]{1,80}$/, 'must be a name of at most 80 letters, digits and . @ _ -'),
      role: z.enum(roles, `must be one of ${roles.join(', ')}`),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be the token's SHA-256, 64 hex digits"),
    }),
  )
  .min(1, 'holds no token')
  .refine((tokens) => new Set(tokens.map(({ name }) => name)).size === tokens.length, 'names one holder twice');

/** Null: nobody is asked. @throws MkondoError CONFIG_INVALID */
export function readTokens(
  config: Pick<Config, 'MKONDO_API_AUTH' | 'MKONDO_API_TOKENS' | 'MKONDO_API_TOKENS_FILE' | 'MKONDO_API_HOST'>,
): readonly Token[] | null {
  if (config.MKONDO_API_AUTH === 'off') {
    if (/^(127(\.\d{1,3}){3}|localhost|::1)$/.test(config.MKONDO_API_HOST)) return null;
    throw invalid(
      `MKONDO_API_AUTH is 'off', but the API would listen at ${config.MKONDO_API_HOST}, where others can reach it`,
      'Give tokens (MKONDO_API_TOKENS_FILE), or let the API listen at 127.0.0.1.',
    );
  }
  const { MKONDO_API_TOKENS: inEnvironment, MKONDO_API_TOKENS_FILE: file } = config;
  if (inEnvironment === undefined && file === undefined)
    throw invalid(
      'No tokens are given, so that nobody could ask the API for anything',
      'Set MKONDO_API_TOKENS_FILE (or MKONDO_API_TOKENS) to [{"name": "asha", "role": "operator", "sha256": "..."}]; for a demo on this machine alone, MKONDO_API_AUTH=off.',
    );
  const source = inEnvironment === undefined ? `The file ${String(file)}` : 'MKONDO_API_TOKENS';
  let given: unknown;
  try {
    given = JSON.parse(inEnvironment ?? readFileSync(file as string, 'utf8'));
  } catch (cause) {
    throw invalid(`${source} cannot be read as JSON`, 'See docs/rest.md for its form.', cause);
  }
  const result = tokensSchema.safeParse(given);
  if (result.success) return result.data;
  // Paths and expectations; never what stands there.
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim());
  throw invalid(`${source} is not valid: ${faults.join('; ')}`, 'See docs/rest.md for its form.');
}

function invalid(message: string, advice: string, cause?: unknown): MkondoError {
  return new MkondoError('CONFIG_INVALID', `${message}.`, { advice, cause });
}

/** Compares with a token's hash; `timingSafeEqual`, or a test that counts. */
export type Compare = (a: Buffer, b: Buffer) => boolean;

/**
 * The holder of a token; null for one that nobody holds. Hashes of one length are compared, with every known token whether or
 * not one has fitted: how long it takes tells nothing.
 */
export function createFindHolder(tokens: readonly Token[], compare: Compare = timingSafeEqual) {
  const known = tokens.map(({ name, role, sha256 }) => ({ actor: { name, role }, hash: Buffer.from(sha256, 'hex') }));
  return (token: string): Actor | null => {
    const hash = createHash('sha256').update(token).digest();
    let found: Actor | null = null;
    for (const each of known) if (compare(each.hash, hash)) found = each.actor;
    return found;
  };
}

/** Asks every request for its token and role. @throws in a request MkondoError TOKEN_REQUIRED, ROLE_REQUIRED */
export function registerAuth(app: FastifyInstance, tokens: readonly Token[] | null): void {
  app.decorateRequest('actor', null);
  if (tokens === null) return;
  const holderOf = createFindHolder(tokens);
  app.addHook('onRequest', async (request, reply) => {
    const needed = neededRole(request);
    if (needed === 'anybody') return;
    const [, token = ''] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    request.actor = holderOf(token);
    if (request.actor === null) {
      void reply.header('www-authenticate', 'Bearer');
      throw new MkondoError('TOKEN_REQUIRED', 'The request carries no token that the API knows.', {
        advice: 'Send the header "Authorization: Bearer <token>"; an admin of this installation gives tokens.',
      });
    }
    const { name, role } = request.actor;
    if (roles.indexOf(role) < roles.indexOf(needed))
      throw new MkondoError(
        'ROLE_REQUIRED',
        `${name} is ${role}; ${request.method} ${request.url} is for ${needed}s.`,
        {
          advice: `Ask somebody who is ${needed}, or an admin for that role. The attempt is in the audit.`,
        },
      );
  });
}

function neededRole({ method, routeOptions }: FastifyRequest): Role | 'anybody' {
  return routeOptions.config?.role ?? (method === 'GET' || method === 'HEAD' ? 'viewer' : 'operator');
}
