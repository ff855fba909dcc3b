import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';
import type { Random } from './random.ts';

const draws = (random: Random): readonly number[] => Array.from({ length: 20 }, () => random.integer(0, 1_000_000));

describe('createRandom', () => {
  it('gives the same choices for the same seed, other choices for another', () => {
    expect(draws(createRandom(7))).toEqual(draws(createRandom(7)));
    expect(draws(createRandom(7))).not.toEqual(draws(createRandom(8)));
  });

  it('gives a fork the same choices however much its parent drew before', () => {
    const drawn = createRandom(7);
    draws(drawn);
    expect(draws(drawn.fork('products'))).toEqual(draws(createRandom(7).fork('products')));
  });

  it('reaches both ends of a range and nothing beyond', () => {
    const random = createRandom(1);
    const seen = new Set(Array.from({ length: 1000 }, () => random.integer(3, 5)));
    expect(seen).toEqual(new Set([3, 4, 5]));
  });

  it('never picks what has no weight', () => {
    const random = createRandom(1);
    const picked = Array.from({ length: 200 }, () =>
      random.pickWeighted([
        ['never', 0],
        ['always', 1],
      ] as const),
    );
    expect(new Set(picked)).toEqual(new Set(['always']));
  });

  it('makes noise that compression cannot shorten below what PostgreSQL keeps in line', async () => {
    const { deflateSync } = await import('node:zlib');
    expect(deflateSync(createRandom(1).noise(12_000)).length).toBeGreaterThan(8000);
  });
});
