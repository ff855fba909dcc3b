// Geographic levels: how deep the tree of zones goes and what its levels are called.
import { definePipeline, source, target } from '../definition.ts';

export const geographicLevels = definePipeline({
  name: 'geographic-levels',
  summary: 'The levels of the geographic tree: country, MSD zone, region, council.',
  root: source('public.geographic_levels', { columns: ['id', 'code', 'name', 'levelnumber'] }),
  owns: { levels: target('referencedata.geographic_levels', { key: ['id'], adoptable: true }) },
  derive: (level, { id }) => ({
    levels: [
      {
        id: id('geographic_levels', level.id),
        code: level.code,
        name: level.name,
        levelnumber: level.levelnumber,
      },
    ],
  }),
});
