// One row of v3 changed by hand for each check of the verifier, and what the check shows of it. Each is one statement on
// one row of the demo eLMIS, undone by the test.
import { adjustments } from '../../verification/checks/adjustments.ts';
import type { Check } from '../../verification/checks/check.ts';
import { proofsOfDelivery, shipments } from '../../verification/checks/deliveries.ts';
import { facilities } from '../../verification/checks/facilities.ts';
import { facilityAccess, roleAssignments } from '../../verification/checks/facility-access.ts';
import { orders } from '../../verification/checks/orders.ts';
import { reportingFacilities, timeliness } from '../../verification/checks/reporting-rate.ts';
import { stockOnHand } from '../../verification/checks/stock-on-hand.ts';
import { stockStatus } from '../../verification/checks/stock-status.ts';

interface Falsification {
  readonly check: string;
  /** Changes one row. */
  readonly falsify: string;
  /** The figures of the group that differ, and whose rows are shown behind it. */
  readonly shown: { readonly figures: readonly string[]; readonly rows: readonly ('v2' | 'v3')[] };
}

export const falsifications: readonly Falsification[] = [
  falsified(stockStatus, {
    falsify: `UPDATE requisition.requisition_line_items SET totalconsumedquantity = totalconsumedquantity + 1 WHERE id = (
      SELECT li.id FROM requisition.requisition_line_items li JOIN requisition.requisitions r ON r.id = li.requisitionid
      WHERE NOT r.emergency AND r.status = 'APPROVED' AND li.totalconsumedquantity > 0 ORDER BY li.id LIMIT 1)`,
    shown: { figures: ['consumption'], rows: ['v2', 'v3'] },
  }),
  falsified(facilities, {
    falsify: `UPDATE referencedata.facilities SET operatedbyid = NULL WHERE id = (
      SELECT id FROM referencedata.facilities WHERE operatedbyid IS NOT NULL ORDER BY id LIMIT 1)`,
    shown: { figures: ['operated'], rows: ['v2', 'v3'] },
  }),
  falsified(stockOnHand, {
    // A card that nothing in v2 stands behind, so that this holds whatever stock the demo has.
    falsify: `WITH place AS (
        SELECT f.id AS facility, p.id AS program, o.id AS product
        FROM referencedata.facilities f, referencedata.programs p, referencedata.orderables o
        WHERE NOT EXISTS (SELECT FROM stockmanagement.stock_cards c WHERE c.facilityid = f.id AND c.orderableid = o.id)
        LIMIT 1),
      event AS (
        INSERT INTO stockmanagement.stock_events (id, facilityid, programid, processeddate)
        SELECT gen_random_uuid(), facility, program, '2018-01-31' FROM place RETURNING id)
      INSERT INTO stockmanagement.stock_cards (id, facilityid, programid, orderableid, origineventid)
      SELECT gen_random_uuid(), facility, program, product, event.id FROM place, event`,
    shown: { figures: ['cards', 'entries', 'entered', 'left'], rows: ['v3'] },
  }),
  falsified(reportingFacilities, {
    falsify: `UPDATE referencedata.supported_programs SET active = NOT active WHERE (facilityid, programid) = (
      SELECT facilityid, programid FROM referencedata.supported_programs ORDER BY facilityid, programid LIMIT 1)`,
    shown: { figures: ['supporting'], rows: ['v2', 'v3'] },
  }),
  falsified(timeliness, {
    falsify: `UPDATE requisition.status_changes SET createddate = createddate + interval '1 day' WHERE id = (
      SELECT DISTINCT ON (requisitionid) id FROM requisition.status_changes WHERE status = 'AUTHORIZED'
      ORDER BY requisitionid, createddate DESC LIMIT 1)`,
    shown: { figures: ['days'], rows: ['v2', 'v3'] },
  }),
  falsified(adjustments, {
    falsify: `UPDATE requisition.stock_adjustments SET quantity = quantity + 1 WHERE id = (
      SELECT a.id FROM requisition.stock_adjustments a
      JOIN requisition.requisition_line_items li ON li.id = a.requisitionlineitemid
      JOIN requisition.requisitions r ON r.id = li.requisitionid WHERE r.status = 'APPROVED' ORDER BY a.id LIMIT 1)`,
    shown: { figures: ['quantity', 'change'], rows: ['v2', 'v3'] },
  }),
  falsified(orders, {
    falsify: `UPDATE fulfillment.order_line_items SET orderedquantity = orderedquantity + 1
      WHERE id = (SELECT id FROM fulfillment.order_line_items ORDER BY id LIMIT 1)`,
    shown: { figures: ['packs'], rows: ['v2', 'v3'] },
  }),
  falsified(shipments, {
    falsify: `UPDATE fulfillment.shipment_line_items SET quantityshipped = quantityshipped + 1
      WHERE id = (SELECT id FROM fulfillment.shipment_line_items ORDER BY id LIMIT 1)`,
    shown: { figures: ['shipped'], rows: ['v2', 'v3'] },
  }),
  falsified(proofsOfDelivery, {
    falsify: `UPDATE fulfillment.proof_of_delivery_line_items SET quantityaccepted = quantityaccepted + 1
      WHERE id = (SELECT id FROM fulfillment.proof_of_delivery_line_items WHERE quantityaccepted IS NOT NULL ORDER BY id LIMIT 1)`,
    shown: { figures: ['accepted'], rows: ['v2', 'v3'] },
  }),
  falsified(facilityAccess, {
    // Somebody else has the right: the number of users stays.
    falsify: `UPDATE referencedata.right_assignments SET userid = (SELECT id FROM referencedata.users WHERE username = 'admin')
      WHERE id = (SELECT id FROM referencedata.right_assignments
                  WHERE rightname = 'REQUISITION_VIEW' AND facilityid IS NOT NULL AND programid IS NOT NULL ORDER BY id LIMIT 1)`,
    shown: { figures: ['digest'], rows: ['v3', 'v2'] },
  }),
  falsified(roleAssignments, {
    falsify: `DELETE FROM referencedata.role_assignments
      WHERE id = (SELECT id FROM referencedata.role_assignments WHERE type = 'supervision' ORDER BY id LIMIT 1)`,
    shown: { figures: ['assignments', 'digest'], rows: ['v2'] },
  }),
];

function falsified(check: Check, falsification: Omit<Falsification, 'check'>): Falsification {
  return { check: check.check, ...falsification };
}
