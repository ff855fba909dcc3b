// The four levels of Tanzania's tree.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { geographicLevels } from './geographic-levels.ts';

export const examples: readonly Example<typeof geographicLevels>[] = [
  level({ id: 1, code: 'country', name: 'Country', levelnumber: 1 }),
  level({ id: 2, code: 'msdzone', name: 'MSD zone', levelnumber: 2 }),
  level({ id: 3, code: 'region', name: 'Region', levelnumber: 3 }),
  level({ id: 4, code: 'council', name: 'Council', levelnumber: 4 }),
];

function level(row: {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly levelnumber: number;
}): Example<typeof geographicLevels> {
  return { title: row.name, root: row, rows: { levels: [{ ...row, id: id('geographic_levels', row.id) }] } };
}
