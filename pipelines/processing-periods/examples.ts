// A period in which facilities order, and one in which they only report.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { processingPeriods } from './processing-periods.ts';

export const examples: readonly Example<typeof processingPeriods>[] = [
  {
    title: 'two months; the last second of the last day is that day',
    root: {
      id: 1,
      scheduleid: 1,
      name: 'Jan-Feb 2018',
      description: 'Group A',
      startdate: '2018-01-01 00:00:00',
      enddate: '2018-02-28 23:59:59',
      enableorder: true,
    },
    rows: {
      periods: [
        {
          id: id('processing_periods', 1),
          processingscheduleid: id('processing_schedules', 1),
          name: 'Jan-Feb 2018',
          description: 'Group A',
          startdate: '2018-01-01',
          enddate: '2018-02-28',
          extradata: { reportOnly: 'false' },
        },
      ],
    },
  },
  {
    title: 'a period for reports without orders',
    root: {
      id: 2,
      scheduleid: 1,
      name: 'Mar 2018',
      description: null,
      startdate: '2018-03-01 00:00:00',
      enddate: '2018-03-31 23:59:59.999999',
      enableorder: false,
    },
    rows: {
      periods: [
        {
          id: id('processing_periods', 2),
          processingscheduleid: id('processing_schedules', 1),
          name: 'Mar 2018',
          description: null,
          startdate: '2018-03-01',
          enddate: '2018-03-31',
          extradata: { reportOnly: 'true' },
        },
      ],
    },
  },
];
