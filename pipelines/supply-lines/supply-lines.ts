// Supply lines: which facility supplies what a supervisory node approves, program by program.
import { definePipeline, references, source, target } from '../definition.ts';

export const supplyLines = definePipeline({
  name: 'supply-lines',
  summary: 'The supplying facility of each supervisory node and program; lines without a node stay in v2.',
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
  derive(line, { id, loss }) {
    // v2 lets it be empty since its V361, v3 does not. Such a line is left out rather than refused: a refused root keeps the
    // row that it had, and with it the node and program that v2 may have given to another line meanwhile.
    if (line.supervisorynodeid === null) {
      loss('VALUE_WITHOUT_HOME', 'supply_lines.supervisorynodeid');
      return { lines: [] };
    }
    return {
      lines: [
        {
          id: id('supply_lines', line.id),
          description: line.description,
          supervisorynodeid: id('supervisory_nodes', line.supervisorynodeid),
          programid: id('programs', line.programid),
          supplyingfacilityid: id('facilities', line.supplyingfacilityid),
        },
      ],
    };
  },
});
