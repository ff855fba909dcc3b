// The list of pipelines, parents first: a fresh v3 fills without a root having to wait. Topics, publication, landing
// tables, workflows, routes and the conformance suite all follow from this list.
import { MkondoError } from '../model/errors.ts';
import type { Pipeline, V2Table } from './definition.ts';
import { tablesOf } from './definition.ts';
import { approvedProducts } from './approved-products/approved-products.ts';
import { facilities } from './facilities/facilities.ts';
import { facilityOperators } from './facility-operators/facility-operators.ts';
import { facilityTypes } from './facility-types/facility-types.ts';
import { geographicLevels } from './geographic-levels/geographic-levels.ts';
import { geographicZones } from './geographic-zones/geographic-zones.ts';
import { orders } from './orders/orders.ts';
import { priceChanges } from './price-changes/price-changes.ts';
import { processingPeriods } from './processing-periods/processing-periods.ts';
import { processingSchedules } from './processing-schedules/processing-schedules.ts';
import { productCategories } from './product-categories/product-categories.ts';
import { products } from './products/products.ts';
import { programProducts } from './program-products/program-products.ts';
import { programs } from './programs/programs.ts';
import { proofsOfDelivery } from './proofs-of-delivery/proofs-of-delivery.ts';
import { requisitions } from './requisitions/requisitions.ts';
import { lots } from './lots/lots.ts';
import { stockCards } from './stock-cards/stock-cards.ts';
import { stockReasons } from './stock-reasons/stock-reasons.ts';
import { shipments } from './shipments/shipments.ts';
import { requisitionGroups } from './requisition-groups/requisition-groups.ts';
import { rightAssignments } from './right-assignments/right-assignments.ts';
import { roleAssignments } from './role-assignments/role-assignments.ts';
import { roles } from './roles/roles.ts';
import { supervisoryNodes } from './supervisory-nodes/supervisory-nodes.ts';
import { supplyLines } from './supply-lines/supply-lines.ts';
import { users } from './users/users.ts';

export const pipelines: readonly Pipeline[] = [
  geographicLevels,
  geographicZones,
  facilityOperators,
  facilityTypes,
  programs,
  facilities,
  productCategories,
  products,
  programProducts,
  approvedProducts,
  processingSchedules,
  processingPeriods,
  supervisoryNodes,
  requisitionGroups,
  supplyLines,
  roles,
  users,
  roleAssignments,
  rightAssignments,
  stockReasons, // before requisitions and stock cards: an adoption that comes later derives all of them again
  requisitions,
  orders,
  shipments,
  proofsOfDelivery,
  priceChanges,
  lots,
  stockCards,
];

/** Every v2 table that some pipeline reads, sorted: what v2 has to publish. */
export const publishedTables: readonly V2Table[] = [...new Set(pipelines.flatMap(tablesOf))].toSorted();

const byName = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
const byTable = Map.groupBy(
  pipelines.flatMap((pipeline) => tablesOf(pipeline).map((table) => ({ table, pipeline }))),
  ({ table }) => table as string,
);

/** @throws MkondoError PIPELINE_UNKNOWN */
export function pipelineNamed(name: string): Pipeline {
  const pipeline = byName.get(name);
  if (pipeline !== undefined) return pipeline;
  throw new MkondoError('PIPELINE_UNKNOWN', `There is no pipeline '${name}'.`, {
    advice: `The pipelines are: ${[...byName.keys()].join(', ')}.`,
  });
}

/** The pipelines that read a v2 table (as 'public.products'), in the order of the list; none for an unknown table. */
export function pipelinesReading(table: string): readonly Pipeline[] {
  return (byTable.get(table) ?? []).map(({ pipeline }) => pipeline);
}
