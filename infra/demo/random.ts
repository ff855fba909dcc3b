// Seeded chance: the same seed gives the same demo data and the same simulated actions on every machine.

/** A source of choices. `fork` gives an independent source, so that one part may draw more without moving the others. */
export interface Random {
  /** At least 0, below 1. */
  readonly fraction: () => number;
  /** Both ends included. */
  readonly integer: (from: number, to: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(from: readonly T[]) => T;
  /** Each item with its weight; weights need not sum to one. */
  readonly pickWeighted: <T>(from: readonly (readonly [T, number])[]) => T;
  /** A new array in another order. */
  readonly shuffle: <T>(items: readonly T[]) => T[];
  /** Letters and digits that no compression shortens by much, so that PostgreSQL stores long ones out of line. */
  readonly noise: (length: number) => string;
  readonly fork: (label: string) => Random;
}

export function createRandom(seed: number | string): Random {
  const fraction = smallFastCounter(hash(String(seed)));
  const integer = (from: number, to: number): number => from + Math.floor(fraction() * (to - from + 1));
  return {
    fraction,
    integer,
    chance: (probability) => fraction() < probability,
    pick: (from) => {
      if (from.length === 0) throw new Error('Nothing to pick from');
      return from[integer(0, from.length - 1)] as (typeof from)[number];
    },
    pickWeighted: (from) => {
      let left = fraction() * from.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [item, weight] of from) {
        left -= weight;
        if (left < 0) return item;
      }
      throw new Error('Nothing to pick from');
    },
    shuffle: (items) => {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = integer(0, last);
        [shuffled[last], shuffled[other]] = [shuffled[other] as never, shuffled[last] as never];
      }
      return shuffled;
    },
    noise: (length) => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      return Array.from({ length }, () => alphabet[integer(0, 63)]).join('');
    },
    fork: (label) => createRandom(`${seed}/${label}`),
  };
}

/** 32 bit FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}

/** sfc32 (Chris Doty-Humphrey, public domain): good enough by far for choices, and fast. */
function smallFastCounter(seed: number): () => number {
  let [a, b, c, counter] = [seed, 0x9e3779b9, 0x243f6a88, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}
