// Orders: what was ordered from whom, in packs. Orders that nobody supplies are left out: v3 cannot hold them.
import type { Check } from './check.ts';

/** v2's number of an order; '0' was written into orders that were made before it numbered them. */
export const orderCode = `CASE o.ordernumber WHEN '0' THEN o.id::text ELSE o.ordernumber END`;

export const orders: Check = {
  check: 'orders, by program, period, supplier and status',
  counted: 'orders',
  group: ['program', 'period', 'supplier', 'status'],
  row: ['order', 'facility'],
  figures: ['emergencies', 'cost', 'lines', 'packs', 'lost'],
  exact: true,
  v2: `SELECT p.code AS program, pp.name AS period, supplier.code AS supplier,
         CASE o.status WHEN 'RELEASED' THEN 'ORDERED' WHEN 'PACKED' THEN 'SHIPPED' WHEN 'SHIPMENT_ERROR' THEN 'TRANSFER_FAILED'
           ELSE o.status END AS status,
         ${orderCode} AS "order", f.code AS facility, r.emergency::int AS emergencies,
         coalesce(r.fullsupplyitemssubmittedcost, 0) + coalesce(r.nonfullsupplyitemssubmittedcost, 0) AS cost,
         coalesce(l.lines, 0) AS lines, coalesce(l.packs, 0) AS packs, 0 AS lost
       FROM orders o
       JOIN supply_lines s ON s.id = o.supplylineid
       JOIN facilities supplier ON supplier.id = s.supplyingfacilityid
       JOIN requisitions r ON r.id = o.id
       JOIN programs p ON p.id = r.programid
       JOIN processing_periods pp ON pp.id = r.periodid
       JOIN facilities f ON f.id = r.facilityid
       LEFT JOIN (
         SELECT li.rnrid, count(*) AS lines, sum(li.packstoship) AS packs FROM requisition_line_items li
         WHERE li.packstoship IS NOT NULL AND NOT li.skipped GROUP BY li.rnrid) l ON l.rnrid = o.id`,
  v3: `WITH newest AS (SELECT id, max(versionnumber) AS versionnumber FROM referencedata.orderables GROUP BY id),
       of_order AS (
         SELECT li.orderid, count(*) AS lines, sum(li.orderedquantity) AS packs, count(*) FILTER (WHERE newest.id IS NULL) AS lost
         FROM fulfillment.order_line_items li
         LEFT JOIN newest ON newest.id = li.orderableid AND newest.versionnumber = li.orderableversionnumber
         GROUP BY li.orderid)
       SELECT p.code AS program, pp.name AS period, supplier.code AS supplier, o.status,
         o.ordercode AS "order", f.code AS facility, o.emergency::int AS emergencies, o.quotedcost AS cost,
         coalesce(l.lines, 0) AS lines, coalesce(l.packs, 0) AS packs, coalesce(l.lost, 0) AS lost
       FROM fulfillment.orders o
       LEFT JOIN of_order l ON l.orderid = o.id
       LEFT JOIN referencedata.facilities supplier ON supplier.id = o.supplyingfacilityid
       LEFT JOIN referencedata.programs p ON p.id = o.programid
       LEFT JOIN referencedata.processing_periods pp ON pp.id = o.processingperiodid
       LEFT JOIN referencedata.facilities f ON f.id = o.requestingfacilityid`,
};
