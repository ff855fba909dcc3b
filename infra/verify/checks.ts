// Two totals that a person would look at, computed on each side in its own words: they would show a fault that mapping and
// comparison share.
import type { Client } from 'pg';

export interface CheckReport {
  readonly check: string;
  readonly rows: number;
  readonly differences: number;
  /** Lines that one side only has, marked v2 or v3. */
  readonly samples: readonly string[];
}

interface Check {
  readonly check: string;
  readonly v2: string;
  readonly v3: string;
}

const checks: readonly Check[] = [
  {
    check: 'A: lines, stock, consumption, approved, stock-outs by program and period',
    v2: `SELECT p.code, pp.name, count(li.id), sum(stockinhand), sum(quantitydispensed), sum(normalizedconsumption), sum(quantityapproved),
           sum(CASE WHEN stockinhand=0 OR stockoutdays>0 OR beginningbalance=0 OR li.maxmonthsofstock=0 THEN 1 ELSE 0 END), 0
         FROM requisitions r JOIN programs p ON p.id=r.programid JOIN processing_periods pp ON pp.id=r.periodid JOIN requisition_line_items li ON li.rnrid=r.id
         WHERE NOT emergency AND r.status IN ('APPROVED','RELEASED','RELEASED_NO_ORDER') GROUP BY 1,2`,
    // Reports find a line's product through the newest version of its orderable alone: a line that names another has lost it.
    v3: `WITH newest AS (SELECT id, max(versionnumber) AS versionnumber FROM referencedata.orderables GROUP BY id)
         SELECT p.code, pp.name, count(*), sum(li.stockonhand), sum(li.totalconsumedquantity), sum(li.adjustedconsumption), sum(li.approvedquantity),
           count(*) FILTER (WHERE 0 IN (li.stockonhand, li.beginningbalance, li.maxperiodsofstock) OR li.totalstockoutdays > 0),
           count(*) FILTER (WHERE newest.id IS NULL)
         FROM requisition.requisition_line_items li
         JOIN requisition.requisitions r ON r.id = li.requisitionid
         LEFT JOIN referencedata.programs p ON p.id = r.programid
         LEFT JOIN referencedata.processing_periods pp ON pp.id = r.processingperiodid
         LEFT JOIN newest ON newest.id = li.orderableid AND newest.versionnumber = li.orderableversionnumber
         WHERE NOT r.emergency AND r.status IN ('APPROVED', 'RELEASED', 'RELEASED_WITHOUT_ORDER')
         GROUP BY p.code, pp.name`,
  },
  {
    check: 'B: facilities, and how many of them lack a name, a zone, a type, an operator',
    // An operator is optional, and eLMIS lets its name be empty.
    v2: `SELECT count(*), count(*) FILTER (WHERE f.name IS NULL), 0, 0, count(*) FILTER (WHERE o.text IS NULL)
         FROM facilities f LEFT JOIN facility_operators o ON o.id = f.operatedbyid`,
    v3: `SELECT count(*), count(*) FILTER (WHERE f.name IS NULL), count(*) FILTER (WHERE z.name IS NULL), count(*) FILTER (WHERE t.name IS NULL),
           count(*) FILTER (WHERE o.name IS NULL)
         FROM referencedata.facilities f
         LEFT JOIN referencedata.geographic_zones z ON z.id = f.geographiczoneid
         LEFT JOIN referencedata.facility_types t ON t.id = f.typeid
         LEFT JOIN referencedata.facility_operators o ON o.id = f.operatedbyid`,
  },
];

export async function runChecks({
  v2,
  v3,
}: {
  readonly v2: Client;
  readonly v3: Client;
}): Promise<readonly CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const { check, ...sql } of checks) {
    const [expected, actual] = [await lines(v2, sql.v2), await lines(v3, sql.v3)];
    const samples = [
      ...expected.filter((line) => !actual.includes(line)).map((line) => `v2 ${line}`),
      ...actual.filter((line) => !expected.includes(line)).map((line) => `v3 ${line}`),
    ];
    reports.push({ check, rows: expected.length, differences: samples.length, samples });
  }
  return reports;
}

async function lines(client: Client, text: string): Promise<readonly string[]> {
  const { rows } = await client.query<(string | number | null)[]>({ rowMode: 'array', text });
  return rows
    .map((row) => row.map((value) => (value === null ? 'NULL' : sameNumber(String(value)))).join(' | '))
    .sort();
}

/** 12.50 and 12.5 are one number. */
function sameNumber(text: string): string {
  return /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, '') : text;
}
