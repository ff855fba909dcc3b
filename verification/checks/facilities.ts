// Check B: the facilities that every report begins with, and the names that it shows beside them.
import type { Check } from './check.ts';

export const facilities: Check = {
  check: 'B: facilities, with the names of their zone, type and operator',
  counted: 'facilities',
  group: ['zone'],
  row: ['facility'],
  figures: ['named', 'zoned', 'typed', 'operated'],
  exact: true,
  // An operator is optional, and eLMIS lets its name be empty.
  v2: `SELECT z.code AS zone, f.code AS facility, (f.name IS NOT NULL)::int AS named, 1 AS zoned, 1 AS typed,
         (o.text IS NOT NULL)::int AS operated
       FROM facilities f
       JOIN geographic_zones z ON z.id = f.geographiczoneid
       LEFT JOIN facility_operators o ON o.id = f.operatedbyid`,
  v3: `SELECT z.code AS zone, f.code AS facility, (f.name IS NOT NULL)::int AS named, (z.name IS NOT NULL)::int AS zoned,
         (t.name IS NOT NULL)::int AS typed, (o.name IS NOT NULL)::int AS operated
       FROM referencedata.facilities f
       LEFT JOIN referencedata.geographic_zones z ON z.id = f.geographiczoneid
       LEFT JOIN referencedata.facility_types t ON t.id = f.typeid
       LEFT JOIN referencedata.facility_operators o ON o.id = f.operatedbyid`,
};
