// Operators with a name and without one.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { facilityOperators } from './facility-operators.ts';

export const examples: readonly Example<typeof facilityOperators>[] = [
  {
    title: "v2's text becomes the name",
    root: { id: 1, code: 'MoH', text: 'Government', displayorder: 1 },
    rows: { operators: [{ id: id('facility_operators', 1), code: 'MoH', name: 'Government', displayorder: 1 }] },
  },
  {
    title: 'an operator without a name',
    root: { id: 2, code: 'FBO', text: null, displayorder: null },
    rows: { operators: [{ id: id('facility_operators', 2), code: 'FBO', name: null, displayorder: null }] },
  },
];
