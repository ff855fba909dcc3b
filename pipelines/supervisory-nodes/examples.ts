// A tree of three nodes, two of which v3 would take for one by their names.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { supervisoryNodes } from './supervisory-nodes.ts';

export const examples: readonly Example<typeof supervisoryNodes>[] = [
  {
    title: 'the root of the tree has no parent',
    root: {
      id: 1,
      code: 'SN-TZ',
      name: 'MSD Headquarters',
      description: 'Approves for the country',
      facilityid: 2,
      parentid: null,
    },
    rows: {
      nodes: [
        {
          id: id('supervisory_nodes', 1),
          code: 'SN-TZ',
          name: 'MSD Headquarters (SN-TZ)',
          description: 'Approves for the country',
          facilityid: id('facilities', 2),
          parentid: null,
        },
      ],
    },
  },
  {
    title: 'a node below it: the name carries the code',
    root: { id: 5, code: 'SN-5', name: 'Council Pharmacy', description: null, facilityid: 1, parentid: 1 },
    rows: {
      nodes: [
        {
          id: id('supervisory_nodes', 5),
          code: 'SN-5',
          name: 'Council Pharmacy (SN-5)',
          description: null,
          facilityid: id('facilities', 1),
          parentid: id('supervisory_nodes', 1),
        },
      ],
    },
  },
  {
    title: 'a second one of the same name, in other letters',
    root: { id: 6, code: 'sn-6', name: 'COUNCIL PHARMACY', description: null, facilityid: 1, parentid: 5 },
    rows: {
      nodes: [
        {
          id: id('supervisory_nodes', 6),
          code: 'sn-6',
          name: 'COUNCIL PHARMACY (sn-6)',
          description: null,
          facilityid: id('facilities', 1),
          parentid: id('supervisory_nodes', 5),
        },
      ],
    },
  },
];
