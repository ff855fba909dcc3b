// Check A: stock status, consumption and stock-outs, from the lines of approved requisitions.
import type { Check } from './check.ts';

export const stockStatus: Check = {
  check: 'A: stock status and consumption, by program and period',
  counted: 'lines',
  group: ['program', 'period'],
  row: ['facility', 'product'],
  figures: ['stock', 'consumption', 'adjusted', 'approved', 'stockouts', 'lost'],
  exact: false,
  v2: `SELECT p.code AS program, pp.name AS period, f.code AS facility, li.productcode AS product,
         li.stockinhand AS stock, li.quantitydispensed AS consumption, li.normalizedconsumption AS adjusted,
         li.quantityapproved AS approved,
         (CASE WHEN li.stockinhand = 0 OR li.stockoutdays > 0 OR li.beginningbalance = 0 OR li.maxmonthsofstock = 0 THEN 1 ELSE 0 END) AS stockouts,
         0 AS lost
       FROM requisitions r
       JOIN requisition_line_items li ON li.rnrid = r.id
       JOIN programs p ON p.id = r.programid
       JOIN processing_periods pp ON pp.id = r.periodid
       JOIN facilities f ON f.id = r.facilityid
       WHERE NOT r.emergency AND r.status IN ('APPROVED', 'RELEASED', 'RELEASED_NO_ORDER')`,
  // Reports find a line's product through the newest version of its orderable alone: a line that names another has lost it.
  v3: `WITH newest AS (SELECT DISTINCT ON (id) id, versionnumber, code FROM referencedata.orderables ORDER BY id, versionnumber DESC)
       SELECT p.code AS program, pp.name AS period, f.code AS facility, newest.code AS product,
         li.stockonhand AS stock, li.totalconsumedquantity AS consumption, li.adjustedconsumption AS adjusted,
         li.approvedquantity AS approved,
         (CASE WHEN 0 IN (li.stockonhand, li.beginningbalance, li.maxperiodsofstock) OR li.totalstockoutdays > 0 THEN 1 ELSE 0 END) AS stockouts,
         (newest.id IS NULL)::int AS lost
       FROM requisition.requisition_line_items li
       JOIN requisition.requisitions r ON r.id = li.requisitionid
       LEFT JOIN referencedata.programs p ON p.id = r.programid
       LEFT JOIN referencedata.processing_periods pp ON pp.id = r.processingperiodid
       LEFT JOIN referencedata.facilities f ON f.id = r.facilityid
       LEFT JOIN newest ON newest.id = li.orderableid AND newest.versionnumber = li.orderableversionnumber
       WHERE NOT r.emergency AND r.status IN ('APPROVED', 'RELEASED', 'RELEASED_WITHOUT_ORDER')`,
};
