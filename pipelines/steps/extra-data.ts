// v3's `extradata`: where a v2 value goes that has no column of its own.
import type { Json } from '../catalog/types.ts';

/**
 * The values that are there, under their v2 names, in the order given. v2's numerics stay text: JSON readers would round
 * them. NULL when nothing is there.
 */
export function extraData(values: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> | null {
  const present = Object.entries(values).filter(([, value]) => value !== null);
  return present.length === 0 ? null : Object.fromEntries(present);
}
