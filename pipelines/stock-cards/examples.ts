// A card by lot, with an entry that came late; a card without lots, in the one program of its product that the facility
// supports; and two that v3 cannot have.
import type { Example } from '../example.ts';
import { id } from '../example.ts';
import type { stockCards } from './stock-cards.ts';

const plain = {
  lotonhandid: null,
  stockmovementid: null,
  referencenumber: null,
  adjustmenttype: null,
  notes: null,
  createdby: null,
  createddate: null,
  modifieddate: null,
  occurred: null,
  lotOnHand: null,
  adjustment: null,
} as const;

const place = { facilityid: id('facilities', 1), programid: id('programs', 1) };
const receipts = '313f2f5f-0c22-4626-8c49-3554ef763de3';
const consumed = 'b5c27da7-bdda-4790-925a-9484c5dfb594';
const beginningBalanceInsufficiency = 'f8bb41e2-ab43-4781-ae7a-7bf3b5116b82';

const event = (entry: number) => id('stock_card_entries', entry, 'event');
const lotCard = id('stock_cards', 1, id('lots', 1));
const plainCard = id('stock_cards', 1);
const secondCard = id('stock_cards', 2);

export const examples: readonly Example<typeof stockCards>[] = [
  {
    title: 'a lot and what has none are two cards; a late entry changes the days after it',
    root: {
      id: 1,
      facilityid: 1,
      productid: 1,
      offers: [{ programid: 1, active: true }],
      supported: [{ programid: 1, active: true }],
      entries: [
        {
          ...plain,
          id: 1,
          lotonhandid: 11,
          type: 'CREDIT',
          quantity: 100,
          stockmovementid: 5,
          referencenumber: 'MSD/2018/001',
          adjustmenttype: 'TRANSFER_IN',
          notes: 'With the monthly van',
          createdby: 7,
          createddate: '2018-01-31 21:30:00.25+00',
          modifieddate: '2018-02-05 06:00:00+00',
          lotOnHand: { lotid: 1 },
          adjustment: { additive: true },
        },
        {
          ...plain,
          id: 2,
          lotonhandid: 11,
          type: 'DEBIT',
          quantity: -30,
          createddate: '2018-02-10 06:00:00+00',
          occurred: '2018-02-10',
          lotOnHand: { lotid: 1 },
        },
        {
          ...plain,
          id: 3,
          lotonhandid: 11,
          type: 'ADJUSTMENT',
          quantity: -5,
          adjustmenttype: 'DAMAGED',
          createddate: '2018-03-01 06:00:00+00',
          occurred: '2018-02-05',
          lotOnHand: { lotid: 1 },
          adjustment: { additive: false },
        },
        {
          ...plain,
          id: 4,
          type: 'ADJUSTMENT',
          quantity: -1,
          modifieddate: '2018-03-02 06:00:00+00',
        },
      ],
    },
    rows: {
      events: [
        {
          id: event(1),
          documentnumber: 'MSD/2018/001',
          ...place,
          processeddate: '2018-01-31 21:30:00.25',
          userid: id('users', 7),
        },
        { id: event(2), documentnumber: null, ...place, processeddate: '2018-02-10 06:00:00', userid: null },
        { id: event(3), documentnumber: null, ...place, processeddate: '2018-03-01 06:00:00', userid: null },
        { id: event(4), documentnumber: null, ...place, processeddate: '2018-03-02 06:00:00', userid: null },
      ],
      cards: [
        { id: lotCard, ...place, lotid: id('lots', 1), orderableid: id('products', 1), origineventid: event(1) },
        { id: plainCard, ...place, lotid: null, orderableid: id('products', 1), origineventid: event(4) },
      ],
      lines: [
        {
          id: id('stock_card_entries', 1),
          stockcardid: lotCard,
          origineventid: event(1),
          occurreddate: '2018-02-01', // it was past midnight in Tanzania
          processeddate: '2018-01-31 21:30:00.25',
          quantity: 100,
          reasonid: receipts,
          documentnumber: 'MSD/2018/001',
          userid: id('users', 7),
          extradata: { notes: 'With the monthly van', adjustmenttype: 'TRANSFER_IN', stockmovementid: 5 },
        },
        {
          id: id('stock_card_entries', 2),
          stockcardid: lotCard,
          origineventid: event(2),
          occurreddate: '2018-02-10',
          processeddate: '2018-02-10 06:00:00',
          quantity: 30,
          reasonid: consumed,
          documentnumber: null,
          userid: null,
          extradata: null,
        },
        {
          id: id('stock_card_entries', 3),
          stockcardid: lotCard,
          origineventid: event(3),
          occurreddate: '2018-02-05',
          processeddate: '2018-03-01 06:00:00',
          quantity: 5,
          reasonid: id('losses_adjustments_types', 'DAMAGED'),
          documentnumber: null,
          userid: null,
          extradata: null,
        },
        {
          id: id('stock_card_entries', 4),
          stockcardid: plainCard,
          origineventid: event(4),
          occurreddate: '2018-03-02',
          processeddate: '2018-03-02 06:00:00',
          quantity: 1,
          reasonid: beginningBalanceInsufficiency,
          documentnumber: null,
          userid: null,
          extradata: null,
        },
      ],
      onHand: [
        {
          id: id('stock_cards', lotCard, 'on hand', '2018-02-01'),
          stockcardid: lotCard,
          occurreddate: '2018-02-01',
          stockonhand: 100,
          processeddate: '2018-01-31 21:30:00.25',
        },
        {
          id: id('stock_cards', lotCard, 'on hand', '2018-02-05'),
          stockcardid: lotCard,
          occurreddate: '2018-02-05',
          stockonhand: 95,
          processeddate: '2018-03-01 06:00:00',
        },
        {
          id: id('stock_cards', lotCard, 'on hand', '2018-02-10'),
          stockcardid: lotCard,
          occurreddate: '2018-02-10',
          stockonhand: 65,
          processeddate: '2018-02-10 06:00:00',
        },
        {
          id: id('stock_cards', plainCard, 'on hand', '2018-03-02'),
          stockcardid: plainCard,
          occurreddate: '2018-03-02',
          stockonhand: -1,
          processeddate: '2018-03-02 06:00:00',
        },
      ],
    },
  },
  {
    title: 'a product of two programs, of which the facility supports one; an entry of which v2 tells no time',
    root: {
      id: 2,
      facilityid: 1,
      productid: 2,
      offers: [
        { programid: 3, active: true },
        { programid: 1, active: true },
      ],
      supported: [{ programid: 1, active: true }],
      entries: [{ ...plain, id: 5, type: 'DEBIT', quantity: 8 }],
    },
    rows: {
      events: [{ id: event(5), documentnumber: null, ...place, processeddate: '1970-01-01 00:00:00', userid: null }],
      cards: [{ id: secondCard, ...place, lotid: null, orderableid: id('products', 2), origineventid: event(5) }],
      lines: [
        {
          id: id('stock_card_entries', 5),
          stockcardid: secondCard,
          origineventid: event(5),
          occurreddate: '1970-01-01',
          processeddate: '1970-01-01 00:00:00',
          quantity: 8,
          reasonid: consumed,
          documentnumber: null,
          userid: null,
          extradata: null,
        },
      ],
      onHand: [
        {
          id: id('stock_cards', secondCard, 'on hand', '1970-01-01'),
          stockcardid: secondCard,
          occurreddate: '1970-01-01',
          stockonhand: -8,
          processeddate: '1970-01-01 00:00:00',
        },
      ],
    },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'stock_card_line_items.quantity' }],
  },
  {
    title: 'a card on which nothing was written is none in v3, whose cards begin with an event',
    root: {
      id: 3,
      facilityid: 1,
      productid: 3,
      offers: [{ programid: 1, active: true }],
      supported: [{ programid: 1, active: true }],
      entries: [],
    },
    rows: { events: [], cards: [], lines: [], onHand: [] },
  },
  {
    title: 'a card of a product that is in no program is none in v3, whose cards have one',
    root: {
      id: 4,
      facilityid: 1,
      productid: 4,
      offers: [],
      supported: [{ programid: 1, active: true }],
      entries: [{ ...plain, id: 6, type: 'CREDIT', quantity: 8 }],
    },
    rows: { events: [], cards: [], lines: [], onHand: [] },
    losses: [{ code: 'VALUE_WITHOUT_HOME', column: 'stock_cards.programid' }],
  },
];
