// The parts of v2 that the property test plays with, each with the rows that stand before it begins.
import type { Random } from '../../infra/demo/random.ts';
import { insert } from './actions.ts';
import type { Transaction } from './v2-source.ts';
import { rulesOf } from './v2-tables.ts';

export interface World {
  readonly name: string;
  /** Tables in which things happen; one that stands twice is chosen twice as often. */
  readonly busy: readonly string[];
  readonly pipelines: readonly string[];
  /** Table -> how many rows stand at the beginning; parents first. */
  readonly standing: Readonly<Record<string, number>>;
}

const places: World = {
  name: 'places',
  busy: [
    'geographic_levels',
    'geographic_zones',
    'geographic_zones',
    'geographic_zone_geojson',
    'facility_types',
    'facility_types',
    'facility_operators',
    'programs',
    'facilities',
    'facilities',
    'programs_supported',
    'programs_supported',
  ],
  pipelines: [
    'geographic-levels',
    'geographic-zones',
    'facility-operators',
    'facility-types',
    'programs',
    'facilities',
  ],
  standing: {
    geographic_levels: 2,
    geographic_zones: 3,
    geographic_zone_geojson: 2,
    facility_operators: 1,
    facility_types: 2,
    programs: 2,
    facilities: 3,
    programs_supported: 3,
  },
};

const medicines: World = {
  name: 'products',
  busy: [
    'programs',
    'facility_types',
    'product_categories',
    'product_forms',
    'dosage_units',
    'products',
    'products',
    'program_products',
    'program_products',
    'facility_approved_products',
    'facility_approved_products',
  ],
  pipelines: ['facility-types', 'programs', 'product-categories', 'products', 'program-products', 'approved-products'],
  standing: {
    programs: 2,
    facility_types: 2,
    product_categories: 1,
    product_forms: 2,
    dosage_units: 1,
    products: 3,
    program_products: 3,
    facility_approved_products: 3,
  },
};

const reports: World = {
  name: 'requisitions',
  busy: [
    'facilities',
    'processing_schedules',
    'processing_periods',
    'products',
    'program_products',
    'facility_approved_products',
    'supply_lines',
    'supervisory_nodes',
    'users',
    'losses_adjustments_types',
    'requisitions',
    'requisitions',
    'requisitions',
    'requisition_line_items',
    'requisition_line_items',
    'requisition_line_items',
    'requisition_line_item_losses_adjustments',
    'requisition_line_item_losses_adjustments',
    'requisition_status_changes',
    'requisition_status_changes',
    'users',
    'comments',
    'comments',
  ],
  pipelines: [
    'geographic-levels',
    'geographic-zones',
    'facility-types',
    'programs',
    'facilities',
    'product-categories',
    'products',
    'program-products',
    'approved-products',
    'processing-schedules',
    'processing-periods',
    'supervisory-nodes',
    'users',
    'requisitions',
  ],
  standing: {
    geographic_levels: 1,
    geographic_zones: 1,
    facility_types: 2,
    programs: 2,
    facilities: 2,
    product_categories: 1,
    products: 3,
    program_products: 3,
    facility_approved_products: 2,
    processing_schedules: 1,
    processing_periods: 2,
    supervisory_nodes: 2,
    users: 2,
    supply_lines: 1,
    losses_adjustments_types: 2,
    requisitions: 2,
    requisition_line_items: 5,
    requisition_line_item_losses_adjustments: 3,
    requisition_status_changes: 3,
    comments: 3,
  },
};

const supplies: World = {
  name: 'orders',
  busy: [
    'products',
    'supply_lines',
    'requisitions',
    'requisition_line_items',
    'requisition_line_items',
    'orders',
    'orders',
    'orders',
    'shipment_line_items',
    'shipment_line_items',
    'shipment_line_items',
    'pod',
    'pod',
    'pod_line_items',
    'pod_line_items',
  ],
  pipelines: [...reports.pipelines, 'orders', 'shipments', 'proofs-of-delivery'],
  standing: {
    ...reports.standing,
    requisitions: 3,
    orders: 3,
    shipment_line_items: 3,
    pod: 2,
    pod_line_items: 2,
  },
};

const people: World = {
  name: 'people',
  busy: [
    'facilities',
    'programs_supported',
    'programs_supported',
    'supervisory_nodes',
    'supervisory_nodes',
    'requisition_groups',
    'requisition_group_members',
    'requisition_group_members',
    'requisition_group_program_schedules',
    'requisition_group_program_schedules',
    'supply_lines',
    'rights',
    'roles',
    'role_rights',
    'role_rights',
    'users',
    'users',
    'role_assignments',
    'role_assignments',
    'role_assignments',
    'fulfillment_role_assignments',
  ],
  pipelines: [
    'geographic-levels',
    'geographic-zones',
    'facility-types',
    'programs',
    'facilities',
    'processing-schedules',
    'supervisory-nodes',
    'requisition-groups',
    'supply-lines',
    'roles',
    'users',
    'role-assignments',
    'right-assignments',
  ],
  standing: {
    geographic_levels: 1,
    geographic_zones: 1,
    facility_types: 1,
    programs: 2,
    facilities: 3,
    programs_supported: 4,
    processing_schedules: 1,
    supervisory_nodes: 4,
    requisition_groups: 3,
    requisition_group_members: 4,
    requisition_group_program_schedules: 4,
    supply_lines: 1,
    rights: 4,
    roles: 3,
    role_rights: 4,
    users: 3,
    role_assignments: 6,
    fulfillment_role_assignments: 1,
  },
};

export const worlds: readonly World[] = [places, medicines, reports, supplies, people];

export function populate(transaction: Transaction, world: World, random: Random): void {
  for (const [table, count] of Object.entries(world.standing))
    for (let row = 0; row < count; row += 1) insert(transaction, rulesOf(`public.${table}`), random);
}
