// Schedules whose names are equal in v2, which v3 does not permit.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { processingSchedules } from './processing-schedules.ts';

export const examples: readonly Example<typeof processingSchedules>[] = [
  {
    title: 'the name carries the code',
    root: {
      id: 1,
      code: 'groupA',
      name: 'Bimonthly',
      description: 'Reports in odd months',
      modifieddate: '2014-01-01 00:00:00',
    },
    rows: {
      schedules: [
        {
          id: id('processing_schedules', 1),
          code: 'groupA',
          name: 'Bimonthly (groupA)',
          description: 'Reports in odd months',
          modifieddate: '2014-01-01 00:00:00 Africa/Dar_es_Salaam',
        },
      ],
    },
  },
  {
    title: 'a second schedule of the same name',
    root: { id: 2, code: 'groupB', name: 'BIMONTHLY', description: null, modifieddate: null },
    rows: {
      schedules: [
        {
          id: id('processing_schedules', 2),
          code: 'groupB',
          name: 'BIMONTHLY (groupB)',
          description: null,
          modifieddate: null,
        },
      ],
    },
  },
];
