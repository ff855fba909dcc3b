import { expect, test } from 'vitest';
import { shippingOf } from './shipping.ts';
import type { ShippedOrder } from './shipping.ts';

type Line = ShippedOrder['lines'][number];

const order: ShippedOrder = {
  createdby: 1,
  createddate: '2018-04-20 10:00:00',
  modifieddate: null,
  lines: [],
  proofOfDelivery: null,
};
const line: Line = { createdby: null, createddate: null, packeddate: null, shippeddate: null };
const dateOf = (changes: Partial<ShippedOrder>) => shippingOf({ ...order, ...changes }).shippedDate;

test.each<{ what: string; lines: Partial<Line>[]; day: string }>([
  {
    what: 'shipping',
    lines: [{ shippeddate: '2018-05-02 00:00:00', packeddate: '2018-05-03 00:00:00' }],
    day: '05-02',
  },
  { what: 'packing', lines: [{ packeddate: '2018-05-03 00:00:00', createddate: '2018-05-04 00:00:00' }], day: '05-03' },
  { what: 'entry', lines: [{ createddate: '2018-05-04 00:00:00' }], day: '05-04' },
  {
    what: 'the last line',
    lines: [{ shippeddate: '2018-05-02 00:00:00' }, { shippeddate: '2018-05-08 00:00:00' }, {}],
    day: '05-08',
  },
  { what: 'a finite time', lines: [{ shippeddate: 'infinity', packeddate: '2018-05-03 00:00:00' }], day: '05-03' },
  { what: 'the order itself', lines: [{}], day: '04-20' },
])('a shipment has the day of $what', ({ lines, day }) => {
  expect(dateOf({ lines: lines.map((changes) => Object.assign({}, line, changes)) })).toContain(`2018-${day}`);
});

test('a shipment without lines has the day on which it arrived, or was said to have', () => {
  const proof = { createdby: null, createddate: '2018-06-02 08:00:00', receiveddate: '2018-06-01 00:00:00' };
  expect(dateOf({ proofOfDelivery: proof })).toContain('2018-06-01');
  expect(dateOf({ proofOfDelivery: { ...proof, receiveddate: null } })).toContain('2018-06-02');
});

test('a shipment is by the first who is known: of a line, of the proof of delivery, of the order', () => {
  const proofOfDelivery = { createdby: 3, createddate: null, receiveddate: null };
  const lines = [line, { ...line, createdby: 2 }];
  expect(shippingOf({ ...order, lines, proofOfDelivery }).shippedBy).toBe(2);
  expect(shippingOf({ ...order, lines: [line], proofOfDelivery }).shippedBy).toBe(3);
  expect(shippingOf({ ...order, lines: [line] }).shippedBy).toBe(1);
});
