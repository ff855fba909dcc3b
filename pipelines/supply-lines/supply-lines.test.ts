import { expect, test } from 'vitest';
import { deriveExample } from '../example.ts';
import { examples } from './examples.ts';
import { supplyLines } from './supply-lines.ts';

const { root } = examples[0] as (typeof examples)[number];

test('a line without a node has no rows, and says why', () => {
  expect(() => deriveExample(supplyLines, { ...root, supervisorynodeid: null })).toThrow(
    /supply_lines.supervisorynodeid is empty/,
  );
});
