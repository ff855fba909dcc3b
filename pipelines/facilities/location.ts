// A facility's place on the map.
import type { DeriveContext } from '../definition.ts';

/**
 * The point as PostGIS reads it (EWKT, WGS 84, longitude first), or NULL where v2 has no point. Half a point, or one that
 * is not a number, is no point either, and is recorded as a loss.
 */
export function location(
  place: { readonly latitude: string | null; readonly longitude: string | null },
  { loss }: Pick<DeriveContext, 'loss'>,
): string | null {
  const { latitude, longitude } = place;
  if (latitude === null && longitude === null) return null;
  if (latitude === null || longitude === null || latitude === 'NaN' || longitude === 'NaN') {
    loss('VALUE_WITHOUT_HOME', 'facilities.location');
    return null;
  }
  return `SRID=4326;POINT(${longitude} ${latitude})`;
}
