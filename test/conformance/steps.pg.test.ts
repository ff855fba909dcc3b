// The steps that stand in for PostgreSQL's own functions, against PostgreSQL's own answers.
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boundary } from '../../pipelines/geographic-zones/boundary.ts';
import { location } from '../../pipelines/facilities/location.ts';
import { cutText } from '../../pipelines/steps/cut-text.ts';
import { plus, roundTo, times } from '../../pipelines/steps/decimal.ts';
import { dayInTanzania, utcOf } from '../../pipelines/steps/instant.ts';
import { dayOf, instantOf, microsecondsOf, timestampOf } from '../../pipelines/steps/timestamp.ts';
import { createDatabase } from '../support/databases.ts';
import type { TestDatabase } from '../support/databases.ts';

const loss = (): void => {};
const samples = <T>(arbitrary: fc.Arbitrary<T>): readonly T[] => fc.sample(arbitrary, { numRuns: 1000, seed: 3 });

describe('PostgreSQL agrees', () => {
  let v3: TestDatabase;
  beforeAll(async () => {
    v3 = await createDatabase('v3');
    await v3.client.query("SET TimeZone = 'UTC'");
  }, 60_000);
  afterAll(() => v3.drop());

  test('on instants, days and microseconds of timestamps, BC and infinity included', async () => {
    const microseconds = fc.bigInt({ min: -210_866_000_000_000_000n, max: 9_000_000_000_000_000_000n });
    const timestamps = [
      'infinity',
      '-infinity',
      '0044-03-15 00:00:00 BC',
      '0001-12-31 23:59:59.999999 BC',
      '1930-06-15 12:00:00', // the zone had another offset then
      '2018-01-31 23:59:59',
      ...samples(microseconds).map(timestampOf),
    ];
    const rows = timestamps.map((timestamp) => ({
      timestamp,
      instant: instantOf(timestamp),
      day: dayOf(timestamp),
      microseconds: timestamp.endsWith('infinity') ? null : String(microsecondsOf(timestamp)),
    }));
    const { rows: differing } = await v3.client.query(
      `SELECT * FROM json_to_recordset($1) AS x (timestamp text, instant text, day text, microseconds numeric)
       WHERE instant::timestamptz IS DISTINCT FROM timestamp::timestamp AT TIME ZONE 'Africa/Dar_es_Salaam'
          OR day::date IS DISTINCT FROM timestamp::timestamp::date
          OR timestamp IS DISTINCT FROM timestamp::timestamp::text
          OR (microseconds IS NOT NULL
              AND microseconds IS DISTINCT FROM extract(epoch FROM timestamp::timestamp) * 1000000)`,
      [JSON.stringify(rows)],
    );
    expect(differing).toEqual([]);
  });

  test('on instants in UTC and on days in Tanzania, whatever the offset', async () => {
    // Since 1961, when Tanzania's clocks last changed.
    const microseconds = fc.bigInt({ min: -283_000_000_000_000n, max: 9_000_000_000_000_000n });
    const offset = fc.constantFrom('+00', '+03', '-05', '+05:45', '-11:30');
    const instants = [
      'infinity',
      '-infinity',
      ...samples(fc.tuple(microseconds, offset)).map(([time, zone]) => `${timestampOf(time)}${zone}`),
    ];
    const rows = instants.map((instant) => ({ instant, utc: utcOf(instant), day: dayInTanzania(instant) }));
    const { rows: differing } = await v3.client.query(
      `SELECT * FROM json_to_recordset($1) AS x (instant text, utc text, day text)
       WHERE utc IS DISTINCT FROM (instant::timestamptz AT TIME ZONE 'UTC')::text
          OR day IS DISTINCT FROM ((instant::timestamptz AT TIME ZONE 'Africa/Dar_es_Salaam')::date)::text`,
      [JSON.stringify(rows)],
    );
    expect(differing).toEqual([]);
  });

  test('on products and on rounding of numerics', async () => {
    const numeric = fc
      .tuple(
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        fc.constantFrom('', '.5', '.05', '.005', '.0050', '.9999'),
      )
      .map(([whole, fraction]) => `${whole}${fraction}`);
    const rows = [
      { value: 'NaN', factor: 0 },
      { value: 'Infinity', factor: -2 },
      { value: '-0.005', factor: 1 },
      ...samples(fc.record({ value: numeric, factor: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) })),
    ].map(({ value, factor }) => ({ value, factor, product: times(value, factor), rounded: roundTo(value, 2) }));
    const { rows: differing } = await v3.client.query(
      `SELECT * FROM json_to_recordset($1) AS x (value text, factor integer, product text, rounded text)
       WHERE product IS DISTINCT FROM (value::numeric * factor)::text
          OR (value !~ 'Infinity' AND rounded IS DISTINCT FROM value::numeric(40, 2)::text)`,
      [JSON.stringify(rows)],
    );
    expect(differing).toEqual([]);
  });

  test('on sums of numerics', async () => {
    const numeric = fc.constantFrom('NaN', 'Infinity', '-Infinity', '0', '-0.005', '12345.6789', '99999999999.99', '7');
    const rows = samples(fc.record({ left: numeric, right: numeric })).map(({ left, right }) => ({
      left,
      right,
      sum: plus(left, right),
    }));
    const { rows: differing } = await v3.client.query(
      `SELECT * FROM json_to_recordset($1) AS x ("left" text, "right" text, sum text)
       WHERE sum IS DISTINCT FROM ("left"::numeric + "right"::numeric)::text`,
      [JSON.stringify(rows)],
    );
    expect(differing).toEqual([]);
  });

  test('on where a text is cut', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '💉', '\n', 'e\u0301'), maxLength: 40 });
    const samplesOfText = samples(fc.record({ text, maxCharacters: fc.integer({ min: 1, max: 30 }) }));
    const rows = samplesOfText.map(({ text, maxCharacters }) => ({
      text,
      maxCharacters,
      cut: cutText(text, { maxCharacters, column: '', loss }),
    }));
    const { rows: differing } = await v3.client.query(
      `SELECT * FROM json_to_recordset($1) AS x (text text, "maxCharacters" integer, cut text)
       WHERE cut IS DISTINCT FROM left(text, "maxCharacters")`,
      [JSON.stringify(rows)],
    );
    expect(differing).toEqual([]);
  });

  test('on the point of a facility', async () => {
    const { rows } = await v3.client.query(
      'SELECT $1::geometry = ST_SetSRID(ST_MakePoint(35.73950, -6.17222), 4326) AS same, ST_SRID($1::geometry) AS srid',
      [location({ latitude: '-6.17222', longitude: '35.73950' }, { loss })],
    );
    expect(rows).toEqual([{ same: true, srid: 4326 }]);
  });

  test('on the outline of a zone, which it reads from GeoJSON, too', async () => {
    const position = fc.tuple(
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.double({ min: -90, max: 90, noNaN: true }),
    );
    const ring = fc.array(position, { minLength: 3, maxLength: 6 }).map((corners) => [...corners, corners[0]]);
    const polygons = fc.array(fc.array(ring, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 });
    const rows = samples(polygons).map((coordinates) => {
      const geometry = JSON.stringify({ type: 'MultiPolygon', coordinates });
      return { geometry, outline: boundary(geometry, { loss }) };
    });
    const { rows: differing } = await v3.client.query(
      `SELECT * FROM json_to_recordset($1) AS x (geometry text, outline text)
       WHERE outline::geometry::text IS DISTINCT FROM ST_GeomFromGeoJSON(geometry)::text`,
      [JSON.stringify(rows)],
    );
    expect(differing).toEqual([]);
  });
});
