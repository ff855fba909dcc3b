// Facility types. v3 brings `warehouse` itself, as v2 does: that row stays v3's own, and our facilities point at it.
import { definePipeline, source, target } from '../definition.ts';

export const facilityTypes = definePipeline({
  name: 'facility-types',
  summary: "Types of facilities; one that v3 brought itself (such as 'warehouse') is adopted and left as it is.",
  root: source('public.facility_types', {
    columns: ['id', 'code', 'name', 'description', 'displayorder', 'active'],
  }),
  owns: { types: target('referencedata.facility_types', { key: ['id'], adopt: 'code' }) },
  derive: (type, { id }) => ({
    types: [
      {
        id: id('facility_types', type.id),
        code: type.code,
        name: type.name,
        description: type.description,
        displayorder: type.displayorder,
        active: type.active,
        primaryhealthcare: false, // v2 does not say; false is v3's default
      },
    ],
  }),
});
