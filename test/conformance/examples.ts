// The examples of every pipeline of the list, found by the folder that bears the pipeline's name.
import { deriveWhole } from '../../pipelines/definition.ts';
import type { DeriveContext, Pipeline } from '../../pipelines/definition.ts';
import type { Loss } from '../../pipelines/example.ts';
import { pipelines } from '../../pipelines/index.ts';

export type Row = Readonly<Record<string, unknown>>;
export type Rows = Readonly<Record<string, readonly Row[]>>;

export interface AnyExample {
  readonly title: string;
  readonly root: Row;
  readonly rows: Rows;
  readonly losses: readonly Loss[];
}

export interface PipelineWithExamples {
  readonly name: string;
  readonly pipeline: Pipeline;
  readonly examples: readonly AnyExample[];
}

export const all: readonly PipelineWithExamples[] = await Promise.all(
  pipelines.map(async (pipeline) => {
    const folder = `../../pipelines/${pipeline.name}/examples.ts`;
    const { examples } = (await import(new URL(folder, import.meta.url).href)) as {
      readonly examples: readonly (Omit<AnyExample, 'losses'> & Partial<AnyExample>)[];
    };
    return {
      name: pipeline.name,
      pipeline,
      examples: examples.map(({ title, root, rows, losses = [] }) => ({ title, root, rows, losses })),
    };
  }),
);

/** Runs a derive with ids and losses of the caller's. */
export function derive(pipeline: Pipeline, root: Row, context: DeriveContext): Rows {
  return deriveWhole(pipeline, root, context) as unknown as Rows;
}
