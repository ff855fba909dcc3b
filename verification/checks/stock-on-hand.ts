// Check C: stock on hand, as the newest day of v3's cards has it and as v3's lines add up to it, against all entries of v2's
// cards. A card whose product is in no program is left out: v3's cards have a program.
import type { Check } from './check.ts';

export const stockOnHand: Check = {
  check: 'C: stock on hand, by facility and product',
  counted: 'cards',
  group: ['facility', 'product'],
  row: [],
  figures: ['onhand', 'entries', 'entered', 'left'],
  exact: false,
  // The type says whether stock came or went, for adjustments the reason does: parts of v2 write issues without their sign.
  // v3 has a card for each lot; a card without entries is none there.
  v2: `SELECT f.code AS facility, p.code AS product, sum(e.change) AS onhand, count(*) AS entries,
         coalesce(sum(e.change) FILTER (WHERE e.change > 0), 0) AS entered,
         coalesce(sum(-e.change) FILTER (WHERE e.change < 0), 0) AS "left"
       FROM stock_cards c
       JOIN facilities f ON f.id = c.facilityid
       JOIN products p ON p.id = c.productid
       JOIN (
         SELECT entry.stockcardid,
           CASE WHEN entry.type = 'CREDIT' THEN abs(entry.quantity) WHEN entry.type = 'DEBIT' THEN -abs(entry.quantity)
             WHEN entry.adjustmenttype IS NULL THEN entry.quantity WHEN t.additive THEN abs(entry.quantity)
             ELSE -abs(entry.quantity) END AS change
         FROM stock_card_entries entry
         LEFT JOIN losses_adjustments_types t ON t.name = entry.adjustmenttype) e ON e.stockcardid = c.id
       WHERE EXISTS (SELECT FROM program_products pp WHERE pp.productid = c.productid)
       GROUP BY f.code, p.code`,
  v3: `SELECT f.code AS facility, o.code AS product, sum(newest.stockonhand) AS onhand, sum(l.entries) AS entries,
         sum(l.entered) AS entered, sum(l."left") AS "left"
       FROM stockmanagement.stock_cards c
       LEFT JOIN referencedata.facilities f ON f.id = c.facilityid
       LEFT JOIN (SELECT DISTINCT ON (id) id, code FROM referencedata.orderables ORDER BY id, versionnumber DESC) o
         ON o.id = c.orderableid
       LEFT JOIN LATERAL (
         SELECT stockonhand FROM stockmanagement.calculated_stocks_on_hand
         WHERE stockcardid = c.id ORDER BY occurreddate DESC LIMIT 1) newest ON true
       CROSS JOIN LATERAL (
         SELECT count(*) AS entries, coalesce(sum(li.quantity) FILTER (WHERE reason.reasontype = 'CREDIT'), 0) AS entered,
           coalesce(sum(li.quantity) FILTER (WHERE reason.reasontype = 'DEBIT'), 0) AS "left"
         FROM stockmanagement.stock_card_line_items li
         LEFT JOIN stockmanagement.stock_card_line_item_reasons reason ON reason.id = li.reasonid
         WHERE li.stockcardid = c.id) l
       GROUP BY f.code, o.code`,
};
