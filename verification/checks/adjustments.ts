// Adjustments: losses and adjustments of requisitions by reason. The report looks at a requisition's newest step, and finds
// the reason's name in the list that v3 copies into every requisition.
import type { Check } from './check.ts';

export const adjustments: Check = {
  check: 'adjustments, by program, period and reason',
  counted: 'adjustments',
  group: ['program', 'period', 'reason'],
  row: ['facility', 'product'],
  figures: ['quantity', 'change', 'lost'],
  exact: false,
  v2: `WITH newest_step AS (
         SELECT DISTINCT ON (rnrid) rnrid, status FROM requisition_status_changes
         ORDER BY rnrid, coalesce(CASE WHEN isfinite(createddate) THEN createddate END,
           CASE WHEN isfinite(modifieddate) THEN modifieddate END, TIMESTAMP '1970-01-01') DESC, id DESC)
       SELECT p.code AS program, pp.name AS period, t.description AS reason, f.code AS facility, li.productcode AS product,
         a.quantity, CASE WHEN t.additive THEN a.quantity ELSE -a.quantity END AS change, 0 AS lost
       FROM requisition_line_item_losses_adjustments a
       JOIN losses_adjustments_types t ON t.name = a.type
       JOIN requisition_line_items li ON li.id = a.requisitionlineitemid
       JOIN requisitions r ON r.id = li.rnrid
       JOIN newest_step s ON s.rnrid = r.id
       JOIN programs p ON p.id = r.programid
       JOIN processing_periods pp ON pp.id = r.periodid
       JOIN facilities f ON f.id = r.facilityid
       WHERE s.status NOT IN ('SKIPPED', 'INITIATED', 'SUBMITTED') AND a.quantity IS NOT NULL`,
  v3: `WITH newest AS (SELECT DISTINCT ON (id) id, versionnumber, code FROM referencedata.orderables ORDER BY id, versionnumber DESC),
       newest_step AS (
         SELECT DISTINCT ON (requisitionid) requisitionid, status FROM requisition.status_changes
         ORDER BY requisitionid, createddate DESC)
       SELECT p.code AS program, pp.name AS period, reason.name AS reason, f.code AS facility, newest.code AS product,
         a.quantity, CASE reason.reasontype WHEN 'CREDIT' THEN a.quantity WHEN 'DEBIT' THEN -a.quantity END AS change,
         (newest.id IS NULL)::int AS lost
       FROM requisition.stock_adjustments a
       JOIN requisition.requisition_line_items li ON li.id = a.requisitionlineitemid
       JOIN requisition.requisitions r ON r.id = li.requisitionid
       JOIN newest_step s ON s.requisitionid = r.id
       LEFT JOIN requisition.stock_adjustment_reasons reason ON reason.reasonid = a.reasonid AND reason.requisitionid = r.id
       LEFT JOIN referencedata.programs p ON p.id = r.programid
       LEFT JOIN referencedata.processing_periods pp ON pp.id = r.processingperiodid
       LEFT JOIN referencedata.facilities f ON f.id = r.facilityid
       LEFT JOIN newest ON newest.id = li.orderableid AND newest.versionnumber = li.orderableversionnumber
       WHERE s.status NOT IN ('SKIPPED', 'INITIATED', 'SUBMITTED')`,
};
