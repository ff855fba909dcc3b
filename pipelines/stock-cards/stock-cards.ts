// Stock cards: what came to a facility, what left it, and what there was after each day. v2 has one card for a product at a
// facility; v3 has one for each lot of it, in one program, and an event behind each line.
//
// The card is the root: an entry that comes late derives its card again and no other, and of the days on hand only those
// that differ are written.
import type { DeriveContext, Loaded } from '../definition.ts';
import { definePipeline, many, one, references, source, target } from '../definition.ts';
import { awaited } from '../steps/awaited.ts';
import { cutText } from '../steps/cut-text.ts';
import { extraData } from '../steps/extra-data.ts';
import { dayInTanzania, utcOf } from '../steps/instant.ts';
import { movementOf } from './movement.ts';
import { programOfCard } from './program-of-card.ts';
import { stockOnHand } from './stock-on-hand.ts';

const root = source('public.stock_cards', {
  columns: ['id', 'facilityid', 'productid'],
  joins: {
    offers: many('public.program_products', { on: { productid: 'productid' }, columns: ['programid', 'active'] }),
    supported: many('public.programs_supported', {
      on: { facilityid: 'facilityid' },
      columns: ['programid', 'active'],
    }),
    entries: many('public.stock_card_entries', {
      on: { stockcardid: 'id' },
      columns: [
        'id',
        'lotonhandid',
        'type',
        'quantity',
        'stockmovementid',
        'referencenumber',
        'adjustmenttype',
        'notes',
        'createdby',
        'createddate',
        'modifieddate',
        'occurred',
      ],
      joins: {
        lotOnHand: one('public.lots_on_hand', { on: { id: 'lotonhandid' }, columns: ['lotid'] }),
        adjustment: one('public.losses_adjustments_types', {
          key: ['name'],
          on: { name: 'adjustmenttype' },
          columns: ['additive'],
        }),
      },
    }),
  },
});

type StockCard = Loaded<typeof root>;
type Entry = StockCard['entries'][number];

export const stockCards = definePipeline({
  name: 'stock-cards',
  summary: 'Stock cards by lot, with their entries and the stock on hand at the end of each day.',
  root,
  owns: {
    events: target('stockmanagement.stock_events', { key: ['id'] }),
    cards: target('stockmanagement.stock_cards', {
      key: ['id'],
      references: [
        references('facilityid', 'referencedata.facilities'),
        references('programid', 'referencedata.programs'),
        references('orderableid', 'referencedata.orderables'),
        references('lotid', 'referencedata.lots'),
      ],
    }),
    // Not userid: v2 does not check the author of an entry, and one that it does not know would make the card wait for ever.
    lines: target('stockmanagement.stock_card_line_items', {
      key: ['id'],
      references: [references('reasonid', 'stockmanagement.stock_card_line_item_reasons')],
    }),
    onHand: target('stockmanagement.calculated_stocks_on_hand', { key: ['id'] }),
  },
  derive(card, context) {
    const { id, loss } = context;
    const programId = programOfCard(card);
    if (programId === null) {
      loss('VALUE_WITHOUT_HOME', 'stock_cards.programid');
      return { events: [], cards: [], lines: [], onHand: [] };
    }
    const place = { facilityid: id('facilities', card.facilityid), programid: id('programs', programId) };
    const lines = card.entries.map((entry) => lineOf(card, entry, context));
    // By id, so that the event of a card stays its own when an entry with an earlier date comes.
    const linesByCard = [...Map.groupBy(lines, ({ cardId }) => cardId)];
    return {
      events: lines.map(({ row, eventId }) => ({
        id: eventId,
        documentnumber: row.documentnumber,
        ...place,
        processeddate: row.processeddate,
        userid: row.userid,
      })),
      cards: linesByCard.flatMap(([cardId, [first]]) =>
        first === undefined
          ? []
          : [
              {
                id: cardId,
                ...place,
                lotid: first.lotId,
                orderableid: id('products', card.productid),
                origineventid: first.eventId,
              },
            ],
      ),
      lines: lines.map(({ row }) => row),
      onHand: linesByCard.flatMap(([cardId, ofCard]) =>
        stockOnHand(
          ofCard.map(({ row, change }) => ({ day: row.occurreddate, processed: row.processeddate, change })),
        ).map(({ day, quantity, processed }) => ({
          id: id('stock_cards', cardId, 'on hand', day),
          stockcardid: cardId,
          occurreddate: day,
          stockonhand: quantity,
          processeddate: processed,
        })),
      ),
    };
  },
});

function lineOf(card: StockCard, entry: Entry, context: DeriveContext) {
  const { id, loss } = context;
  const { reasonId, quantity, change } = movementOf(entry, context);
  const lotId = lotIdOf(entry, context);
  const cardId = lotId === null ? id('stock_cards', card.id) : id('stock_cards', card.id, lotId);
  const eventId = id('stock_card_entries', entry.id, 'event');
  // v2 allows NULL in all of them: then the epoch, which reads as "long ago" and is the same at every run.
  const recorded = entry.createddate ?? entry.modifieddate ?? '1970-01-01 00:00:00+00';
  return {
    cardId,
    lotId,
    eventId,
    change,
    row: {
      id: id('stock_card_entries', entry.id),
      stockcardid: cardId,
      origineventid: eventId,
      occurreddate: entry.occurred ?? dayInTanzania(recorded),
      processeddate: utcOf(recorded),
      quantity,
      reasonid: reasonId,
      documentnumber: cutText(entry.referencenumber, {
        maxCharacters: 255,
        column: 'stock_card_line_items.documentnumber',
        loss,
      }),
      userid: entry.createdby === null ? null : id('users', entry.createdby),
      extradata: extraData({
        notes: entry.notes,
        adjustmenttype: entry.type === 'ADJUSTMENT' ? null : entry.adjustmenttype, // there it is the reason
        stockmovementid: entry.stockmovementid,
      }),
    },
  };
}

function lotIdOf({ lotonhandid, lotOnHand }: Entry, { id }: DeriveContext): string | null {
  if (lotonhandid === null) return null;
  return lotOnHand === null ? awaited(id, 'lots_on_hand', lotonhandid) : id('lots', lotOnHand.lotid);
}
