// Geographic zones: the tree in which facilities stand. A zone waits for its parent, so the tree grows from its root.
import { definePipeline, many, references, source, target } from '../definition.ts';
import { boundary } from './boundary.ts';

export const geographicZones = definePipeline({
  name: 'geographic-zones',
  summary: 'The geographic tree: country, MSD zones, regions, councils, with their outlines.',
  root: source('public.geographic_zones', {
    columns: ['id', 'code', 'name', 'levelid', 'parentid', 'catchmentpopulation', 'latitude', 'longitude'],
    // One each, as eLMIS means it; nothing in v2 keeps it so.
    joins: { outlines: many('public.geographic_zone_geojson', { on: { zoneid: 'id' }, columns: ['geometry'] }) },
  }),
  owns: {
    zones: target('referencedata.geographic_zones', {
      key: ['id'],
      adoptable: true,
      references: [
        references('levelid', 'referencedata.geographic_levels'),
        references('parentid', 'referencedata.geographic_zones'),
      ],
    }),
  },
  derive: ({ outlines, ...zone }, { id, loss }) => ({
    zones: [
      {
        id: id('geographic_zones', zone.id),
        code: zone.code,
        name: zone.name,
        levelid: id('geographic_levels', zone.levelid),
        parentid: zone.parentid === null ? null : id('geographic_zones', zone.parentid),
        catchmentpopulation: zone.catchmentpopulation,
        latitude: zone.latitude,
        longitude: zone.longitude,
        boundary: boundary(outlines.at(-1)?.geometry ?? null, { loss }),
      },
    ],
  }),
});
