// Tokens: what is read, what is refused at the start, and that looking for one always costs the same.
import { createHash, timingSafeEqual } from 'node:crypto';
import { expect, test } from 'vitest';
import { createFindHolder, readTokens } from './auth.ts';
import type { Token } from './auth.ts';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const tokens: readonly Token[] = [
  { name: 'asha', role: 'viewer', sha256: sha256('first') },
  { name: 'juma', role: 'operator', sha256: sha256('second') },
  { name: 'neema', role: 'admin', sha256: sha256('third') },
];

test.each(['first', 'third', 'wrong', '', 'x'.repeat(100_000)])(
  '%.8s is compared with every token, at one length',
  (token) => {
    const compared: number[] = [];
    const find = createFindHolder(tokens, (a, b) => {
      compared.push(a.length, b.length);
      return timingSafeEqual(a, b);
    });
    expect(find(token)?.name ?? null).toBe({ first: 'asha', third: 'neema' }[token] ?? null);
    expect(compared).toEqual([32, 32, 32, 32, 32, 32]);
  },
);

const given = (settings: object) =>
  readTokens({
    MKONDO_API_AUTH: 'tokens',
    MKONDO_API_HOST: '0.0.0.0',
    MKONDO_API_TOKENS: undefined,
    MKONDO_API_TOKENS_FILE: undefined,
    ...settings,
  });

test('tokens come from the environment; nobody is asked on this machine alone', () => {
  expect(given({ MKONDO_API_TOKENS: JSON.stringify(tokens) })).toEqual(tokens);
  for (const host of ['127.0.0.1', 'localhost', '::1'])
    expect(given({ MKONDO_API_AUTH: 'off', MKONDO_API_HOST: host })).toBeNull();
});

test.each([
  [{ MKONDO_API_AUTH: 'off' }, /others can reach it/],
  [{ MKONDO_API_AUTH: 'off', MKONDO_API_HOST: '127.0.0.1.example.org' }, /others can reach it/],
  [{}, /No tokens are given/],
  [{ MKONDO_API_TOKENS: 'secret-text' }, /cannot be read as JSON/],
  [{ MKONDO_API_TOKENS_FILE: '/no/such/file' }, /cannot be read/],
  [{ MKONDO_API_TOKENS: '[]' }, /holds no token/],
  [
    { MKONDO_API_TOKENS: '[{"name":"a","role":"king","sha256":"secret-text"}]' },
    /0\.role must be one of.*0\.sha256 must be/,
  ],
  [{ MKONDO_API_TOKENS: JSON.stringify([tokens[0], tokens[0]]) }, /names one holder twice/],
])('%j does not start', (settings, message) => {
  let fault: unknown;
  try {
    given(settings);
  } catch (error) {
    fault = error;
  }
  expect(fault).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });
  expect(String(fault)).not.toContain('secret-text');
});
