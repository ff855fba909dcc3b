// The v2 tables of the engine's tests: the columns that pipelines look at, the foreign keys and unique constraints that
// v2 keeps at every statement, and how a row comes to its values by chance.
import { planOf } from '../../activities/plan.ts';
import type { Random } from '../../infra/demo/random.ts';
import { parseConstraint, readCatalog } from '../../pipelines/catalog/read-catalog.ts';
import { pipelines, publishedTables } from '../../pipelines/index.ts';

/** A value as landing gives it to a mapping: numbers and booleans as such, all else as PostgreSQL's text. */
export type Value = string | number | boolean | null;
export type Row = Readonly<Record<string, Value>>;

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
}

export interface ForeignKey {
  readonly column: string;
  readonly table: string;
  /** The column there. */
  readonly to: string;
}

export interface V2TableRules {
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: readonly Column[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Compared ignoring case: v2 has an index on lower(code) beside the plain one. */
  readonly uniques: readonly (readonly string[])[];
  /** Large texts, which Debezium leaves out of an update that does not change them. */
  readonly large: readonly string[];
}

type Rules = Pick<V2TableRules, 'uniques'> & {
  /** column -> 'table.column' */
  readonly links?: Readonly<Record<string, string>>;
  readonly large?: readonly string[];
  /** Columns that v2 lets be NULL and v3 does not: without a value the root would go to quarantine. */
  readonly filled?: readonly string[];
};

/** Parents first. */
const rules: Readonly<Record<string, Rules>> = {
  geographic_levels: { uniques: [['code']] },
  geographic_zones: {
    uniques: [['code']],
    links: { levelid: 'geographic_levels.id', parentid: 'geographic_zones.id' },
  },
  geographic_zone_geojson: { uniques: [], links: { zoneid: 'geographic_zones.id' }, large: ['geometry'] },
  facility_operators: { uniques: [['code']] },
  facility_types: { uniques: [['code'], ['name']] },
  programs: { uniques: [['code']] },
  facilities: {
    uniques: [['code']],
    links: {
      geographiczoneid: 'geographic_zones.id',
      typeid: 'facility_types.id',
      operatedbyid: 'facility_operators.id',
      parentfacilityid: 'facilities.id',
    },
    large: ['comment'],
  },
  programs_supported: {
    uniques: [['facilityid', 'programid']],
    links: { facilityid: 'facilities.id', programid: 'programs.id' },
  },
  product_categories: { uniques: [['code']] },
  product_forms: { uniques: [['code']] },
  dosage_units: { uniques: [['code']] },
  products: {
    uniques: [['code']],
    links: { formid: 'product_forms.id', dosageunitid: 'dosage_units.id' },
    large: ['specialstorageinstructions'],
  },
  program_products: {
    uniques: [['productid', 'programid']],
    links: { programid: 'programs.id', productid: 'products.id', productcategoryid: 'product_categories.id' },
  },
  facility_approved_products: {
    uniques: [['facilitytypeid', 'programproductid']],
    links: { facilitytypeid: 'facility_types.id', programproductid: 'program_products.id' },
  },
  processing_schedules: { uniques: [['code']] },
  processing_periods: { uniques: [['name', 'scheduleid']], links: { scheduleid: 'processing_schedules.id' } },
  supervisory_nodes: {
    uniques: [['code']],
    links: { facilityid: 'facilities.id', parentid: 'supervisory_nodes.id' },
  },
  requisition_groups: {
    uniques: [['code']],
    links: { supervisorynodeid: 'supervisory_nodes.id' },
    filled: ['supervisorynodeid'],
  },
  requisition_group_members: {
    uniques: [['requisitiongroupid', 'facilityid']],
    links: { requisitiongroupid: 'requisition_groups.id', facilityid: 'facilities.id' },
  },
  requisition_group_program_schedules: {
    uniques: [['requisitiongroupid', 'programid']],
    links: {
      requisitiongroupid: 'requisition_groups.id',
      programid: 'programs.id',
      scheduleid: 'processing_schedules.id',
      dropofffacilityid: 'facilities.id',
    },
  },
  supply_lines: {
    uniques: [['supervisorynodeid', 'programid']],
    links: {
      supervisorynodeid: 'supervisory_nodes.id',
      programid: 'programs.id',
      supplyingfacilityid: 'facilities.id',
    },
  },
  rights: { uniques: [['name']] },
  roles: { uniques: [['name']] },
  role_rights: { uniques: [['roleid', 'rightname']], links: { roleid: 'roles.id', rightname: 'rights.name' } },
  users: { uniques: [['username'], ['email']], links: { facilityid: 'facilities.id' } },
  role_assignments: {
    uniques: [],
    links: {
      userid: 'users.id',
      roleid: 'roles.id',
      programid: 'programs.id',
      supervisorynodeid: 'supervisory_nodes.id',
    },
  },
  fulfillment_role_assignments: {
    uniques: [],
    links: { userid: 'users.id', roleid: 'roles.id', facilityid: 'facilities.id' },
  },
  losses_adjustments_types: { uniques: [['name'], ['description']] },
  requisitions: {
    uniques: [['facilityid', 'programid', 'periodid']],
    links: {
      facilityid: 'facilities.id',
      programid: 'programs.id',
      periodid: 'processing_periods.id',
      supervisorynodeid: 'supervisory_nodes.id',
    },
  },
  requisition_line_items: {
    uniques: [],
    links: { rnrid: 'requisitions.id', productcode: 'products.code' },
    large: ['remarks'],
  },
  requisition_line_item_losses_adjustments: {
    uniques: [],
    links: { requisitionlineitemid: 'requisition_line_items.id', type: 'losses_adjustments_types.name' },
  },
  requisition_status_changes: { uniques: [], links: { rnrid: 'requisitions.id', createdby: 'users.id' } },
  program_product_price_history: {
    uniques: [],
    links: { programproductid: 'program_products.id', createdby: 'users.id', modifiedby: 'users.id' },
  },
  comments: { uniques: [], links: { rnrid: 'requisitions.id', createdby: 'users.id' } },
  orders: {
    uniques: [],
    links: {
      id: 'requisitions.id',
      supplylineid: 'supply_lines.id',
      createdby: 'users.id',
      modifiedby: 'users.id',
    },
    filled: ['supplylineid'],
  },
  shipment_line_items: { uniques: [], links: { orderid: 'orders.id', productcode: 'products.code' } },
  pod: { uniques: [['orderid']], links: { orderid: 'orders.id' } },
  pod_line_items: { uniques: [], links: { podid: 'pod.id', productcode: 'products.code' } },
  lots: { uniques: [], links: { productid: 'products.id' } },
  stock_cards: {
    uniques: [['facilityid', 'productid']],
    links: { facilityid: 'facilities.id', productid: 'products.id' },
  },
  lots_on_hand: { uniques: [], links: { stockcardid: 'stock_cards.id', lotid: 'lots.id' } },
  stock_card_entries: {
    uniques: [],
    links: {
      stockcardid: 'stock_cards.id',
      lotonhandid: 'lots_on_hand.id',
      adjustmenttype: 'losses_adjustments_types.name',
    },
  },
};

const catalog = new Map(readCatalog('v2').map((each) => [`${each.schema}.${each.table}`, each]));
const plans = pipelines.map(planOf);

/** Tables that a pipeline reads and nobody has said more about: what the catalog says, so far as it concerns tables read. */
function rulesFromCatalog(table: string): Rules {
  const keys = (catalog.get(table)?.constraints ?? []).map(parseConstraint);
  return {
    uniques: keys.flatMap((key) => (key.kind === 'unique' && typeof key.of === 'object' ? [key.of] : [])),
    links: Object.fromEntries(
      keys.flatMap((key) =>
        key.kind === 'foreign key' && (publishedTables as readonly string[]).includes(`public.${key.table}`)
          ? key.columns.map((column, place) => [column, `${key.table}.${key.key[place]}`])
          : [],
      ),
    ),
  };
}

const unlisted = publishedTables
  .map((table) => table.replace('public.', ''))
  .filter((name) => !(name in rules))
  .map((name) => [name, rulesFromCatalog(`public.${name}`)] as const);

export const v2TableRules: readonly V2TableRules[] = [...Object.entries(rules), ...unlisted].map(([name, own]) => {
  const table = `public.${name}`;
  const planned = plans.flatMap((plan) => plan.tables.get(table) ?? []);
  const key = planned[0]?.key ?? ['id'];
  const wanted = new Set([...key, ...planned.flatMap((each) => each.watched), ...(own.large ?? [])]);
  return {
    table,
    key,
    columns: (catalog.get(table)?.columns ?? [])
      .filter((column) => wanted.has(column.name))
      .map((column) => ({
        name: column.name,
        type: column.type,
        isNullable: column.nullable && own.filled?.includes(column.name) !== true,
      })),
    foreignKeys: Object.entries(own.links ?? {}).map(([column, to]) => {
      const [parent = '', parentColumn = ''] = to.split('.');
      return { column, table: `public.${parent}`, to: parentColumn };
    }),
    uniques: own.uniques,
    large: own.large ?? [],
  };
});

const byTable = new Map(v2TableRules.map((each) => [each.table, each]));

export function rulesOf(table: string): V2TableRules {
  const found = byTable.get(table);
  if (found === undefined) throw new Error(`The engine's tests have no rules for ${table}`);
  return found;
}

const OUTLINE = '{"type":"Polygon","coordinates":[[[35,-6],[36,-6],[36,-7],[35,-6]]]}';
const STATUSES = ['INITIATED', 'SUBMITTED', 'AUTHORIZED', 'IN_APPROVAL', 'APPROVED', 'RELEASED'];
/** 'warehouse' is a type that v3 brought itself. */
const TYPE_CODES = ['warehouse', 'WAREHOUSE', 'hosp', 'disp', 'hc', 'msd'];
/** v3 brings a user and a role of its own, too. */
const USERS = ['admin', 'Admin', 'asha', 'juma', 'neema', 'baraka', 'zawadi'];
const ROLES = ['System Administrator', 'SYSTEM ADMINISTRATOR', 'Clerk', 'Approver', 'Reader', 'Officer'];
/** Two are one in v3, and one has no home there. */
const RIGHTS = ['VIEW_REQUISITION', 'APPROVE_REQUISITION', 'MANAGE_POD', 'COMPLETE_POD', 'CREATE_LOT'];

/** Values that have to come from somewhere else than a column's type. */
const special: Readonly<Record<string, (random: Random) => Value>> = {
  'facility_types.code': (random) => random.pick(TYPE_CODES),
  'requisitions.status': (random) => random.pick(STATUSES),
  'requisitions.emergency': () => false,
  'rights.name': (random) => random.pick(RIGHTS),
  'roles.name': (random) => random.pick(ROLES),
  'users.username': (random) => random.pick(USERS),
  'role_assignments.deliveryzoneid': (random) => random.pick([null, null, 1]),
  'requisition_status_changes.status': (random) => random.pick(STATUSES),
  'requisition_line_items.previousnormalizedconsumptions': (random) => random.pick([null, '[]', '[7]', '[7, 9]']),
  'orders.status': (random) => random.pick(['RELEASED', 'PACKED', 'RECEIVED']),
  // Of real numbers no two are the same.
  'orders.ordernumber': () => '0',
  // A code of no product would wait for ever.
  'shipment_line_items.substitutedproductcode': () => null,
  'geographic_zone_geojson.geometry': (random) => random.pick([null, OUTLINE, OUTLINE.replaceAll('36', '37')]),
  // v3 brought 'Transfer In' itself.
  'losses_adjustments_types.description': (random) =>
    random.pick(['Transfer In', 'transfer in', `d${random.integer(1, 9)}`]),
  'lots.lotnumber': (random) => random.pick([null, '', 'A', 'A', 'B', 'A [1]']),
  'stock_card_entries.type': (random) => random.pick(['CREDIT', 'DEBIT', 'ADJUSTMENT']),
  'stock_card_entries.quantity': (random) => random.integer(-3, 3),
  'losses_adjustments_types.category': (random) => random.pick([null, 'TRANSFER', 'other']),
  // v3 has no home for a place half known, and counts a loss; whole ones are enough here.
  'facilities.latitude': () => '-6.80000',
  'facilities.longitude': () => '39.28000',
  'products.gtin': () => null,
  'facilities.pricescheduleid': () => null,
};

/** A value for a column that is neither key nor foreign key. The fewer different values, the more they meet. */
export function anyValue(table: string, column: Column, random: Random): Value {
  const own = special[`${table.replace('public.', '')}.${column.name}`];
  if (own !== undefined) return own(random);
  if (column.name === 'code' || column.name === 'name' || column.name === 'description')
    return `${column.name.charAt(0)}${random.integer(1, 9)}`;
  if (column.isNullable && random.chance(0.3)) return null;
  const { type } = column;
  if (type === 'boolean') return random.chance(0.5);
  if (type === 'integer' || type === 'smallint') return random.integer(0, 4);
  const numeric = /^numeric\(\d+,(\d+)\)$/.exec(type);
  if (numeric !== null) return random.integer(0, 3).toFixed(Number(numeric[1]));
  if (type === 'date') return random.pick(['2015-01-31', '2020-02-29']);
  if (type.startsWith('timestamp'))
    return `${random.pick(['2015-01-31 23:59:59', '2020-02-29 08:00:00.123456'])}${zoneOf(type)}`;
  return random.pick(['x', 'Dawa', "it's; \\N"]);
}

/** A row of which only the given values matter: the rest is NULL where it may be, and plain where it may not. */
export function plainRow(table: string, values: Row): Row {
  const plain = ({ name, type, isNullable }: Column): Value => {
    if (isNullable) return null;
    if (type === 'boolean') return true;
    if (type === 'integer' || type === 'smallint') return 1;
    if (type === 'date') return '2015-01-31';
    if (type.startsWith('timestamp')) return `2015-01-31 08:00:00${zoneOf(type)}`;
    if (type.startsWith('numeric')) return '1.00';
    return `${name} ${String(values['id'] ?? '')}`.trim();
  };
  return { ...Object.fromEntries(rulesOf(table).columns.map((column) => [column.name, plain(column)])), ...values };
}

/** What PostgreSQL prints behind an instant, in a session in UTC. */
function zoneOf(type: string): string {
  return type.startsWith('timestamp with time zone') ? '+00' : '';
}
