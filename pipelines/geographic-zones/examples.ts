// One branch of Tanzania's tree, from the country down to a council.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { geographicZones } from './geographic-zones.ts';

export const examples: readonly Example<typeof geographicZones>[] = [
  {
    title: 'the root of the tree has no parent',
    root: {
      id: 1,
      code: 'TZ',
      name: 'Tanzania',
      levelid: 1,
      parentid: null,
      catchmentpopulation: 54_000_000,
      latitude: '-6.36903',
      longitude: '34.88882',
      outlines: [],
    },
    rows: {
      zones: [
        {
          id: id('geographic_zones', 1),
          code: 'TZ',
          name: 'Tanzania',
          levelid: id('geographic_levels', 1),
          parentid: null,
          catchmentpopulation: 54_000_000,
          latitude: '-6.36903',
          longitude: '34.88882',
          boundary: null,
        },
      ],
    },
  },
  {
    title: 'an MSD zone, of which v2 knows no place',
    root: {
      id: 2,
      code: 'MSD-DOM',
      name: 'Dodoma Zone',
      levelid: 2,
      parentid: 1,
      catchmentpopulation: null,
      latitude: null,
      longitude: null,
      outlines: [],
    },
    rows: {
      zones: [
        {
          id: id('geographic_zones', 2),
          code: 'MSD-DOM',
          name: 'Dodoma Zone',
          levelid: id('geographic_levels', 2),
          parentid: id('geographic_zones', 1),
          catchmentpopulation: null,
          latitude: null,
          longitude: null,
          boundary: null,
        },
      ],
    },
  },
  {
    title: 'a region',
    root: {
      id: 3,
      code: 'DOM',
      name: 'Dodoma',
      levelid: 3,
      parentid: 2,
      catchmentpopulation: 2_083_588,
      latitude: '-6.17222',
      longitude: '35.73950',
      outlines: [],
    },
    rows: {
      zones: [
        {
          id: id('geographic_zones', 3),
          code: 'DOM',
          name: 'Dodoma',
          levelid: id('geographic_levels', 3),
          parentid: id('geographic_zones', 2),
          catchmentpopulation: 2_083_588,
          latitude: '-6.17222',
          longitude: '35.73950',
          boundary: null,
        },
      ],
    },
  },
  {
    title: 'a council, with its newest outline',
    root: {
      id: 4,
      code: 'DOM-MC',
      name: 'Dodoma MC',
      levelid: 4,
      parentid: 3,
      catchmentpopulation: 410_956,
      latitude: null,
      longitude: null,
      outlines: [
        { geometry: null },
        {
          geometry: '{"type":"Polygon","coordinates":[[[35.6,-6.1],[35.9,-6.1],[35.9,-6.3],[35.6,-6.1]]]}',
        },
      ],
    },
    rows: {
      zones: [
        {
          id: id('geographic_zones', 4),
          code: 'DOM-MC',
          name: 'Dodoma MC',
          levelid: id('geographic_levels', 4),
          parentid: id('geographic_zones', 3),
          catchmentpopulation: 410_956,
          latitude: null,
          longitude: null,
          boundary: 'SRID=4326;MULTIPOLYGON(((35.6 -6.1,35.9 -6.1,35.9 -6.3,35.6 -6.1)))',
        },
      ],
    },
  },
];
