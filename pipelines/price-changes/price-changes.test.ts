import { expect, test } from 'vitest';
import { deriveExample, id } from '../example.ts';
import { examples } from './examples.ts';
import { priceChanges } from './price-changes.ts';

const { root } = examples[0] as (typeof examples)[number];

test('its author is who made the row, before who changed it last', () => {
  const { rows } = deriveExample(priceChanges, { ...root, creator: { id: 2 } });
  expect(rows.changes[0]?.authorid).toBe(id('users', 2));
});

test("an author whom v3 knows as one of its own is named by v3's id", () => {
  const admin = '35316636-6264-6331-2d34-3933322d3462';
  const { rows } = deriveExample(priceChanges, root, new Map([['users:1', admin]]));
  expect(rows.changes[0]?.authorid).toBe(admin);
});

test('a price without a first day counts since it was entered', () => {
  const { rows } = deriveExample(priceChanges, { ...root, startdate: null });
  expect(rows.changes[0]?.occurreddate).toBe('2017-12-28 16:00:00 Africa/Dar_es_Salaam');
});
