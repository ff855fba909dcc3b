import { expect, test } from 'vitest';
import { previousConsumptions } from './previous-consumptions.ts';

const lossAt = 'previous_adjusted_consumptions.previousadjustedconsumption';

test.each([
  { list: '[30,31]', numbers: [30, 31], losses: [] },
  { list: '[30, 30]', numbers: [30, 30], losses: [] },
  { list: '[]', numbers: [], losses: [] },
  { list: '', numbers: [], losses: [] },
  { list: null, numbers: [], losses: [] },
  { list: '[null,4]', numbers: [4], losses: [lossAt] },
  { list: '[1.5,4]', numbers: [4], losses: [lossAt] },
  { list: '[30,3', numbers: [], losses: [lossAt] },
  { list: 'none', numbers: [], losses: [lossAt] },
  { list: '7', numbers: [], losses: [lossAt] },
])('$list holds $numbers', ({ list, numbers, losses }) => {
  const recorded: string[] = [];
  expect(previousConsumptions(list, { loss: (_code, column) => recorded.push(column) })).toEqual(numbers);
  expect(recorded).toEqual(losses);
});
