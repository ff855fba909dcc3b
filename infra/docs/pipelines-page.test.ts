import { expect, test } from 'vitest';
import type { Pipeline } from '../../pipelines/definition.ts';
import { many, one, references, source, target } from '../../pipelines/definition.ts';
import { printPipelinesPage } from './pipelines-page.ts';

// A little of everything that a definition can say.
const orders: Pipeline = {
  name: 'orders',
  summary: 'What was ordered.',
  root: source('public.requisitions', {
    columns: ['id', 'programid'],
    joins: {
      facility: one('public.facilities', { on: { id: 'facilityid' }, columns: ['typeid'] }),
      lines: many('public.requisition_line_items', {
        on: { rnrid: 'id' },
        columns: ['id', 'rnrid'],
        joins: {
          product: one('public.products', {
            on: { code: 'productcode' },
            columns: ['id'],
            joins: {
              price: many('public.program_products', {
                on: { productid: 'id', programid: 'root.programid' },
                columns: ['currentprice'],
              }),
            },
          }),
        },
      }),
      reasons: many('public.losses_adjustments_types', { key: ['name'], on: {}, columns: ['name', 'additive'] }),
    },
  }),
  owns: {
    requisitions: target('requisition.requisitions', {
      key: ['id'],
      references: [references('facilityid', 'referencedata.facilities')],
    }),
    lines: target('requisition.requisition_line_items', {
      key: ['id'],
      references: [
        references('requisitionid', 'requisition.requisitions'),
        references(['orderableid', 'orderableversionnumber'], 'referencedata.orderables', ['id', 'versionnumber']),
      ],
    }),
    consumptions: target('requisition.previous_adjusted_consumptions', { key: ['requisitionlineitemid'], bag: true }),
    types: target('referencedata.facility_types', { key: ['id'], adopt: 'code' }),
  },
  derive: () => ({}),
  part: { join: 'lines', owns: ['lines', 'consumptions'], derive: () => ({}) },
};

const facilities: Pipeline = {
  name: 'facilities',
  summary: 'Where it is.',
  root: source('public.facilities', { columns: ['id'] }),
  owns: { facilities: target('referencedata.facilities', { key: ['id'] }) },
  derive: () => ({}),
};

const page = printPipelinesPage([facilities, orders], (name) =>
  name === 'orders'
    ? {
        steps: ['cut-text', 'decimal'],
        losses: [
          { code: 'NUMBER_ROUNDED', column: 'lines.price' },
          { code: 'NUMBER_ROUNDED', column: 'lines.cost' },
          { code: 'TEXT_CUT', column: undefined },
        ],
      }
    : { steps: [], losses: [] },
);
const chapterOf = (name: string): string =>
  page.split(/^(?=## )/m).find((text) => text.startsWith(`## ${name}\n`)) ?? '';

test('a chapter tells everything that a definition and its code say', () => {
  expect(chapterOf('orders')).toBe(`## orders

What was ordered. [Code and examples](../pipelines/orders/).

**v2**

- \`requisitions\`: id, programid
  - one \`facilities\` as \`facility\`, where \`id = root.facilityid\`: typeid
  - many \`requisition_line_items\` as \`lines\`, where \`rnrid = root.id\`: id, rnrid
    - one \`products\` as \`product\`, where \`code = lines.productcode\`: id
      - many \`program_products\` as \`price\`, where \`productid = product.id\` and \`programid = root.programid\`: currentprice
  - many \`losses_adjustments_types\` as \`reasons\` (no primary key; known by name), every row, for every root: name, additive

**v3**

| table | key | waits for |
|---|---|---|
| \`requisition.requisitions\` | id | facilityid → [facilities](#facilities) |
| \`requisition.requisition_line_items\` | id | requisitionid → [orders](#orders)<br>orderableid, orderableversionnumber → \`referencedata.orderables\` |
| \`requisition.previous_adjusted_consumptions\` | requisitionlineitemid (a bag: replaced together) |  |
| \`referencedata.facility_types\` | id |  |

**Adopted**: a row of \`referencedata.facility_types\` that v3 brought itself with the same \`code\`, ignoring case; it is never written.

**Part**: each row of \`lines\` derives alone, to its rows of \`requisition.requisition_line_items\`, \`requisition.previous_adjusted_consumptions\`.

**Steps**: [cut-text](../pipelines/steps/cut-text.ts), [decimal](../pipelines/steps/decimal.ts)

**Losses**: \`NUMBER_ROUNDED\` in \`lines.price\`, \`lines.cost\`; \`TEXT_CUT\` in columns that the code computes
`);
});

test('and nothing where there is nothing to tell', () => {
  expect(chapterOf('facilities')).toBe(`## facilities

Where it is. [Code and examples](../pipelines/facilities/).

**v2**

- \`facilities\`: id

**v3**

| table | key | waits for |
|---|---|---|
| \`referencedata.facilities\` | id |  |

`);
});
