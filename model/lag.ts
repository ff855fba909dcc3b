// How far each pipeline is behind Kafka, from the topics' ends and the positions in our schema, looked at every few seconds.
import type { Offsets } from '../activities/contract.ts';

/** When a partition's end was first seen at an offset. */
interface Seen {
  readonly atMs: number;
  readonly offset: number;
}

/** Per partition, ends that are not reached yet, oldest first. */
export type Unreached = Readonly<Record<string, readonly Seen[]>>;

export interface Lag {
  readonly events: number;
  readonly seconds: number;
}

const MOST_SEEN = 1_000;

export function observe(
  unreached: Unreached,
  now: { readonly ends: Offsets; readonly positions: Offsets; readonly nowMs: number },
): Unreached {
  const { ends, positions, nowMs } = now;
  return Object.fromEntries(
    Object.entries(ends).flatMap(([partition, offset]) => {
      const known = unreached[partition] ?? [];
      const seen = offset > (known.at(-1)?.offset ?? 0) ? [...known, { atMs: nowMs, offset }] : known;
      const left = seen.filter(({ offset: end }) => end > (positions[partition] ?? 0));
      // The oldest says how long; of the rest, half will do.
      const kept = left.length > MOST_SEEN ? left.filter((_, index) => index === 0 || index % 2 === 1) : left;
      return kept.length === 0 ? [] : [[partition, kept]];
    }),
  );
}

/** Seconds are since the oldest end that is not reached was seen: 0 when all are. */
export function lagOf(unreached: Unreached, positions: Offsets, nowMs: number): Lag {
  const partitions = Object.entries(unreached);
  const oldestMs = Math.min(nowMs, ...partitions.map(([, seen]) => seen[0]?.atMs ?? nowMs));
  const events = partitions.reduce(
    (sum, [partition, seen]) => sum + Math.max(0, (seen.at(-1)?.offset ?? 0) - (positions[partition] ?? 0)),
    0,
  );
  return { events, seconds: (nowMs - oldestMs) / 1000 };
}
