import { expect, test } from 'vitest';
import { lastChange } from './last-change.ts';

const created = '2014-01-01 00:00:00';
const modified = '2018-01-01 00:00:00';

test.each([
  [{ createddate: created, modifieddate: modified }, `${modified} Africa/Dar_es_Salaam`],
  [{ createddate: created, modifieddate: null }, `${created} Africa/Dar_es_Salaam`],
  [{ createddate: null, modifieddate: null }, '1970-01-01 00:00:00 Africa/Dar_es_Salaam'],
])('%o last changed at %s', (row, instant) => {
  expect(lastChange(row)).toBe(instant);
});
