// Reporting rate and timeliness: who is to report, and when each requisition was authorized. The two products judge a day
// as late by different rules; the days themselves are what both start from.
import type { Check } from './check.ts';

/** When v2 logged a change. It fills createddate by default, yet permits NULL and infinity. */
const loggedAt = `coalesce(CASE WHEN isfinite(createddate) THEN createddate END,
           CASE WHEN isfinite(modifieddate) THEN modifieddate END, TIMESTAMP '1970-01-01')`;

export const reportingFacilities: Check = {
  check: 'reporting rate: facilities that are to report, by program and zone',
  counted: 'facilities',
  group: ['program', 'zone'],
  row: ['facility', 'since'],
  figures: ['active', 'supporting'],
  exact: true,
  v2: `SELECT p.code AS program, z.name AS zone, f.code AS facility, s.startdate::date AS since,
         f.active::int AS active, s.active::int AS supporting
       FROM programs_supported s
       JOIN programs p ON p.id = s.programid
       JOIN facilities f ON f.id = s.facilityid
       JOIN geographic_zones z ON z.id = f.geographiczoneid`,
  v3: `SELECT p.code AS program, z.name AS zone, f.code AS facility, s.startdate AS since,
         f.active::int AS active, s.active::int AS supporting
       FROM referencedata.supported_programs s
       LEFT JOIN referencedata.programs p ON p.id = s.programid
       LEFT JOIN referencedata.facilities f ON f.id = s.facilityid
       LEFT JOIN referencedata.geographic_zones z ON z.id = f.geographiczoneid`,
};

export const timeliness: Check = {
  check: 'timeliness: requisitions and the day of their authorization, by program and period',
  counted: 'requisitions',
  group: ['program', 'schedule', 'period'],
  row: ['facility', 'zone', 'region'],
  figures: ['emergencies', 'authorized', 'days'],
  exact: true,
  // Where a status was logged several times in a row, the first says when it was reached.
  v2: `WITH logged AS (
         SELECT rnrid, id, status, ${loggedAt} AS at FROM requisition_status_changes),
       reached AS (
         SELECT *, lag(status) OVER (PARTITION BY rnrid ORDER BY at, id) AS before FROM logged),
       authorization_of AS (
         SELECT rnrid, max(at)::date AS day FROM reached
         WHERE status = 'AUTHORIZED' AND before IS DISTINCT FROM 'AUTHORIZED' GROUP BY rnrid)
       SELECT p.code AS program, ps.code AS schedule, pp.name AS period,
         f.code AS facility, z.name AS zone, region.name AS region,
         r.emergency::int AS emergencies, (a.day IS NOT NULL)::int AS authorized, CASE WHEN isfinite(pp.enddate) THEN a.day - pp.enddate::date END AS days
       FROM requisitions r
       JOIN programs p ON p.id = r.programid
       JOIN processing_periods pp ON pp.id = r.periodid
       JOIN processing_schedules ps ON ps.id = pp.scheduleid
       JOIN facilities f ON f.id = r.facilityid
       JOIN geographic_zones z ON z.id = f.geographiczoneid
       LEFT JOIN geographic_zones region ON region.id = z.parentid
       LEFT JOIN authorization_of a ON a.rnrid = r.id`,
  v3: `WITH authorization_of AS (
         SELECT requisitionid, (max(createddate) AT TIME ZONE 'Africa/Dar_es_Salaam')::date AS day
         FROM requisition.status_changes WHERE status = 'AUTHORIZED' GROUP BY requisitionid)
       SELECT p.code AS program, ps.code AS schedule, pp.name AS period,
         f.code AS facility, z.name AS zone, region.name AS region,
         r.emergency::int AS emergencies, (a.day IS NOT NULL)::int AS authorized, CASE WHEN isfinite(pp.enddate) THEN a.day - pp.enddate END AS days
       FROM requisition.requisitions r
       LEFT JOIN referencedata.programs p ON p.id = r.programid
       LEFT JOIN referencedata.processing_periods pp ON pp.id = r.processingperiodid
       LEFT JOIN referencedata.processing_schedules ps ON ps.id = pp.processingscheduleid
       LEFT JOIN referencedata.facilities f ON f.id = r.facilityid
       LEFT JOIN referencedata.geographic_zones z ON z.id = f.geographiczoneid
       LEFT JOIN referencedata.geographic_zones region ON region.id = z.parentid
       LEFT JOIN authorization_of a ON a.requisitionid = r.id`,
};
