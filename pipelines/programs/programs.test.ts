import { expect, test } from 'vitest';
import { deriveExample } from '../example.ts';
import { examples } from './examples.ts';
import { programs } from './programs.ts';

const { root } = examples[0] as (typeof examples)[number];

test('programs of the same name have templates of different names', () => {
  const names = ['ils', 'tb'].map((code, index) => {
    const { rows } = deriveExample(programs, { ...root, id: index, code });
    return rows.templates[0]?.name.toLowerCase();
  });
  expect(new Set(names).size).toBe(2);
});

test('the longest code that v2 can hold makes a template name that fits', () => {
  const { rows } = deriveExample(programs, { ...root, code: 'c'.repeat(50) });
  expect(rows.templates[0]?.name.length).toBeLessThanOrEqual(255);
});
