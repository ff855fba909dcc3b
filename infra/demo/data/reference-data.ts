// Everything of the demo eLMIS but its requisitions: places, facilities, programs, products, periods, people, stock. Pure: the
// same scale and seed give the same rows. What is legal in v2 and hard on the way to v3 is here on purpose: awkward text,
// duplicate GTINs, equal node names, NULLs, prices of many digits, text stored out of line, infinite and BC dates.
import {
  facilityOperators,
  facilityTypes,
  geographicLevels,
  geographicZones,
  makeFacilities,
  priceSchedules,
  programsSupported,
} from './facilities.ts';
import { zoneOutlines } from './outlines.ts';
import { fulfillmentRoleAssignments, makeUsers, rights, roleAssignments, roleRights, roles } from './people.ts';
import { processingPeriods, processingSchedules } from './periods.ts';
import {
  dosageUnits,
  facilityApprovedProducts,
  makeProducts,
  makeProgramProducts,
  makePrograms,
  priceHistory,
  productCategories,
  productForms,
  productGroups,
} from './products.ts';
import {
  groupMembers,
  groupSchedules,
  lossesAdjustmentsTypes,
  requisitionGroups,
  supervisoryNodes,
  supplyLines,
} from './supervision.ts';
import { makeStock } from './stock.ts';
import type { NewRows } from '../copy-rows.ts';
import { createRandom } from '../random.ts';

/** Facilities of the whole country; a larger scale adds periods of reports, no more facilities. */
const facilitiesInTanzania = 7000;
const facilitiesAtScaleOne = 300;

/** When the demo's "today" is: inside the newest period of each schedule, so that reporting is under way. */
export const todayMs = Date.UTC(2026, 8, 12, 9, 30);

/** Rows by table, in an order in which each table comes after those that it refers to. */
export type ReferenceData = ReturnType<typeof referenceData>;

// eslint-disable-next-line typescript/explicit-module-boundary-types -- the keys of the result are its documentation
export function referenceData({ scale, seed }: { readonly scale: number; readonly seed: number }) {
  const random = createRandom(seed);
  const facilityCount = Math.max(24, Math.min(facilitiesInTanzania, Math.round(facilitiesAtScaleOne * scale)));

  const levels = geographicLevels();
  const zones = geographicZones(random.fork('zones'));
  const types = facilityTypes();
  const operators = facilityOperators();
  const facilities = makeFacilities(random.fork('facilities'), { count: facilityCount, zones, operators });
  const users = makeUsers(random.fork('users'), facilities);
  const programs = makePrograms();
  const categories = productCategories(random.fork('categories'));
  const forms = productForms();
  const units = dosageUnits();
  const products = makeProducts(random.fork('products'), { forms, units });
  const programProducts = makeProgramProducts(random.fork('program products'), { programs, products, categories });
  const approvedProducts = facilityApprovedProducts(random.fork('approved products'), {
    types,
    programProducts,
    programs,
  });
  const schedules = processingSchedules();
  const nodes = supervisoryNodes(zones, facilities);
  const groups = requisitionGroups(nodes);
  const supported = programsSupported(random.fork('programs supported'), { facilities, programs });
  const adjustmentTypes = lossesAdjustmentsTypes();
  const stock = makeStock(random.fork('stock'), { facilities, supported, programProducts, adjustmentTypes, todayMs });

  return {
    'public.geographic_levels': levels,
    'public.geographic_zones': zones,
    'public.geographic_zone_geojson': zoneOutlines(random.fork('outlines'), zones),
    'public.facility_types': types,
    'public.facility_operators': operators,
    'public.price_schedules': priceSchedules(),
    'public.facilities': facilities,
    'public.users': users,
    'public.programs': programs,
    'public.product_categories': categories,
    'public.product_groups': productGroups(),
    'public.product_forms': forms,
    'public.dosage_units': units,
    'public.products': products,
    'public.program_products': programProducts,
    'public.program_product_price_history': priceHistory(random.fork('prices'), programProducts),
    'public.facility_approved_products': approvedProducts,
    'public.processing_schedules': schedules,
    'public.processing_periods': processingPeriods(random.fork('periods')),
    'public.programs_supported': supported,
    'public.losses_adjustments_types': adjustmentTypes,
    'public.supervisory_nodes': nodes,
    'public.requisition_groups': groups,
    'public.requisition_group_members': groupMembers({ groups, facilities, zones }),
    'public.requisition_group_program_schedules': groupSchedules(groups, programs),
    'public.supply_lines': supplyLines({ nodes, programs, facilities }),
    'public.rights': rights(),
    'public.roles': roles(),
    'public.role_rights': roleRights(),
    'public.role_assignments': roleAssignments({ users, programs, nodes }),
    'public.fulfillment_role_assignments': fulfillmentRoleAssignments(users, facilities),
    'public.lots': stock.lots,
    'public.stock_cards': stock.cards,
    'public.lots_on_hand': stock.lotsOnHand,
    'public.stock_card_entries': stock.entries,
  } as const satisfies NewRows;
}
