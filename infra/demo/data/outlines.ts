// Outlines of councils on the map, as eLMIS keeps them: GeoJSON in a text column, mostly right.
import { timestampText } from './calendar.ts';
import type { Rows } from './row-values.ts';
import type { Random } from '../random.ts';

export function zoneOutlines(
  random: Random,
  zones: Rows<'public.geographic_zones'>,
): Rows<'public.geographic_zone_geojson'> {
  const drawn = zones.filter(({ levelid }) => levelid === 4 && random.chance(0.7));
  const geometries = drawn.map(({ id, latitude, longitude }) => {
    const centre = [Number(longitude ?? 35), Number(latitude ?? -6)] as const;
    // Some have so many corners that PostgreSQL stores them out of line.
    const ring = (): [number, number][] => outline(random, { centre, corners: random.chance(0.1) ? 900 : 12 });
    if (random.chance(0.03)) return { id, geometry: random.pick(['', 'POLYGON((35 -6))', '{"type":"Polygon"}']) };
    return {
      id,
      geometry: JSON.stringify(
        random.chance(0.1)
          ? { type: 'MultiPolygon', coordinates: [[ring()], [ring()]] }
          : { type: 'Polygon', coordinates: [ring()] },
      ),
    };
  });
  return [...geometries, { id: null, geometry: null }].map(({ id, geometry }, index) => ({
    id: index + 1,
    zoneid: id,
    geojsonid: index,
    geometry,
    createddate: timestampText(Date.UTC(2014, 6, 1)),
  }));
}

function outline(
  random: Random,
  { centre: [longitude, latitude], corners }: { readonly centre: readonly [number, number]; readonly corners: number },
): [number, number][] {
  const around = Array.from({ length: corners }, (_, corner): [number, number] => {
    const angle = (corner / corners) * 2 * Math.PI;
    const radius = 0.2 + random.fraction() / 10;
    return [longitude + radius * Math.cos(angle), latitude + radius * Math.sin(angle)];
  });
  return [...around, around[0] ?? [longitude, latitude]];
}
