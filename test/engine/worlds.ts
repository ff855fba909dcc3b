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
    supply_lines: 1,
    losses_adjustments_types: 2,
    requisitions: 2,
    requisition_line_items: 5,
    requisition_line_item_losses_adjustments: 3,
    requisition_status_changes: 3,
  },
};

const stock: World = {
  name: 'stock',
  busy: [
    'facilities',
    'programs_supported',
    'products',
    'program_products',
    'losses_adjustments_types',
    'losses_adjustments_types',
    'lots',
    'lots',
    'lots_on_hand',
    'lots_on_hand',
    'stock_cards',
    'stock_cards',
    'stock_card_entries',
    'stock_card_entries',
    'stock_card_entries',
    'stock_card_entries',
    'stock_card_entries',
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
    'stock-reasons',
    'lots',
    'stock-cards',
  ],
  standing: {
    geographic_levels: 1,
    geographic_zones: 1,
    facility_types: 1,
    programs: 2,
    facilities: 2,
    programs_supported: 2,
    product_categories: 1,
    products: 2,
    program_products: 3,
    losses_adjustments_types: 2,
    lots: 4,
    stock_cards: 2,
    lots_on_hand: 3,
    stock_card_entries: 7,
  },
};

export const worlds: readonly World[] = [places, medicines, reports, stock];

export function populate(transaction: Transaction, world: World, random: Random): void {
  for (const [table, count] of Object.entries(world.standing))
    for (let row = 0; row < count; row += 1) insert(transaction, rulesOf(`public.${table}`), random);
}
