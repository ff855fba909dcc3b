/* oxlint-disable oxc/no-map-spread -- each row is made once, from parts */
// When facilities report: schedules and their periods.
import { sometimesAwkward } from './awkward-text.ts';
import { spans, timestampText } from './calendar.ts';
import { audit, orNull } from './row-values.ts';
import type { Rows } from './row-values.ts';
import type { Random } from '../random.ts';

export function processingSchedules(): Rows<'public.processing_schedules'> {
  const schedules = [
    ['groupA', 'Group A'],
    ['groupB', 'Group B'],
    ['Monthly', 'Monthly'],
  ] as const;
  return schedules.map(([code, name], index) => ({
    id: index + 1,
    code,
    name,
    description: index === 2 ? null : `Every two months, ${name}`,
    createdby: 1,
    createddate: timestampText(Date.UTC(2013, 6, 1)),
    modifiedby: null,
    modifieddate: index === 2 ? null : timestampText(Date.UTC(2019, 6, 1)),
  }));
}

/** Two schedules of two months, one month apart, and one of single months: from 2021 to the end of 2026. */
export function processingPeriods(random: Random): Rows<'public.processing_periods'> {
  const bySchedule = [
    { scheduleid: 1, months: 2, periods: spans({ firstYear: 2021, firstMonth: 0, months: 2, count: 36 }) },
    { scheduleid: 2, months: 2, periods: spans({ firstYear: 2021, firstMonth: 1, months: 2, count: 36 }) },
    { scheduleid: 3, months: 1, periods: spans({ firstYear: 2021, firstMonth: 0, months: 1, count: 72 }) },
  ];
  const all = bySchedule.flatMap(({ scheduleid, months, periods }) =>
    periods.map((span) => ({ scheduleid, months, span })),
  );
  return all.map(({ scheduleid, months, span }, index) => ({
    id: index + 1,
    scheduleid,
    name: span.name,
    description: orNull(random, sometimesAwkward(random, span.name, 250), 0.4),
    startdate: timestampText(span.startMs),
    enddate: timestampText(span.endMs),
    numberofmonths: orNull(random, months, 0.05),
    ...audit(random),
    // A period for reporting only: approval ends in RELEASED_NO_ORDER.
    enableorder: !random.chance(0.15),
  }));
}

/** The schedule by which a council (or any zone) reports for a program. */
export function scheduleOf(zoneId: number, programCode: string): number {
  if (programCode === 'lab') return 3;
  return zoneId % 2 === 0 ? 1 : 2;
}
