/* oxlint-disable oxc/no-map-spread -- each row is made once, from parts */
// Who approves and who supplies: supervisory nodes, requisition groups, supply lines; and the types of losses.
import { timestampText } from './calendar.ts';
import { scheduleOf } from './periods.ts';
import type { Rows } from './row-values.ts';

/** The types that eLMIS brings: name, description, whether stock grows. */
const adjustmentTypes = [
  ['TRANSFER_IN', 'Transfer In', true],
  ['TRANSFER_OUT', 'Transfer Out', false],
  ['DAMAGED', 'Damaged', false],
  ['LOST', 'Lost', false],
  ['STOLEN', 'Stolen', false],
  ['EXPIRED', 'Expired', false],
  ['PASSED_OPEN_VIAL_TIME_LIMIT', 'Passed Open-Vial Time Limit', false],
  ['COLD_CHAIN_FAILURE', 'Cold Chain Failure', false],
  ['CLINIC_RETURN', 'Clinic Return', true],
  ['FOUND', 'Found', true],
  ['PURCHASE', 'Purchase', true],
] as const;

export function lossesAdjustmentsTypes(): Rows<'public.losses_adjustments_types'> {
  return adjustmentTypes.map(([name, description, additive], index) => ({
    name,
    description,
    additive,
    displayorder: index === 9 ? null : index + 1,
    createddate: timestampText(Date.UTC(2013, 6, 1)),
    isdefault: index < 9 ? true : null,
    category: name.startsWith('TRANSFER') ? 'TRANSFER' : index === 10 ? null : 'ADJUSTMENT',
  }));
}

/**
 * One node for the country, each MSD zone, each region and each council: parents first. Councils' names are all equal, but
 * for their letters.
 */
export function supervisoryNodes(
  zones: Rows<'public.geographic_zones'>,
  facilities: Rows<'public.facilities'>,
): Rows<'public.supervisory_nodes'> {
  return zones.map((zone) => ({
    id: zone.id,
    parentid: zone.parentid ?? null,
    facilityid: facilities[(zone.id - 1) % facilities.length]?.id ?? 1,
    name: zone.levelid === 4 ? councilNodeName(zone.id) : zone.name.slice(0, 50),
    code: `SN-${zone.id}`,
    description: zone.levelid === 4 ? null : `${zone.name} approves`,
    createddate: timestampText(Date.UTC(2013, 6, 1)),
    modifieddate: timestampText(Date.UTC(2013, 6, 1)),
  }));
}

function councilNodeName(id: number): string {
  return id % 5 === 0 ? 'COUNCIL PHARMACY' : 'Council Pharmacy';
}

/** One for each council; the last is without a node, as v2 allows. */
export function requisitionGroups(nodes: Rows<'public.supervisory_nodes'>): Rows<'public.requisition_groups'> {
  const councils = nodes.filter((node) => node.name === councilNodeName(node.id));
  return councils.map((node, index) => ({
    id: index + 1,
    code: `RG-${node.id}`,
    name: `Council group ${index + 1}`,
    description: null,
    supervisorynodeid: index === councils.length - 1 ? null : node.id,
  }));
}

export function groupMembers({
  groups,
  facilities,
  zones,
}: {
  readonly groups: Rows<'public.requisition_groups'>;
  readonly facilities: Rows<'public.facilities'>;
  readonly zones: Rows<'public.geographic_zones'>;
}): Rows<'public.requisition_group_members'> {
  const councils = zones.filter((zone) => zone.levelid === 4);
  const groupOfCouncil = new Map(councils.map((zone, index) => [zone.id, groups[index]?.id]));
  return facilities
    .flatMap((facility) => {
      const requisitiongroupid = groupOfCouncil.get(facility.geographiczoneid);
      return requisitiongroupid === undefined ? [] : [{ requisitiongroupid, facilityid: facility.id }];
    })
    .map((member, index) => ({ id: index + 1, ...member }));
}

export function groupSchedules(
  groups: Rows<'public.requisition_groups'>,
  programs: Rows<'public.programs'>,
): Rows<'public.requisition_group_program_schedules'> {
  return groups
    .flatMap((group) =>
      programs.map((program) => ({
        requisitiongroupid: group.id,
        programid: program.id,
        scheduleid: scheduleOf(group.supervisorynodeid ?? 0, program.code),
        directdelivery: program.code === 'lab',
        dropofffacilityid: null,
      })),
    )
    .map((schedule, index) => ({ id: index + 1, ...schedule }));
}

/** Each MSD zone supplies its own councils; one line without node, as v2 allows since its V361. */
export function supplyLines({
  nodes,
  programs,
  facilities,
}: {
  readonly nodes: Rows<'public.supervisory_nodes'>;
  readonly programs: Rows<'public.programs'>;
  readonly facilities: Rows<'public.facilities'>;
}): Rows<'public.supply_lines'> {
  const warehouses = facilities.filter((facility) => facility.typeid === 1);
  const lines = warehouses.flatMap((warehouse) =>
    programs.map((program) => ({
      supervisorynodeid: warehouse.geographiczoneid,
      programid: program.id,
      supplyingfacilityid: warehouse.id,
    })),
  );
  const orphan = { supervisorynodeid: null, programid: 1, supplyingfacilityid: warehouses[0]?.id ?? 1 };
  return [...lines.filter((line) => nodes.some((node) => node.id === line.supervisorynodeid)), orphan].map(
    (line, index) => ({
      id: index + 1,
      description: index % 2 === 0 ? null : 'MSD',
      ...line,
      exportorders: true,
      parentid: null,
    }),
  );
}
