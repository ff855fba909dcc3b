// Processing schedules: the calendars by which facilities report.
import { definePipeline, source, target } from '../definition.ts';
import { nameWithCode } from '../steps/name-with-code.ts';
import { instantOf } from '../steps/timestamp.ts';

export const processingSchedules = definePipeline({
  name: 'processing-schedules',
  summary: 'The calendars by which facilities report.',
  root: source('public.processing_schedules', { columns: ['id', 'code', 'name', 'description', 'modifieddate'] }),
  owns: { schedules: target('referencedata.processing_schedules', { key: ['id'], adoptable: true }) },
  derive: (schedule, { id }) => ({
    schedules: [
      {
        id: id('processing_schedules', schedule.id),
        code: schedule.code,
        // v3 wants names unique ignoring case. One row cannot see another's name, so each carries its code.
        name: nameWithCode(schedule),
        description: schedule.description,
        modifieddate: instantOf(schedule.modifieddate),
      },
    ],
  }),
});
