// Who shipped an order, and when: v3 must know both, v2 may leave either open on every line.
import { lastChange } from '../steps/last-change.ts';
import { instantOf, isInfinite, microsecondsOf } from '../steps/timestamp.ts';

interface Entry {
  readonly createdby: number | null;
  readonly createddate: string | null;
}

export interface ShippedOrder {
  readonly createdby: number;
  readonly createddate: string | null;
  readonly modifieddate: string | null;
  readonly lines: readonly (Entry & { readonly shippeddate: string | null; readonly packeddate: string | null })[];
  readonly proofOfDelivery: (Entry & { readonly receiveddate: string | null }) | null;
}

/**
 * By the first who entered a line, or the proof of delivery, or else the order. On the last day that a line names: that of
 * shipping, of packing, of its entry; without lines, when the delivery arrived, which is the latest that it can have been.
 */
export function shippingOf(order: ShippedOrder): { readonly shippedBy: number; readonly shippedDate: string } {
  const { lines, proofOfDelivery } = order;
  const entries = proofOfDelivery === null ? lines : [...lines, proofOfDelivery];
  const times =
    lines.length > 0
      ? lines.map(({ shippeddate, packeddate, createddate }) => firstKnown(shippeddate, packeddate, createddate))
      : [firstKnown(proofOfDelivery?.receiveddate, proofOfDelivery?.createddate)];
  const last = times
    .filter((time) => time !== null)
    .reduce<string | null>(
      (last, time) => (last === null || microsecondsOf(time) > microsecondsOf(last) ? time : last),
      null,
    );
  return {
    shippedBy: entries.find(({ createdby }) => createdby !== null)?.createdby ?? order.createdby,
    shippedDate: last === null ? lastChange(order) : instantOf(last),
  };
}

/** Infinity says no more than NULL here: nothing was shipped then. */
function firstKnown(...times: readonly (string | null | undefined)[]): string | null {
  return times.find((time) => time !== null && time !== undefined && !isInfinite(time)) ?? null;
}
