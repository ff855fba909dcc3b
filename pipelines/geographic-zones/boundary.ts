// A zone's outline on the map.
import type { DeriveContext } from '../definition.ts';

type Position = readonly [number, number, ...number[]];

/**
 * v2's GeoJSON geometry as PostGIS reads it (EWKT, WGS 84, longitude first), or NULL where v2 has none. Text that is no
 * polygon is a loss. It is looked at closely, because PostGIS refuses a ring that is open or too short with an error that
 * it has for nothing else, which could not be told from a fault of the database.
 */
export function boundary(geometry: string | null, { loss }: Pick<DeriveContext, 'loss'>): string | null {
  if (geometry === null) return null;
  const polygons = polygonsOf(parse(geometry));
  if (polygons === null) {
    loss('VALUE_WITHOUT_HOME', 'geographic_zones.boundary');
    return null;
  }
  return `SRID=4326;MULTIPOLYGON(${polygons.map((rings) => inParentheses(rings.map(ringText))).join(',')})`;
}

function parse(text: string): { readonly type?: unknown; readonly coordinates?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function polygonsOf({
  type,
  coordinates,
}: {
  readonly type?: unknown;
  readonly coordinates?: unknown;
}): readonly (readonly (readonly Position[])[])[] | null {
  const polygons = type === 'Polygon' ? [coordinates] : type === 'MultiPolygon' ? coordinates : null;
  return isList(polygons, (polygon) => isList(polygon, isRing)) ? polygons : null;
}

/** Closed, and of four positions at least. */
function isRing(value: unknown): value is readonly Position[] {
  if (!isList(value, isPosition) || value.length < 4) return false;
  const [first, last] = [value[0], value.at(-1)];
  return first?.[0] === last?.[0] && first?.[1] === last?.[1];
}

function isPosition(value: unknown): value is Position {
  return isList(value, (part): part is number => Number.isFinite(part)) && value.length >= 2;
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[];
function isList(value: unknown, isItem: (item: unknown) => boolean): boolean;
function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isItem(item));
}

/** Heights, which GeoJSON permits, are left out: the map is flat. */
function ringText(ring: readonly Position[]): string {
  return inParentheses(ring.map(([longitude, latitude]) => `${longitude} ${latitude}`));
}

function inParentheses(parts: readonly string[]): string {
  return `(${parts.join(',')})`;
}
