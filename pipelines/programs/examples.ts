// Two programs: one as usual, one of which v2 says as little as it may.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { programs } from './programs.ts';

export const examples: readonly Example<typeof programs>[] = [
  {
    title: 'a program and its requisition template',
    root: {
      id: 1,
      code: 'ils',
      name: 'Redesigned ILS',
      description: 'Integrated logistics system',
      active: true,
      enableskipperiod: true,
      shownonfullsupplytab: true,
      createddate: '2013-10-14 09:12:31.480217',
      modifieddate: '2018-04-05 16:00:00',
    },
    rows: {
      programs: [
        {
          id: id('programs', 1),
          code: 'ils',
          name: 'Redesigned ILS',
          description: 'Integrated logistics system',
          active: true,
          periodsskippable: true,
          shownonfullsupplytab: true,
          enabledatephysicalstockcountcompleted: false,
          skipauthorization: false,
        },
      ],
      templates: [
        {
          id: id('programs', 1, 'requisition_template'),
          createddate: '2013-10-14 09:12:31.480217 Africa/Dar_es_Salaam',
          modifieddate: '2018-04-05 16:00:00 Africa/Dar_es_Salaam',
          name: 'eLMIS ils',
          numberofperiodstoaverage: 3,
          populatestockonhandfromstockcards: false,
          archived: false,
          rejectionreasonwindowvisible: false,
          requisitionreportingonly: false,
          patientstabenabled: false,
          enableavgconsumptionforcurrentperiod: false,
        },
      ],
      assignments: [
        {
          id: id('programs', 1, 'requisition_template_assignment'),
          programid: id('programs', 1),
          facilitytypeid: null,
          templateid: id('programs', 1, 'requisition_template'),
          requisitionreportonly: false,
        },
      ],
    },
  },
  {
    title: 'a program without a name: its template is named by the code',
    root: {
      id: 2,
      code: 'ARV',
      name: null,
      description: null,
      active: null,
      enableskipperiod: false,
      shownonfullsupplytab: false,
      createddate: null,
      modifieddate: null,
    },
    rows: {
      programs: [
        {
          id: id('programs', 2),
          code: 'ARV',
          name: null,
          description: null,
          active: null,
          periodsskippable: false,
          shownonfullsupplytab: false,
          enabledatephysicalstockcountcompleted: false,
          skipauthorization: false,
        },
      ],
      templates: [
        {
          id: id('programs', 2, 'requisition_template'),
          createddate: null,
          modifieddate: null,
          name: 'eLMIS ARV',
          numberofperiodstoaverage: 3,
          populatestockonhandfromstockcards: false,
          archived: false,
          rejectionreasonwindowvisible: false,
          requisitionreportingonly: false,
          patientstabenabled: false,
          enableavgconsumptionforcurrentperiod: false,
        },
      ],
      assignments: [
        {
          id: id('programs', 2, 'requisition_template_assignment'),
          programid: id('programs', 2),
          facilitytypeid: null,
          templateid: id('programs', 2, 'requisition_template'),
          requisitionreportonly: false,
        },
      ],
    },
  },
];
