// Facility operators: who runs a facility (government, faith-based, private).
import { definePipeline, source, target } from '../definition.ts';

export const facilityOperators = definePipeline({
  name: 'facility-operators',
  summary: 'Who runs facilities: government, faith-based organisations, private owners.',
  root: source('public.facility_operators', { columns: ['id', 'code', 'text', 'displayorder'] }),
  owns: { operators: target('referencedata.facility_operators', { key: ['id'], adoptable: true }) },
  derive: (operator, { id }) => ({
    operators: [
      {
        id: id('facility_operators', operator.id),
        code: operator.code,
        name: operator.text,
        displayorder: operator.displayorder,
      },
    ],
  }),
});
