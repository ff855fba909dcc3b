import { expect, test } from 'vitest';
import { fullName } from './full-name.ts';

test.each([
  [{ form: 'Capsule', strength: '250', dosageUnit: 'mg' }, 'Amoxicillin Capsule 250 mg'],
  [{ form: null, strength: '250', dosageUnit: undefined }, 'Amoxicillin 250'],
  [{ form: '', strength: null, dosageUnit: 'mg' }, 'Amoxicillin mg'],
  [{ form: undefined, strength: null, dosageUnit: null }, 'Amoxicillin'],
])('%o gives %s', (parts, name) => {
  expect(fullName({ primaryName: 'Amoxicillin', ...parts })).toBe(name);
});
