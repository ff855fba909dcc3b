import { expect, test } from 'vitest';
import { lossesIn, readPipelineCode, recordersIn, stepsIn } from './pipeline-code.ts';

const steps = `
export function cutText(text: string, { column, loss }: Options): string {
  loss('TEXT_CUT', column);
  return text;
}

export function times(value: string, factor: number): string {
  return value;
}
`;

test('the steps are what code imports from pipelines/steps/, once each, sorted', () => {
  const code = `
import { definePipeline } from '../definition.ts';
import { instantOf } from '../steps/timestamp.ts';
import type { Decimal } from '../steps/decimal.ts';
import { dayOf } from '../steps/timestamp.ts';
import { location } from './location.ts';
`;
  expect(stepsIn(code)).toEqual(['decimal', 'timestamp']);
});

test('of the steps, those that record a loss where their caller says', () => {
  expect([...recordersIn(steps)]).toEqual([['cutText', 'TEXT_CUT']]);
});

test.each([
  {
    what: 'recorded by the pipeline itself',
    code: `if (lot.maker !== null) context.loss('VALUE_WITHOUT_HOME', 'trade_items.maker'); // one for all lots`,
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'trade_items.maker' }],
  },
  {
    what: 'recorded by a step, with calls inside the call',
    code: `remarks: cutText(bothOrNull(a, times(b, 2)), {\n  maxCharacters: 255,\n  column: 'lines.remarks',\n  loss,\n}),`,
    losses: [{ code: 'TEXT_CUT', column: 'lines.remarks' }],
  },
  {
    what: 'recorded twice',
    code: `loss('TEXT_CUT', 'lines.remarks'); cutText(a, { column: 'lines.remarks', loss });`,
    losses: [{ code: 'TEXT_CUT', column: 'lines.remarks' }],
  },
  {
    what: 'in a column that the code computes',
    code: `cutText(text, { column, loss }); loss('NUMBER_ROUNDED', nameOf(price)); cutText(a, { column: 'lines.b', loss });`,
    losses: [
      { code: 'NUMBER_ROUNDED', column: undefined },
      { code: 'TEXT_CUT', column: undefined },
      { code: 'TEXT_CUT', column: 'lines.b' },
    ],
  },
  { what: 'none', code: `const { id, loss } = context; total: times(price, 2), close('TEXT_CUT', 'a');`, losses: [] },
])('losses: $what', ({ code, losses }) => {
  expect(lossesIn(code, recordersIn(steps))).toEqual(losses);
});

test('losses of a pipeline are found in all files of its folder, and through the real steps', () => {
  expect(readPipelineCode('requisitions').losses).toEqual(
    expect.arrayContaining([
      { code: 'DUPLICATE_DROPPED', column: 'status_changes' },
      { code: 'NUMBER_ROUNDED', column: 'requisition_line_items.totalcost' },
      { code: 'TEXT_CUT', column: 'requisition_line_items.remarks' },
    ]),
  );
});
