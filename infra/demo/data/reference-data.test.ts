import { describe, expect, it } from 'vitest';
import { referenceData } from './reference-data.ts';
import { requisitionBatches } from './requisitions.ts';

describe('the demo data', () => {
  const settings = { scale: 0.1, seed: 1 };
  const reference = referenceData(settings);

  it('has the shape of Tanzania', () => {
    const zonesOfLevel = (level: number): number =>
      reference['public.geographic_zones'].filter((zone) => zone.levelid === level).length;
    expect([1, 2, 3, 4].map(zonesOfLevel)).toEqual([1, 10, 26, 186]);
    expect(reference['public.programs']).toHaveLength(4);
    expect(reference['public.facility_types'].map((type) => type.code)).toContain('warehouse');
  });

  it('is the same for the same seed and scale, and other for another seed', () => {
    expect(referenceData(settings)).toEqual(reference);
    expect(referenceData({ ...settings, seed: 2 })).not.toEqual(reference);
    expect([...requisitionBatches(reference, settings)]).toEqual([...requisitionBatches(reference, settings)]);
  });

  it('grows by facilities up to the whole country, then by periods', () => {
    expect(referenceData({ scale: 1, seed: 1 })['public.facilities']).toHaveLength(300);
    expect(referenceData({ scale: 1000, seed: 1 })['public.facilities']).toHaveLength(7000);
  });

  it('holds what is legal in v2 and hard on the way', () => {
    const products = reference['public.products'];
    const batches = [...requisitionBatches(reference, settings)];
    const changes = batches.flatMap((batch) => batch['public.requisition_status_changes']);
    const lines = batches.flatMap((batch) => batch['public.requisition_line_items']);
    const times = changes.map(({ rnrid, createddate }) => `${rnrid} ${createddate}`);
    expect(products.filter(({ gtin }) => gtin === 'a').length).toBeGreaterThan(1);
    expect(products.some(({ specialstorageinstructions }) => (specialstorageinstructions?.length ?? 0) > 8000)).toBe(
      true,
    );
    expect(reference['public.processing_periods'].some(({ enableorder }) => !enableorder)).toBe(true);
    expect(new Set(reference['public.supervisory_nodes'].map(({ name }) => name)).size).toBeLessThan(100);
    expect(new Set(times).size).toBeLessThan(times.length);
    expect(lines.some(({ remarks }) => (remarks?.length ?? 0) > 300)).toBe(true);
  });

  it('holds stock as it is kept by hand', () => {
    const lots = reference['public.lots'];
    const entries = reference['public.stock_card_entries'];
    const numbers = lots.map(({ productid, lotnumber }) => `${productid} ${lotnumber}`);
    const written = new Set(entries.map(({ stockcardid }) => stockcardid));
    const isLate = (entry: (typeof entries)[number], index: number): boolean => {
      const before = entries[index - 1];
      return (
        before?.stockcardid === entry.stockcardid &&
        typeof entry.occurred === 'string' &&
        typeof before.occurred === 'string' &&
        entry.occurred < before.occurred
      );
    };
    expect(new Set(numbers).size).toBeLessThan(numbers.length);
    expect(lots.some(({ lotnumber }) => lotnumber === null)).toBe(true);
    expect(entries.some(({ occurred }) => occurred === null)).toBe(true);
    expect(entries.some(isLate)).toBe(true);
    expect(entries.some(({ lotonhandid }) => lotonhandid === null)).toBe(true);
    expect(entries.some(({ adjustmenttype }) => adjustmenttype === 'TRANSFER_IN')).toBe(true);
    expect(entries.some(({ type, adjustmenttype }) => type === 'ADJUSTMENT' && adjustmenttype === null)).toBe(true);
    expect(reference['public.stock_cards'].some(({ id }) => !written.has(id))).toBe(true);
  });

  it('holds every case of orders, shipments and proofs of delivery', () => {
    const batches = [...requisitionBatches(reference, settings)];
    const orders = batches.flatMap((batch) => batch['public.orders']);
    const shipped = batches.flatMap((batch) => batch['public.shipment_line_items']);
    const proofs = batches.flatMap((batch) => batch['public.pod']);
    const shippedOrders = new Set(shipped.map(({ orderid }) => orderid));
    const statusOfOrder = new Map(orders.map(({ id, status }) => [id, status]));
    expect(orders.filter(({ ordernumber }) => ordernumber === '0').length).toBeGreaterThan(1);
    expect(orders.some(({ supplylineid }) => supplylineid === null)).toBe(true);
    expect(shipped.some(({ substitutedproductquantityshipped: packs }) => (packs ?? 0) > 0)).toBe(true);
    expect(proofs.some(({ orderid }) => shippedOrders.has(orderid))).toBe(true);
    expect(proofs.some(({ orderid }) => !shippedOrders.has(orderid))).toBe(true);
    expect(proofs.some(({ orderid }) => statusOfOrder.get(orderid) === 'RECEIVED')).toBe(true);
    expect(proofs.some(({ orderid }) => statusOfOrder.get(orderid) !== 'RECEIVED')).toBe(true);
  });

  it('holds requisitions that nobody, one and several remarked on', () => {
    const comments = [...requisitionBatches(reference, settings)].flatMap((batch) => batch['public.comments']);
    const byRequisition = Map.groupBy(comments, ({ rnrid }) => rnrid);
    const sizes = new Set([...byRequisition.values()].map((of) => new Set(of.map(({ createdby }) => createdby)).size));
    expect([...sizes]).toEqual(expect.arrayContaining([1, 2]));
  });

  it('holds councils with an outline, and outlines that are none', () => {
    const outlines = reference['public.geographic_zone_geojson'];
    expect(outlines.some(({ geometry }) => geometry?.startsWith('{"type":"MultiPolygon"') === true)).toBe(true);
    expect(outlines.some(({ geometry }) => geometry?.endsWith(']}') !== true)).toBe(true);
  });
});
