// Processing periods: the months that a report covers.
import { definePipeline, references, source, target } from '../definition.ts';
import { dayOf } from '../steps/timestamp.ts';

export const processingPeriods = definePipeline({
  name: 'processing-periods',
  summary: 'The periods of each schedule, with first and last day.',
  root: source('public.processing_periods', {
    columns: ['id', 'scheduleid', 'name', 'description', 'startdate', 'enddate', 'enableorder'],
  }),
  owns: {
    periods: target('referencedata.processing_periods', {
      key: ['id'],
      adoptable: true,
      references: [references('processingscheduleid', 'referencedata.processing_schedules')],
    }),
  },
  derive: (period, { id }) => ({
    periods: [
      {
        id: id('processing_periods', period.id),
        processingscheduleid: id('processing_schedules', period.scheduleid),
        name: period.name,
        description: period.description,
        startdate: dayOf(period.startdate),
        enddate: dayOf(period.enddate), // v2 ends at 23:59:59 of that day
        extradata: { reportOnly: String(!period.enableorder) }, // v3 keeps it as text
      },
    ],
  }),
});
