// Approved products: how much of a program's product each type of facility may hold. The root is the program product, so
// that approvals which v2 deletes and inserts again stay in one root, and under one id: v3 then sees no change at all.
import { definePipeline, many, references, source, target } from '../definition.ts';
import { lastChange } from '../steps/last-change.ts';

/** Approvals are updated in place, like orderables. */
export const APPROVAL_VERSION = 1;

/** The key of an approval's v3 id: v2's own unique key, not its serial number. */
export function approvalKey(approval: {
  readonly facilitytypeid: number;
  readonly programproductid: number;
}): readonly [table: 'facility_approved_products', facilityTypeId: number, programProductId: number] {
  return ['facility_approved_products', approval.facilitytypeid, approval.programproductid];
}

export const approvedProducts = definePipeline({
  name: 'approved-products',
  summary: "Which type of facility may order a program's product, and for how many months it may hold it.",
  root: source('public.program_products', {
    columns: ['id', 'programid', 'productid'],
    joins: {
      approvals: many('public.facility_approved_products', {
        on: { programproductid: 'id' },
        columns: ['facilitytypeid', 'maxmonthsofstock', 'minmonthsofstock', 'eop', 'createddate', 'modifieddate'],
      }),
    },
  }),
  owns: {
    approvals: target('referencedata.facility_type_approved_products', {
      key: ['id', 'versionnumber'],
      references: [
        references('facilitytypeid', 'referencedata.facility_types'),
        references('programid', 'referencedata.programs'),
        // v3 itself looks for the orderable only at commit, in a trigger, and in any version.
        references('orderableid', 'referencedata.orderables'),
      ],
    }),
  },
  derive: (programProduct, { id }) => ({
    approvals: programProduct.approvals.map((approval) => ({
      id: id(...approvalKey({ facilitytypeid: approval.facilitytypeid, programproductid: programProduct.id })),
      versionnumber: APPROVAL_VERSION,
      facilitytypeid: id('facility_types', approval.facilitytypeid),
      programid: id('programs', programProduct.programid),
      orderableid: id('products', programProduct.productid),
      maxperiodsofstock: approval.maxmonthsofstock,
      minperiodsofstock: approval.minmonthsofstock,
      emergencyorderpoint: approval.eop,
      active: true, // an approval that v2 withdraws it deletes
      lastupdated: lastChange(approval),
    })),
  }),
});
