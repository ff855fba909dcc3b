// Which topics a pipeline reads, and which pipelines read a topic.
import { tablesOf } from './definition.ts';
import type { Pipeline } from './definition.ts';

export interface Topics {
  readonly all: readonly string[];
  readonly ofPipeline: ReadonlyMap<string, readonly string[]>;
  readonly readers: ReadonlyMap<string, readonly string[]>;
}

/** Debezium's topics are `<prefix>.<schema>.<table>`. */
export function topicsOf(pipelines: readonly Pipeline[], prefix: string): Topics {
  const ofPipeline = new Map(
    pipelines.map((pipeline) => [pipeline.name, tablesOf(pipeline).map((table) => `${prefix}.${table}`)]),
  );
  const readers = new Map<string, string[]>();
  for (const [pipeline, topics] of ofPipeline) {
    for (const topic of topics) readers.set(topic, [...(readers.get(topic) ?? []), pipeline]);
  }
  return { all: [...readers.keys()].sort(), ofPipeline, readers };
}
