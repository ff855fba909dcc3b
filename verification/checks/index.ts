// The checks, in the order of docs/reports.md, which says for each report what is left out and why.
import { adjustments } from './adjustments.ts';
import type { Check } from './check.ts';
import { proofsOfDelivery, shipments } from './deliveries.ts';
import { facilities } from './facilities.ts';
import { facilityAccess, roleAssignments } from './facility-access.ts';
import { orders } from './orders.ts';
import { reportingFacilities, timeliness } from './reporting-rate.ts';
import { stockOnHand } from './stock-on-hand.ts';
import { stockStatus } from './stock-status.ts';

export const checks: readonly Check[] = [
  stockStatus,
  facilities,
  stockOnHand,
  reportingFacilities,
  timeliness,
  adjustments,
  orders,
  shipments,
  proofsOfDelivery,
  facilityAccess,
  roleAssignments,
];
