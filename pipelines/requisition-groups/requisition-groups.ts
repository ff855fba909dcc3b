// Requisition groups: which facilities a supervisory node approves for, and by which calendar they report in each program.
import type { DeriveContext, Loaded } from '../definition.ts';
import { definePipeline, many, references, source, target } from '../definition.ts';
import { demanded } from '../steps/demanded.ts';

const root = source('public.requisition_groups', {
  columns: ['id', 'code', 'name', 'description', 'supervisorynodeid'],
  joins: {
    members: many('public.requisition_group_members', {
      on: { requisitiongroupid: 'id' },
      columns: ['facilityid'],
    }),
    schedules: many('public.requisition_group_program_schedules', {
      on: { requisitiongroupid: 'id' },
      columns: ['programid', 'scheduleid', 'directdelivery', 'dropofffacilityid'],
    }),
  },
});

type Group = Loaded<typeof root>;

export const requisitionGroups = definePipeline({
  name: 'requisition-groups',
  summary: 'Groups of facilities under a supervisory node, with the schedule of each program.',
  root,
  owns: {
    groups: target('referencedata.requisition_groups', {
      key: ['id'],
      adoptable: true,
      references: [references('supervisorynodeid', 'referencedata.supervisory_nodes')],
    }),
    members: target('referencedata.requisition_group_members', {
      key: ['requisitiongroupid', 'facilityid'],
      references: [references('facilityid', 'referencedata.facilities')],
    }),
    schedules: target('referencedata.requisition_group_program_schedules', {
      key: ['id'],
      references: [
        references('programid', 'referencedata.programs'),
        references('processingscheduleid', 'referencedata.processing_schedules'),
        references('dropofffacilityid', 'referencedata.facilities'),
      ],
    }),
  },
  derive(group, { id }) {
    const groupId = id('requisition_groups', group.id);
    return {
      groups: [
        {
          id: groupId,
          code: group.code,
          name: group.name,
          description: group.description,
          supervisorynodeid: id(
            'supervisory_nodes',
            demanded(group.supervisorynodeid, 'requisition_groups.supervisorynodeid'),
          ),
        },
      ],
      // Members and schedules are deleted and inserted again by eLMIS: they are known by what they say.
      members: group.members.map(({ facilityid }) => ({
        requisitiongroupid: groupId,
        facilityid: id('facilities', facilityid),
      })),
      schedules: group.schedules.map((schedule) => scheduleRow(schedule, { id, group: group.id })),
    };
  },
});

function scheduleRow(
  schedule: Group['schedules'][number],
  { id, group }: Pick<DeriveContext, 'id'> & { readonly group: number },
) {
  return {
    id: id('requisition_group_program_schedules', group, schedule.programid),
    requisitiongroupid: id('requisition_groups', group),
    programid: id('programs', schedule.programid),
    processingscheduleid: id('processing_schedules', schedule.scheduleid),
    directdelivery: schedule.directdelivery,
    dropofffacilityid: schedule.dropofffacilityid === null ? null : id('facilities', schedule.dropofffacilityid),
  };
}
