// Requisitions: what a facility reports and orders for a period, line by line, with its history. The biggest aggregate:
// eLMIS rewrites every line at every save, so what is derived here must come out equal whenever nothing changed.
import { APPROVAL_VERSION, approvalKey } from '../approved-products/approved-products.ts';
import type { DeriveContext, Loaded } from '../definition.ts';
import { definePipeline, many, one, references, source, target } from '../definition.ts';
import { ORDERABLE_VERSION } from '../products/products.ts';
import { awaited } from '../steps/awaited.ts';
import { cutText } from '../steps/cut-text.ts';
import { rounded, times } from '../steps/decimal.ts';
import { extraData } from '../steps/extra-data.ts';
import { instantOf } from '../steps/timestamp.ts';
import { bodyOf, messagesOf } from './messages.ts';
import { previousConsumptions } from './previous-consumptions.ts';
import { reasonCategoryOf } from './reasons.ts';
import { historyOf, statusOf } from './statuses.ts';
import type { DatedStatusChange } from './statuses.ts';

const root = source('public.requisitions', {
  columns: [
    'id',
    'facilityid',
    'programid',
    'periodid',
    'status',
    'emergency',
    'fullsupplyitemssubmittedcost',
    'nonfullsupplyitemssubmittedcost',
    'supervisorynodeid',
    'createddate',
    'modifieddate',
    'allocatedbudget',
    'clientsubmittedtime',
    'clientsubmittednotes',
    'sourceapplication',
  ],
  joins: {
    facility: one('public.facilities', { on: { id: 'facilityid' }, columns: ['typeid'] }),
    period: one('public.processing_periods', { on: { id: 'periodid' }, columns: ['numberofmonths', 'enableorder'] }),
    supplyLine: one('public.supply_lines', {
      on: { supervisorynodeid: 'supervisorynodeid', programid: 'programid' },
      columns: ['supplyingfacilityid'],
    }),
    lines: many('public.requisition_line_items', {
      on: { rnrid: 'id' },
      columns: [
        'id',
        'rnrid',
        'productcode',
        'beginningbalance',
        'quantityreceived',
        'quantitydispensed',
        'stockinhand',
        'quantityrequested',
        'reasonforrequestedquantity',
        'calculatedorderquantity',
        'quantityapproved',
        'totallossesandadjustments',
        'newpatientcount',
        'stockoutdays',
        'normalizedconsumption',
        'amc',
        'maxmonthsofstock',
        'maxstockquantity',
        'packstoship',
        'price',
        'remarks',
        'fullsupply',
        'skipped',
        'previousnormalizedconsumptions',
      ],
      joins: {
        product: one('public.products', {
          on: { code: 'productcode' },
          columns: ['id'],
          joins: {
            programProduct: one('public.program_products', {
              on: { productid: 'id', programid: 'root.programid' },
              columns: ['id'],
              joins: {
                approval: one('public.facility_approved_products', {
                  on: { programproductid: 'id', facilitytypeid: 'root.facility.typeid' },
                  columns: ['facilitytypeid', 'programproductid'],
                }),
              },
            }),
          },
        }),
        adjustments: many('public.requisition_line_item_losses_adjustments', {
          on: { requisitionlineitemid: 'id' },
          columns: ['type', 'quantity'],
        }),
      },
    }),
    statusChanges: many('public.requisition_status_changes', {
      on: { rnrid: 'id' },
      columns: ['id', 'status', 'createdby', 'createddate', 'modifieddate'],
    }),
    comments: many('public.comments', {
      on: { rnrid: 'id' },
      columns: ['id', 'commenttext', 'createdby', 'createddate', 'modifieddate'],
      joins: { author: one('public.users', { on: { id: 'createdby' }, columns: ['firstname', 'lastname'] }) },
    }),
    // v3 copies the whole list of reasons into every requisition: its adjustments report looks them up there.
    reasons: many('public.losses_adjustments_types', {
      key: ['name'],
      on: {},
      columns: ['name', 'description', 'additive', 'isdefault', 'category'],
    }),
  },
});

type Requisition = Loaded<typeof root>;
type Line = Requisition['lines'][number];

export const requisitions = definePipeline({
  name: 'requisitions',
  summary: 'Requisitions with their lines, losses and adjustments, status history and remarks.',
  root,
  owns: {
    requisitions: target('requisition.requisitions', {
      key: ['id'],
      references: [
        references('facilityid', 'referencedata.facilities'),
        references('programid', 'referencedata.programs'),
        references('processingperiodid', 'referencedata.processing_periods'),
        references('supplyingfacilityid', 'referencedata.facilities'),
        references('templateid', 'requisition.requisition_templates'),
        references('supervisorynodeid', 'referencedata.supervisory_nodes'),
      ],
    }),
    lines: target('requisition.requisition_line_items', {
      key: ['id'],
      references: [
        references(['orderableid', 'orderableversionnumber'], 'referencedata.orderables', ['id', 'versionnumber']),
        references(
          ['facilitytypeapprovedproductid', 'facilitytypeapprovedproductversionnumber'],
          'referencedata.facility_type_approved_products',
          ['id', 'versionnumber'],
        ),
      ],
    }),
    adjustments: target('requisition.stock_adjustments', { key: ['id'] }),
    reasons: target('requisition.stock_adjustment_reasons', { key: ['id'] }),
    previousConsumptions: target('requisition.previous_adjusted_consumptions', {
      key: ['requisitionlineitemid'],
      bag: true,
    }),
    statusChanges: target('requisition.status_changes', {
      key: ['id'],
      references: [references('authorid', 'referencedata.users')],
    }),
    // Here and not in a pipeline of its own: a step of the history that goes while another comes could not be let go by a
    // message that waits for the other.
    messages: target('requisition.status_messages', {
      key: ['id'],
      references: [references('authorid', 'referencedata.users')],
    }),
  },
  derive(requisition, context) {
    const { id } = context;
    const requisitionId = id('requisitions', requisition.id);
    const history = historyOf(requisition.statusChanges, context);
    return {
      requisitions: [requisitionRow(requisition, { id, requisitionId })],
      reasons: requisition.reasons.map((reason) => ({
        id: id('requisitions', requisition.id, 'reason', reason.name),
        reasonid: id('losses_adjustments_types', reason.name),
        requisitionid: requisitionId,
        name: reason.description, // what v2's users read; its name is a key such as TRANSFER_IN
        description: reason.description,
        reasontype: reason.additive === true ? 'CREDIT' : 'DEBIT',
        reasoncategory: reasonCategoryOf(reason),
        isfreetextallowed: false, // v2 takes a quantity only
        hidden: reason.isdefault === false, // v2 offers only its default types on requisitions
      })),
      statusChanges: history.map((change) => ({
        id: id('requisition_status_changes', change.id),
        createddate: instantOf(change.at),
        modifieddate: instantOf(change.modifieddate),
        authorid: id('users', change.createdby),
        status: statusOf(change.status),
        requisitionid: requisitionId,
        supervisorynodeid: null, // v2 does not log the node
      })),
      messages: messageRows(requisition, { ...context, requisitionId, history }),
    };
  },
  part: {
    join: 'lines',
    owns: ['lines', 'adjustments', 'previousConsumptions'],
    derive(line, context) {
      const lineId = context.id('requisition_line_items', line.id);
      return {
        lines: [lineRow(line, { ...context, lineId })],
        adjustments: adjustmentRows(line, { ...context, lineId }),
        previousConsumptions: previousConsumptions(line.previousnormalizedconsumptions, context).map((consumption) => ({
          requisitionlineitemid: lineId,
          previousadjustedconsumption: consumption,
        })),
      };
    },
  },
});

type Ids = Pick<DeriveContext, 'id'> & { readonly requisitionId: string };
type LineContext = DeriveContext & { readonly lineId: string };

function requisitionRow(requisition: Requisition, { id, requisitionId }: Ids) {
  const { period, supplyLine, supervisorynodeid } = requisition;
  return {
    id: requisitionId,
    createddate: instantOf(requisition.createddate),
    modifieddate: instantOf(requisition.modifieddate),
    emergency: requisition.emergency,
    // Lines need the facility's type and this row the period's months: without them the requisition waits.
    facilityid:
      requisition.facility === null
        ? awaited(id, 'facilities', requisition.facilityid)
        : id('facilities', requisition.facilityid),
    programid: id('programs', requisition.programid),
    processingperiodid:
      period === null
        ? awaited(id, 'processing_periods', requisition.periodid)
        : id('processing_periods', requisition.periodid),
    numberofmonthsinperiod: period?.numberofmonths ?? 1,
    reportonly: period?.enableorder === false,
    status: statusOf(requisition.status),
    supervisorynodeid: supervisorynodeid === null ? null : id('supervisory_nodes', supervisorynodeid),
    supplyingfacilityid: supplyLine === null ? null : id('facilities', supplyLine.supplyingfacilityid),
    templateid: id('programs', requisition.programid, 'requisition_template'),
    version: 0, // v3's count of its own saves
    extradata: extraData({
      sourceapplication: requisition.sourceapplication,
      clientsubmittedtime: requisition.clientsubmittedtime,
      clientsubmittednotes: requisition.clientsubmittednotes,
      allocatedbudget: requisition.allocatedbudget,
      fullsupplyitemssubmittedcost: requisition.fullsupplyitemssubmittedcost,
      nonfullsupplyitemssubmittedcost: requisition.nonfullsupplyitemssubmittedcost,
    }),
  };
}

function lineRow(line: Line, { id, loss, lineId }: LineContext) {
  const approval = line.product?.programProduct?.approval ?? null;
  return {
    id: lineId,
    requisitionid: id('requisitions', line.rnrid),
    orderableid: line.product === null ? awaited(id, 'products', line.productcode) : id('products', line.product.id),
    orderableversionnumber: ORDERABLE_VERSION,
    facilitytypeapprovedproductid: approval === null ? null : id(...approvalKey(approval)),
    facilitytypeapprovedproductversionnumber: approval === null ? null : APPROVAL_VERSION,
    beginningbalance: line.beginningbalance,
    totalreceivedquantity: line.quantityreceived,
    total: bothOrNull(line.beginningbalance, line.quantityreceived, (balance, received) => balance + received),
    totalconsumedquantity: line.quantitydispensed,
    totallossesandadjustments: line.totallossesandadjustments, // signed in both
    stockonhand: line.stockinhand,
    totalstockoutdays: line.stockoutdays,
    numberofnewpatientsadded: line.newpatientcount,
    adjustedconsumption: line.normalizedconsumption,
    averageconsumption: line.amc,
    maxperiodsofstock: line.maxmonthsofstock,
    maximumstockquantity: line.maxstockquantity,
    calculatedorderquantity: line.calculatedorderquantity,
    requestedquantity: line.quantityrequested,
    requestedquantityexplanation: cutText(line.reasonforrequestedquantity, {
      maxCharacters: 255,
      column: 'requisition_line_items.requestedquantityexplanation',
      loss,
    }),
    approvedquantity: line.quantityapproved,
    remarks: cutText(line.remarks, { maxCharacters: 250, column: 'requisition_line_items.remarks', loss }),
    packstoship: line.packstoship,
    priceperpack: rounded(line.price, { scale: 2, column: 'requisition_line_items.priceperpack', loss }),
    // From v2's own price, not from the one just rounded.
    totalcost: rounded(bothOrNull(line.price, line.packstoship, times), {
      scale: 2,
      column: 'requisition_line_items.totalcost',
      loss,
    }),
    nonfullsupply: !line.fullsupply,
    skipped: line.skipped,
  };
}

function adjustmentRows(line: Line, { id, loss, lineId }: LineContext) {
  return line.adjustments.flatMap((adjustment) => {
    if (adjustment.quantity === null) {
      loss('VALUE_WITHOUT_HOME', 'stock_adjustments.quantity'); // a reason without a quantity adjusts nothing
      return [];
    }
    return [
      {
        // v2 deletes and inserts these at every save, so the id comes from what they say.
        id: id('requisition_line_item_losses_adjustments', line.id, adjustment.type),
        quantity: adjustment.quantity, // unsigned in both: the reason says whether it adds
        reasonid: id('losses_adjustments_types', adjustment.type),
        requisitionlineitemid: lineId,
      },
    ];
  });
}

function messageRows(
  { comments }: Requisition,
  { id, loss, requisitionId, history }: Ids & DeriveContext & { readonly history: readonly DatedStatusChange[] },
) {
  if (comments.length > 0 && history.length === 0) loss('VALUE_WITHOUT_HOME', 'status_messages.statuschangeid');
  return messagesOf(comments, history).map(({ step, comments: made }) => {
    const [first] = made;
    return {
      id: id('requisition_status_changes', step.id, 'message'),
      createddate: instantOf(first.createddate),
      modifieddate: instantOf(made.at(-1)?.modifieddate ?? null),
      authorid: id('users', first.createdby),
      authorfirstname: first.author?.firstname ?? null,
      authorlastname: first.author?.lastname ?? null,
      body: bodyOf(made),
      status: statusOf(step.status),
      requisitionid: requisitionId,
      statuschangeid: id('requisition_status_changes', step.id),
    };
  });
}

/** As SQL has it: what is computed from an unknown value is unknown. */
function bothOrNull<A, B, R>(left: A | null, right: B | null, combine: (left: A, right: B) => R): R | null {
  return left === null || right === null ? null : combine(left, right);
}
