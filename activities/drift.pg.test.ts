// Drift on a real v3, and in events of a v2 that changes: noted, kept since when, and gone when it is no more.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSmallV2 } from '../test/engine/small-v2.ts';
import { applyAll, createTestbed } from '../test/engine/testbed.ts';
import type { Testbed } from '../test/engine/testbed.ts';
import { readState } from './control.ts';
import { lookAtV3 } from './drift.ts';

let testbed: Testbed;
beforeAll(async () => {
  testbed = await createTestbed();
});
afterAll(() => testbed.close());

const noted = async (): Promise<readonly object[]> =>
  (
    await testbed.client.query<object>(
      'SELECT pipeline, side, relation, column_name AS "column", kind, seen FROM cdc.drift ORDER BY pipeline, column_name',
    )
  ).rows;

test('v3 as the catalog has it is noted nowhere; what differs is, since the first look, until it is mended', async () => {
  const pipelines = testbed.engines.map(({ plan }) => plan.pipeline);
  const { pool } = testbed.crashing;
  await lookAtV3(pool, pipelines);
  expect(await noted()).toEqual([]);
  await testbed.client.query(`
    ALTER TABLE referencedata.programs ALTER COLUMN code TYPE character varying(20);
    ALTER TABLE referencedata.programs ADD COLUMN colour text`);
  try {
    await lookAtV3(pool, pipelines);
    const since = async () => (await testbed.client.query('SELECT since FROM cdc.drift ORDER BY column_name')).rows;
    const first = await since();
    await lookAtV3(pool, pipelines);
    expect(await since()).toEqual(first);
    const of = { pipeline: 'programs', side: 'v3', relation: 'referencedata.programs' };
    expect(await noted()).toEqual([
      { ...of, column: 'code', kind: 'type', seen: 'character varying(20)' },
      { ...of, column: 'colour', kind: 'new', seen: 'text' },
    ]);
    expect((await readState(pool, 'programs')).drift).toEqual({
      count: 2,
      first: [
        'v3 referencedata.programs.code: character varying(20) where character varying(255) is expected',
        'v3 referencedata.programs.colour: new (text)',
      ],
    });
  } finally {
    await testbed.client.query(`
      ALTER TABLE referencedata.programs ALTER COLUMN code TYPE character varying(255);
      ALTER TABLE referencedata.programs DROP COLUMN colour`);
  }
  await lookAtV3(pool, pipelines);
  expect(await noted()).toEqual([]);
});

test('a column that comes to v2 lands and is noted, and one that a pipeline reads and that goes is, too', async () => {
  const v2 = createSmallV2('places');
  const engine = testbed.engine('programs');
  const topic = 'elmis.public.programs';
  const [first] = v2.topics.get(topic) ?? [];
  if (first === undefined) throw new Error('the small v2 has a program');
  const event = JSON.parse(first.value?.toString() ?? '') as { after: Record<string, unknown>; source: object };
  const log = [first];
  const say = async (after: Record<string, unknown>): Promise<void> => {
    const source = {
      ...event.source,
      lsn: 1_000_000 + log.length,
      sequence: `["${1_000_000 + log.length}","${1_000_000 + log.length}"]`,
    };
    log.push({
      ...first,
      offset: log.length,
      value: Buffer.from(JSON.stringify({ ...event, op: 'u', after, source })),
    });
    await applyAll(engine, { topics: new Map([[topic, log]]) });
  };
  await say({ ...event.after, colour: 'red' });
  const of = { pipeline: 'programs', side: 'v2', relation: 'public.programs' };
  expect(await noted()).toEqual([{ ...of, column: 'colour', kind: 'new', seen: 'string' }]);
  const { name: _, ...nameless } = event.after;
  await say({ ...nameless, colour: 'red' });
  expect(await noted()).toEqual([
    { ...of, column: 'colour', kind: 'new', seen: 'string' },
    { ...of, column: 'name', kind: 'missing', seen: '' },
  ]);
  await say(event.after);
  expect(await noted()).toEqual([]);
});
