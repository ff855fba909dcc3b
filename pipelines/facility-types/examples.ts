// A type that v3 brought itself, and two of v2's own.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { facilityTypes } from './facility-types.ts';

export const examples: readonly Example<typeof facilityTypes>[] = [
  {
    title: "the warehouse: v3's own row has this code and is adopted, so this one is never written",
    root: { id: 1, code: 'Warehouse', name: 'MSD Warehouse', description: null, displayorder: 1, active: true },
    rows: {
      types: [
        {
          id: id('facility_types', 1),
          code: 'Warehouse',
          name: 'MSD Warehouse',
          description: null,
          displayorder: 1,
          active: true,
          primaryhealthcare: false,
        },
      ],
    },
  },
  {
    title: 'a dispensary',
    root: { id: 2, code: 'disp', name: 'Dispensary', description: 'Ward level', displayorder: 2, active: true },
    rows: {
      types: [
        {
          id: id('facility_types', 2),
          code: 'disp',
          name: 'Dispensary',
          description: 'Ward level',
          displayorder: 2,
          active: true,
          primaryhealthcare: false,
        },
      ],
    },
  },
  {
    title: 'a type of which v2 says as little as it may',
    root: { id: 3, code: 'hc', name: 'Health Centre', description: null, displayorder: null, active: null },
    rows: {
      types: [
        {
          id: id('facility_types', 3),
          code: 'hc',
          name: 'Health Centre',
          description: null,
          displayorder: null,
          active: null,
          primaryhealthcare: false,
        },
      ],
    },
  },
];
