// A group with members and schedules, and one that has neither. A group without a node has no rows: see the test.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { requisitionGroups } from './requisition-groups.ts';

export const examples: readonly Example<typeof requisitionGroups>[] = [
  {
    title: 'two facilities that report in two programs by two calendars',
    root: {
      id: 1,
      code: 'RG-1',
      name: 'Dodoma MC',
      description: 'Reports in odd months',
      supervisorynodeid: 5,
      members: [{ facilityid: 1 }, { facilityid: 2 }],
      schedules: [
        { programid: 1, scheduleid: 1, directdelivery: false, dropofffacilityid: 2 },
        { programid: 2, scheduleid: 2, directdelivery: true, dropofffacilityid: null },
      ],
    },
    rows: {
      groups: [
        {
          id: id('requisition_groups', 1),
          code: 'RG-1',
          name: 'Dodoma MC',
          description: 'Reports in odd months',
          supervisorynodeid: id('supervisory_nodes', 5),
        },
      ],
      members: [
        { requisitiongroupid: id('requisition_groups', 1), facilityid: id('facilities', 1) },
        { requisitiongroupid: id('requisition_groups', 1), facilityid: id('facilities', 2) },
      ],
      schedules: [
        {
          id: id('requisition_group_program_schedules', 1, 1),
          requisitiongroupid: id('requisition_groups', 1),
          programid: id('programs', 1),
          processingscheduleid: id('processing_schedules', 1),
          directdelivery: false,
          dropofffacilityid: id('facilities', 2),
        },
        {
          id: id('requisition_group_program_schedules', 1, 2),
          requisitiongroupid: id('requisition_groups', 1),
          programid: id('programs', 2),
          processingscheduleid: id('processing_schedules', 2),
          directdelivery: true,
          dropofffacilityid: null,
        },
      ],
    },
  },
  {
    title: 'a group of which v2 says as little as v3 needs',
    root: {
      id: 2,
      code: 'RG-2',
      name: 'Dodoma MC',
      description: null,
      supervisorynodeid: 6,
      members: [],
      schedules: [],
    },
    rows: {
      groups: [
        {
          id: id('requisition_groups', 2),
          code: 'RG-2',
          name: 'Dodoma MC',
          description: null,
          supervisorynodeid: id('supervisory_nodes', 6),
        },
      ],
      members: [],
      schedules: [],
    },
  },
];
