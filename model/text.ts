// Texts that people and programs give us, as they can be kept: PostgreSQL takes every character but NUL.
import { z } from 'zod';

/* oxlint-disable no-control-regex -- that one is meant */
const withoutNul = /^[^\u0000]*$/;
const withoutNulOrBlank = /^[^\u0000]*[^\s\u0000][^\u0000]*$/;
/* oxlint-enable no-control-regex */

export const text = z.string('is missing').regex(withoutNul, 'must not hold the character NUL');

/** Without its margins. */
export const notBlank = z
  .string('is missing')
  .regex(withoutNulOrBlank, 'must not be blank, nor hold the character NUL')
  .trim();
