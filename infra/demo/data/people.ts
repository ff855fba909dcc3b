// Users, their roles and what these allow.
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
      username: index === 0 ? 'admin' : `${firstname.toLowerCase()}.${index}`,
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
  'Store in-charge': ['CREATE_REQUISITION', 'VIEW_REQUISITION'],
  'District pharmacist': ['AUTHORIZE_REQUISITION', 'DELETE_REQUISITION', 'VIEW_REQUISITION'],
  'Zonal approver': ['APPROVE_REQUISITION', 'VIEW_REQUISITION'],
  'Warehouse clerk': ['VIEW_ORDER', 'CONVERT_TO_ORDER', 'FACILITY_FILL_SHIPMENT', 'MANAGE_POD'],
  Admin: ['MANAGE_FACILITY'],
};

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
  return users.flatMap((user): NewRow<'public.role_assignments'>[] => {
    const roleid = user.id === 1 ? 5 : (user.id % 3) + 1;
    if (roleid === 5)
      return [{ userid: user.id, roleid, programid: null, supervisorynodeid: null, deliveryzoneid: null }];
    return programs.map((program) => ({
      userid: user.id,
      roleid,
      programid: program.id,
      supervisorynodeid: roleid === 1 ? null : (nodes[user.id % nodes.length]?.id ?? null),
      deliveryzoneid: null,
    }));
  });
}

export function fulfillmentRoleAssignments(
  users: Rows<'public.users'>,
  facilities: Rows<'public.facilities'>,
): Rows<'public.fulfillment_role_assignments'> {
  const warehouses = facilities.filter((facility) => facility.typeid === 1);
  return users
    .filter((user) => user.id % 5 === 0)
    .map((user, index) => ({ userid: user.id, roleid: 4, facilityid: warehouses[index % warehouses.length]?.id ?? 1 }));
}
