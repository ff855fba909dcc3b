// Deliveries: what was shipped for an order, and what the facility says arrived. v2 keeps both by order, and no header for a
// shipment; an order of which it knows only what arrived has a shipment without lines in v3. Orders that nobody supplies
// are left out with all that hangs on them.
import type { Check } from './check.ts';
import { orderCode } from './orders.ts';

const productOf = `LEFT JOIN (SELECT DISTINCT ON (id) id, versionnumber, code FROM referencedata.orderables ORDER BY id, versionnumber DESC) newest
         ON newest.id = li.orderableid AND newest.versionnumber = li.orderableversionnumber`;

export const shipments: Check = {
  check: 'shipments, by program and supplier',
  counted: 'lines',
  group: ['program', 'supplier'],
  row: ['order', 'product'],
  figures: ['shipped'],
  exact: true,
  v2: `WITH lines AS (
         SELECT orderid, productcode, quantityshipped FROM shipment_line_items
         UNION ALL
         SELECT orderid, substitutedproductcode, substitutedproductquantityshipped FROM shipment_line_items
         WHERE substitutedproductcode <> '' AND substitutedproductquantityshipped <> 0
         UNION ALL
         SELECT orderid, NULL, NULL FROM pod
         WHERE NOT EXISTS (SELECT FROM shipment_line_items li WHERE li.orderid = pod.orderid))
       SELECT p.code AS program, supplier.code AS supplier, ${orderCode} AS "order", li.productcode AS product,
         li.quantityshipped AS shipped
       FROM lines li
       JOIN orders o ON o.id = li.orderid
       JOIN supply_lines s ON s.id = o.supplylineid
       JOIN facilities supplier ON supplier.id = s.supplyingfacilityid
       JOIN requisitions r ON r.id = o.id
       JOIN programs p ON p.id = r.programid`,
  v3: `SELECT p.code AS program, supplier.code AS supplier, o.ordercode AS "order", newest.code AS product,
         li.quantityshipped AS shipped
       FROM fulfillment.shipments s
       LEFT JOIN fulfillment.shipment_line_items li ON li.shipmentid = s.id
       ${productOf}
       LEFT JOIN fulfillment.orders o ON o.id = s.orderid
       LEFT JOIN referencedata.facilities supplier ON supplier.id = o.supplyingfacilityid
       LEFT JOIN referencedata.programs p ON p.id = o.programid`,
};

export const proofsOfDelivery: Check = {
  check: 'proofs of delivery, by program and status',
  counted: 'lines',
  group: ['program', 'status'],
  row: ['order', 'facility', 'received', 'product', 'unit'],
  figures: ['accepted', 'rejected'],
  exact: true,
  // eLMIS keeps a draft in the same rows, and marks the order when it is handed in.
  v2: `SELECT p.code AS program, CASE o.status WHEN 'RECEIVED' THEN 'CONFIRMED' ELSE 'INITIATED' END AS status,
         ${orderCode} AS "order", f.code AS facility, pod.receiveddate::date AS received,
         li.productcode AS product, product.dispensingunit AS unit,
         li.quantityreceived AS accepted, li.quantityreturned AS rejected
       FROM pod
       LEFT JOIN pod_line_items li ON li.podid = pod.id
       LEFT JOIN products product ON product.code = li.productcode
       JOIN orders o ON o.id = pod.orderid AND o.supplylineid IS NOT NULL
       JOIN requisitions r ON r.id = o.id
       JOIN programs p ON p.id = r.programid
       JOIN facilities f ON f.id = r.facilityid`,
  v3: `SELECT p.code AS program, proof.status, o.ordercode AS "order", f.code AS facility, proof.receiveddate AS received,
         newest.code AS product, unit.value AS unit, li.quantityaccepted AS accepted, li.quantityrejected AS rejected
       FROM fulfillment.proofs_of_delivery proof
       LEFT JOIN fulfillment.proof_of_delivery_line_items li ON li.proofofdeliveryid = proof.id
       ${productOf}
       LEFT JOIN referencedata.orderables orderable ON orderable.id = newest.id AND orderable.versionnumber = newest.versionnumber
       LEFT JOIN referencedata.dispensable_attributes unit ON unit.dispensableid = orderable.dispensableid AND unit.key = 'dispensingUnit'
       LEFT JOIN fulfillment.shipments s ON s.id = proof.shipmentid
       LEFT JOIN fulfillment.orders o ON o.id = s.orderid
       LEFT JOIN referencedata.facilities f ON f.id = o.receivingfacilityid
       LEFT JOIN referencedata.programs p ON p.id = o.programid`,
};
