import { expect, test } from 'vitest';
import { programOfCard } from './program-of-card.ts';

const active = (programid: number) => ({ programid, active: true });
const inactive = (programid: number) => ({ programid, active: false });

test.each([
  {
    what: 'the one program that has the product and is supported',
    offers: [active(1), active(2)],
    supported: [active(2), active(3)],
    program: 2,
  },
  {
    what: 'the lowest id of two that fit',
    offers: [active(5), active(4)],
    supported: [active(4), active(5)],
    program: 4,
  },
  {
    what: 'active on both sides before active on one',
    offers: [inactive(1), active(2), active(3)],
    supported: [active(1), inactive(2), active(3)],
    program: 3,
  },
  {
    what: 'supported before not supported, though inactive',
    offers: [active(1), inactive(2)],
    supported: [active(2)],
    program: 2,
  },
  {
    what: 'any program of the product, active first, where the facility supports none of them',
    offers: [inactive(1), active(2)],
    supported: [active(9)],
    program: 2,
  },
  { what: 'none where no program has the product', offers: [], supported: [active(1)], program: null },
])('$what: $program', ({ offers, supported, program }) => {
  expect(programOfCard({ offers, supported })).toBe(program);
});
