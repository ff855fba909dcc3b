// Every pipeline of the list, against the rules that all have to keep and against its own examples. A new pipeline is
// covered by standing in the list.
import { describe, expect, test } from 'vitest';
import v3OwnedRows from '../../pipelines/catalog/v3-owned-rows.json' with { type: 'json' };
import { tablesOf } from '../../pipelines/definition.ts';
import type { Pipeline } from '../../pipelines/definition.ts';
import { deriveExample } from '../../pipelines/example.ts';
import { pipelineNamed, pipelines, pipelinesReading, publishedTables } from '../../pipelines/index.ts';
import { all } from './examples.ts';
import { rules } from './rules.ts';

describe.each([...all])('$name', (subject) => {
  test.each(Object.entries(rules))('%s', (_title, rule) => {
    expect(rule(subject)).toEqual([]);
  });

  test.each([...subject.examples])('maps as stated: $title', ({ root, rows, losses }) => {
    expect(deriveExample(subject.pipeline, root as never)).toEqual({ rows, losses });
  });
});

describe('the list of pipelines', () => {
  const names = pipelines.map(({ name }) => name);

  test('names each pipeline once, as a workflow, a metric label and a route can bear it', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
  });

  test('finds a pipeline by its name, and by the tables that it reads', () => {
    expect(names.map(pipelineNamed)).toEqual(pipelines);
    for (const pipeline of pipelines) {
      const tables = tablesOf(pipeline);
      expect(publishedTables).toEqual(expect.arrayContaining([...tables]));
      expect(tables.filter((table) => !pipelinesReading(table).includes(pipeline))).toEqual([]);
    }
  });

  test('says so when it is asked for what it has not', () => {
    expect(pipelinesReading('public.dw_orders')).toEqual([]);
    expect(() => pipelineNamed('dw-orders')).toThrow(expect.objectContaining({ code: 'PIPELINE_UNKNOWN' }));
  });

  test('has one owner for every v3 table', () => {
    const owned = pipelines.flatMap((pipeline) => Object.values(pipeline.owns).map(({ table }) => table));
    expect(new Set(owned).size).toBe(owned.length);
  });

  test('has parents before children: what a pipeline refers to is its own, an earlier one’s, or v3’s alone', () => {
    const written = new Set<string>(pipelines.flatMap(tablesWritten));
    const v3Alone = Object.keys(v3OwnedRows).filter((table) => !written.has(table));
    const orphans = pipelines.flatMap((pipeline, place) => {
      const earlier = pipelines.slice(0, place + 1);
      const owned = new Set<string>([...earlier.flatMap(tablesWritten), ...v3Alone]);
      const referred = Object.values(pipeline.owns).flatMap(({ references }) => references.map(({ table }) => table));
      return referred.filter((table) => !owned.has(table)).map((table) => `${pipeline.name} refers to ${table}`);
    });
    expect(orphans).toEqual([]);
  });
});

function tablesWritten({ owns }: Pipeline): readonly string[] {
  return Object.values(owns).map(({ table }) => table);
}
