// Supply lines: which facility supplies what a supervisory node approves, program by program.
import { definePipeline, references, source, target } from '../definition.ts';
import { demanded } from '../steps/demanded.ts';

export const supplyLines = definePipeline({
  name: 'supply-lines',
  summary: 'The supplying facility of each supervisory node and program.',
  root: source('public.supply_lines', {
    columns: ['id', 'description', 'supervisorynodeid', 'programid', 'supplyingfacilityid'],
  }),
  owns: {
    lines: target('referencedata.supply_lines', {
      key: ['id'],
      references: [
        references('supervisorynodeid', 'referencedata.supervisory_nodes'),
        references('programid', 'referencedata.programs'),
        references('supplyingfacilityid', 'referencedata.facilities'),
      ],
    }),
  },
  derive: (line, { id }) => ({
    lines: [
      {
        id: id('supply_lines', line.id),
        description: line.description,
        // v2 lets it be empty since its V361.
        supervisorynodeid: id('supervisory_nodes', demanded(line.supervisorynodeid, 'supply_lines.supervisorynodeid')),
        programid: id('programs', line.programid),
        supplyingfacilityid: id('facilities', line.supplyingfacilityid),
      },
    ],
  }),
});
