// Users, their roles and what these allow: a role of each kind, and of what v3 has no home for.
import { audit, orNull } from './row-values.ts';
import type { Rows } from './row-values.ts';
import type { NewRow } from '../copy-rows.ts';
import type { Random } from '../random.ts';

export function makeUsers(random: Random, facilities: Rows<'public.facilities'>): Rows<'public.users'> {
  const firstNames = ['Asha', 'Baraka', 'Zawadi', 'Juma', 'Neema', 'Hamisi', 'Upendo', 'Rashid', 'Mwajuma', 'Elia'];
  const lastNames = ['Mushi', 'Kimaro', 'Mwakyusa', "Ng'wanakilala", 'Shayo', 'Msuya', 'Lyimo', 'Mollel'];
  return Array.from({ length: 40 }, (_, index) => {
    const [firstname, lastname] = index === 0 ? ['Admin', 'User'] : [random.pick(firstNames), random.pick(lastNames)];
    return {
      id: index + 1,
      // v3 has an 'admin' of its own.
      username: index === 0 ? 'Admin' : `${firstname.toLowerCase()}.${index}`,
      password: 'not-in-use',
      firstname,
      lastname,
      employeeid: index % 4 === 0 ? null : `E${1000 + index}`,
      restrictlogin: false,
      jobtitle: orNull(random, 'Pharmacist', 0.4),
      primarynotificationmethod: null,
      officephone: null,
      cellphone: orNull(random, `+255 7${random.integer(10_000_000, 99_999_999)}`, 0.4),
      email: index % 3 === 0 ? null : `u${index}@example.org`,
      supervisorid: index === 0 ? null : 1,
      facilityid: index === 0 ? null : random.pick(facilities).id,
      verified: orNull(random, true, 0.1),
      active: orNull(random, index % 9 !== 8, 0.05),
      ...audit(random),
      ismobileuser: false,
      receivesupervisorynotifications: false,
    };
  });
}

const rightNames = [
  ['CREATE_REQUISITION', 'REQUISITION'],
  ['AUTHORIZE_REQUISITION', 'REQUISITION'],
  ['APPROVE_REQUISITION', 'REQUISITION'],
  ['DELETE_REQUISITION', 'REQUISITION'],
  ['VIEW_REQUISITION', 'REQUISITION'],
  ['VIEW_ORDER', 'FULFILLMENT'],
  ['CONVERT_TO_ORDER', 'FULFILLMENT'],
  ['MANAGE_POD', 'FULFILLMENT'],
  ['FACILITY_FILL_SHIPMENT', 'FULFILLMENT'],
  ['MANAGE_FACILITY', 'ADMIN'],
  ['VIEW_STOCK_ON_HAND', 'REQUISITION'],
  ['COMPLETE_POD', 'REQUISITION'],
  ['MANAGE_STOCK', 'REQUISITION'],
  ['CREATE_LOT', 'REQUISITION'],
  ['VIEW_IVD', 'REQUISITION'],
  ['MANAGE_EQUIPMENT_INVENTORY', 'REQUISITION'],
  ['MANAGE_ROLE', 'ADMIN'],
  ['MANAGE_USER', 'ADMIN'],
  ['MANAGE_SCHEDULE', 'ADMIN'],
  ['UPLOADS', 'ADMIN'],
  ['MANAGE_DISTRIBUTION', 'ALLOCATION'],
  ['MANAGE_REPORT', 'REPORTING'],
  ['Print Issue report', 'REPORTING'], // v2 makes such a right for each report that its users upload
  ['VIEW_CONSUMPTION_REPORT', 'REPORT'],
  ['VIEW_STOCKED_OUT_REPORT', 'REPORT'],
  ['VIEW_TIMELINESS_REPORT', 'REPORT'],
  ['VIEW_DASHBOARD', 'REPORT'],
  ['VIEW_VACCINE_REPORT', 'REPORT'],
] as const;

export function rights(): Rows<'public.rights'> {
  return rightNames.map(([name, righttype], index) => ({
    name,
    righttype,
    description: null,
    displayorder: index,
    displaynamekey: `right.${name}`,
  }));
}

const roleRightNames: Readonly<Record<string, readonly string[]>> = {
  'Store in-charge': ['CREATE_REQUISITION', 'VIEW_REQUISITION', 'VIEW_STOCK_ON_HAND', 'CREATE_LOT'],
  'District pharmacist': ['AUTHORIZE_REQUISITION', 'DELETE_REQUISITION', 'VIEW_REQUISITION'],
  'Zonal approver': ['APPROVE_REQUISITION', 'VIEW_REQUISITION'],
  'Warehouse clerk': ['VIEW_ORDER', 'CONVERT_TO_ORDER', 'FACILITY_FILL_SHIPMENT', 'MANAGE_POD', 'COMPLETE_POD'],
  Admin: ['MANAGE_FACILITY', 'MANAGE_USER', 'MANAGE_ROLE', 'UPLOADS'],
  'Report reader': ['VIEW_CONSUMPTION_REPORT', 'VIEW_STOCKED_OUT_REPORT', 'Print Issue report'],
  'Delivery manager': ['MANAGE_DISTRIBUTION'],
  'Vaccine officer': ['VIEW_IVD', 'VIEW_VACCINE_REPORT'], // nothing of it has a home in v3
  'SYSTEM ADMINISTRATOR': ['MANAGE_USER', 'MANAGE_SCHEDULE'], // v3 has a role of this name, in other letters
};

/** Ids follow the order of the names above. */
const roleOf = {
  storeInCharge: 1,
  warehouseClerk: 4,
  admin: 5,
  reportReader: 6,
  deliveryManager: 7,
  vaccineOfficer: 8,
  systemAdministrator: 9,
} as const;

export function roles(): Rows<'public.roles'> {
  return Object.keys(roleRightNames).map((name, index) => ({ id: index + 1, name, description: null }));
}

export function roleRights(): Rows<'public.role_rights'> {
  return Object.values(roleRightNames).flatMap((names, index) =>
    names.map((rightname) => ({ roleid: index + 1, rightname, createdby: 1 })),
  );
}

export function roleAssignments({
  users,
  programs,
  nodes,
}: {
  readonly users: Rows<'public.users'>;
  readonly programs: Rows<'public.programs'>;
  readonly nodes: Rows<'public.supervisory_nodes'>;
}): Rows<'public.role_assignments'> {
  const everywhere = { programid: null, supervisorynodeid: null, deliveryzoneid: null };
  return users.flatMap((user): NewRow<'public.role_assignments'>[] => {
    const userid = user.id;
    const direct = directRoles(userid).map((roleid) => ({ userid, roleid, ...everywhere }));
    if (userid === 1) return direct;
    const roleid = (userid % 3) + 1;
    const node = userid % 12 === 0 ? nodes[0] : nodes[userid % nodes.length];
    const supervising = programs.map((program) => ({
      userid,
      roleid,
      programid: program.id,
      // Without a node it is the user's home facility.
      supervisorynodeid: roleid === roleOf.storeInCharge ? null : (node?.id ?? null),
      deliveryzoneid: null,
    }));
    // Delivery zones have no home in v3.
    const delivering = {
      userid,
      roleid: roleOf.deliveryManager,
      programid: 1,
      supervisorynodeid: null,
      deliveryzoneid: 1,
    };
    return [...direct, ...supervising, ...(userid % 13 === 0 ? [delivering] : [])];
  });
}

function directRoles(userid: number): readonly number[] {
  if (userid === 1) return [roleOf.admin, roleOf.systemAdministrator];
  if (userid % 7 === 0) return [roleOf.reportReader];
  return userid % 11 === 0 ? [roleOf.vaccineOfficer] : [];
}

export function fulfillmentRoleAssignments(
  users: Rows<'public.users'>,
  facilities: Rows<'public.facilities'>,
): Rows<'public.fulfillment_role_assignments'> {
  const warehouses = facilities.filter((facility) => facility.typeid === 1);
  return users
    .filter((user) => user.id % 5 === 0)
    .map((user, index) => ({
      userid: user.id,
      roleid: roleOf.warehouseClerk,
      facilityid: warehouses[index % warehouses.length]?.id ?? 1,
    }));
}
