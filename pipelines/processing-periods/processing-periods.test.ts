import { expect, test } from 'vitest';
import { deriveExample } from '../example.ts';
import { examples } from './examples.ts';
import { processingPeriods } from './processing-periods.ts';

const { root } = examples[0] as (typeof examples)[number];

test('an end at infinity stays there, and so does a beginning before our era', () => {
  const { rows } = deriveExample(processingPeriods, {
    ...root,
    startdate: '0044-03-15 00:00:00 BC',
    enddate: 'infinity',
  });
  expect(rows.periods[0]).toMatchObject({ startdate: '0044-03-15 BC', enddate: 'infinity' });
});
