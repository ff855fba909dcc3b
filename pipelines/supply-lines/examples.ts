// A line as usual, and one without a node, which v2 permits and v3 does not.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { supplyLines } from './supply-lines.ts';

export const examples: readonly Example<typeof supplyLines>[] = [
  {
    title: 'a facility that supplies what a node approves',
    root: { id: 1, description: 'MSD Dodoma', supervisorynodeid: 5, programid: 1, supplyingfacilityid: 2 },
    rows: {
      lines: [
        {
          id: id('supply_lines', 1),
          description: 'MSD Dodoma',
          supervisorynodeid: id('supervisory_nodes', 5),
          programid: id('programs', 1),
          supplyingfacilityid: id('facilities', 2),
        },
      ],
    },
  },
  {
    title: 'a line without a node is left out',
    root: { id: 2, description: null, supervisorynodeid: null, programid: 1, supplyingfacilityid: 2 },
    rows: { lines: [] },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'supply_lines.supervisorynodeid' }],
  },
];
