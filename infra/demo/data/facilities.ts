/* oxlint-disable oxc/no-map-spread -- each row is made once, from parts */
// Places and the facilities in them: levels, zones, facility types, operators, facilities, the programs that each supports.
import { sometimesAwkward } from './awkward-text.ts';
import { dayMs, timestampText } from './calendar.ts';
import { councilNames, msdZones } from './places.ts';
import { audit, orNull } from './row-values.ts';
import type { Rows } from './row-values.ts';
import type { NewRow } from '../copy-rows.ts';
import type { Random } from '../random.ts';

export function geographicLevels(): Rows<'public.geographic_levels'> {
  const levels = [
    ['national', 'National'],
    ['zone', 'MSD zone'],
    ['region', 'Region'],
    ['district', 'Council'],
  ] as const;
  return levels.map(([code, name], index) => ({
    id: index + 1,
    code,
    name,
    levelnumber: index + 1,
    createddate: timestampText(Date.UTC(2013, 6, 1)),
  }));
}

/** Country, zones, regions, councils: parents first. */
export function geographicZones(random: Random): Rows<'public.geographic_zones'> {
  const rows: NewRow<'public.geographic_zones'>[] = [];
  const add = (code: string, name: string, levelid: number, parentid: number | null): number => {
    rows.push({
      id: rows.length + 1,
      code,
      name,
      levelid,
      parentid,
      catchmentpopulation: orNull(random, random.integer(20_000, 900_000)),
      latitude: orNull(random, `-${random.integer(1, 10)}.${String(random.integer(0, 99_999)).padStart(5, '0')}`),
      longitude: orNull(random, `${random.integer(30, 39)}.${String(random.integer(0, 99_999)).padStart(5, '0')}`),
      ...audit(random),
    });
    return rows.length;
  };
  const country = add('Root', 'Tanzania', 1, null);
  for (const zone of msdZones) {
    const zoneId = add(`MSD-${zone.name}`, `MSD ${zone.name}`, 2, country);
    for (const region of zone.regions) {
      const regionId = add(`R-${region.name}`, `${region.name} Region`, 3, zoneId);
      councilNames(region).forEach((name, index) => {
        // Codes that differ in v3's eyes by case alone would be one in v2's, so each keeps its region's name.
        add(`${region.name}-${index + 1}`, sometimesAwkward(random, name, 250), 4, regionId);
      });
    }
  }
  return rows;
}

/** code, name, share of all facilities */
const facilityKinds = [
  ['warehouse', 'Warehouse', 0],
  ['disp', 'Dispensary', 0.72],
  ['heac', 'Health Centre', 0.14],
  ['dhosp', 'District Hospital', 0.05],
  ['rhosp', 'Regional Hospital', 0.02],
  ['zhosp', 'Zonal Hospital', 0.01],
  ['ctc', 'CTC Clinic', 0.04],
  ['dmo', 'District Medical Office', 0.02],
  ['mathome', 'Maternity Home', 0],
] as const;

export function facilityTypes(): Rows<'public.facility_types'> {
  return facilityKinds.map(([code, name], index) => ({
    id: index + 1,
    code,
    name,
    description: index % 3 === 0 ? null : `${name} (eLMIS)`,
    levelid: null,
    nominalmaxmonth: 3,
    nominaleop: '0.50',
    displayorder: index === 4 ? null : index + 1,
    active: code === 'mathome' ? false : index === 6 ? null : true,
    createddate: timestampText(Date.UTC(2013, 6, 1)),
  }));
}

export function facilityOperators(): Rows<'public.facility_operators'> {
  const operators = [
    ['moh', 'MoH'],
    ['fbo', 'Faith based'],
    ['ngo', 'NGO'],
    ['private', 'Private'],
    ['Other', null],
  ] as const;
  return operators.map(([code, text], index) => ({
    id: index + 1,
    code,
    text,
    displayorder: index === 3 ? null : index + 1,
    createddate: timestampText(Date.UTC(2013, 6, 1)),
  }));
}

export function priceSchedules(): Rows<'public.price_schedules'> {
  return ['Standard', 'Zonal'].map((code, index) => ({ id: index + 1, code, description: null, displayorder: index }));
}

export function makeFacilities(
  random: Random,
  {
    count,
    zones,
    operators,
  }: {
    readonly count: number;
    readonly zones: Rows<'public.geographic_zones'>;
    readonly operators: Rows<'public.facility_operators'>;
  },
): Rows<'public.facilities'> {
  const msd = zones.filter((zone) => zone.levelid === 2);
  const councils = random.shuffle(zones.filter((zone) => zone.levelid === 4));
  const rows: NewRow<'public.facilities'>[] = [];
  const add = (code: string, name: string, typeid: number, zone: NewRow<'public.geographic_zones'>): void => {
    const id = rows.length + 1;
    const blank = random.chance(0.05);
    rows.push({
      id,
      code,
      name,
      description: orNull(random, sometimesAwkward(random, `${name} reports every two months`, 250), 0.6),
      gln: orNull(random, `GLN${id}`, 0.8),
      mainphone: orNull(
        random,
        `+255 ${random.integer(620, 789)} ${random.integer(100, 999)} ${random.integer(100, 999)}`,
        0.4,
      ),
      fax: null,
      address1: orNull(random, sometimesAwkward(random, `P.O. Box ${random.integer(1, 9999)}`, 50), 0.3),
      address2: blank ? '' : orNull(random, zone.name.slice(0, 50), 0.5),
      geographiczoneid: zone.id,
      typeid,
      catchmentpopulation: orNull(random, random.integer(800, 60_000)),
      latitude: blank ? null : `-${random.integer(1, 10)}.${String(random.integer(0, 99_999)).padStart(5, '0')}`,
      longitude: blank ? null : `${random.integer(30, 39)}.${String(random.integer(0, 99_999)).padStart(5, '0')}`,
      altitude: orNull(random, `${random.integer(1, 2400)}.${random.integer(1000, 9999)}`, 0.7),
      operatedbyid: orNull(random, random.pick(operators).id, 0.1),
      coldstoragegrosscapacity: orNull(random, `${random.integer(10, 900)}.2500`, 0.7),
      coldstoragenetcapacity: orNull(random, `${random.integer(1, 9)}.0001`, 0.7),
      suppliesothers: orNull(random, typeid === 1),
      sdp: typeid !== 1,
      online: orNull(random, random.chance(0.7)),
      satellite: orNull(random, random.chance(0.05)),
      parentfacilityid: typeid === 7 && id > 20 ? random.integer(1, id - 1) : null,
      haselectricity: orNull(random, random.chance(0.6)),
      haselectronicscc: orNull(random, false),
      haselectronicdar: orNull(random, false),
      active: !random.chance(0.03),
      // Dates before Christ come from the simulator alone: Debezium's snapshot drops the era of a date (docs/limits.md).
      golivedate: random.chance(0.005)
        ? '0001-01-01'
        : timestampText(Date.UTC(2013, 8, 1) + random.integer(0, 1500) * dayMs).slice(0, 10),
      godowndate: random.chance(0.02) ? random.pick(['infinity', '2030-12-31', '2019-06-30']) : null,
      comment: random.chance(0.01)
        ? random.noise(8800)
        : orNull(random, sometimesAwkward(random, 'Visited by the council pharmacist', 400), 0.8),
      enabled: !random.chance(0.02),
      virtualfacility: random.chance(0.01),
      ...audit(random),
      pricescheduleid: orNull(random, random.integer(1, 2), 0.7),
    });
  };
  for (const zone of msd) add(`MSD-${zone.id}`, zone.name.slice(0, 40), 1, zone);
  const kinds = facilityKinds.map(([code, name, share], index) => [{ code, name, typeid: index + 1 }, share] as const);
  while (rows.length < count) {
    const { code, name, typeid } = random.pickWeighted(kinds);
    const council = councils[rows.length % councils.length] as NewRow<'public.geographic_zones'>;
    const number = rows.length + 1;
    add(
      `${code.toUpperCase()}${String(number).padStart(5, '0')}`,
      sometimesAwkward(random, `${name} ${number}`, 50, 0.02),
      typeid,
      council,
    );
  }
  return rows;
}

export function programsSupported(
  random: Random,
  {
    facilities,
    programs,
  }: { readonly facilities: Rows<'public.facilities'>; readonly programs: Rows<'public.programs'> },
): Rows<'public.programs_supported'> {
  const share: Readonly<Record<string, number>> = { ils: 1, arv: 0.6, tb: 0.45, lab: 0.3 };
  const pairs = facilities
    .filter((facility) => facility.typeid !== 1)
    .flatMap((facility) =>
      programs
        .filter((program) => random.chance(share[program.code] ?? 0))
        .map((program) => ({ facilityid: facility.id, programid: program.id })),
    );
  return pairs.map((pair, index) => ({
    id: index + 1,
    ...pair,
    startdate: random.pickWeighted([
      [timestampText(Date.UTC(2014, 0, 1) + random.integer(0, 2000) * dayMs), 90],
      [null, 9],
      ['-infinity', 1],
    ]),
    active: !random.chance(0.04),
    ...audit(random),
  }));
}
