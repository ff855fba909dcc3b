// One pipeline's moving parts, built once in a worker and kept warm: its plan, its landing, its way to Kafka.
import { readFileSync, readdirSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Logger } from '../model/log.ts';
import type { Metrics } from '../model/metrics.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { Links } from './contract.ts';
import { ensurePipeline } from './control.ts';
import type { DeriveDue } from './derive-due.ts';
import { createLanding } from './landing.ts';
import type { Landing } from './landing.ts';
import { parentTables } from './parents.ts';
import type { ParentTables } from './parents.ts';
import { planOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { createTopicReader } from './topic-reader.ts';
import type { TopicReader } from './topic-reader.ts';

export interface EngineDeps {
  readonly pool: Pool;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly brokers: readonly string[];
  readonly topicPrefix: string;
  readonly placeholder: string;
  readonly pipelines: readonly Pipeline[];
  /** Where else an operator may look at a pipeline. */
  readonly linksOf?: (pipeline: string) => Links;
  /** Derives due roots elsewhere, at the same time as this thread. */
  readonly deriveBeside?: DeriveDue;
}

export interface Engine {
  readonly deps: EngineDeps;
  readonly pool: Pool;
  readonly name: string;
  readonly plan: Plan;
  readonly landing: Landing;
  readonly topics: readonly string[];
  readonly parents: ParentTables;
  /** Hash of the transformation's code. */
  readonly version: string;
  /** The warm reader of the live flow; one apply at a time uses it. */
  readonly reader: TopicReader;
  /** A reader of its own, for a replay beside the live flow. */
  readonly openReader: () => TopicReader;
}

export type Engines = (pipeline: string) => Promise<Engine>;

/** Builds each engine at its first use; a build that fails is tried again at the next. */
export function createEngines(deps: EngineDeps): Engines {
  const built = new Map<string, Promise<Engine>>();
  const parents = parentTables(deps.pipelines);
  return (name) => {
    const known = built.get(name);
    if (known !== undefined) return known;
    const building = build(deps, parents, name);
    built.set(name, building);
    building.catch(() => built.delete(name));
    return building;
  };
}

async function build(deps: EngineDeps, parents: ParentTables, name: string): Promise<Engine> {
  const pipeline = deps.pipelines.find((each) => each.name === name);
  if (pipeline === undefined)
    throw new Error(`There is no pipeline '${name}'; there are: ${deps.pipelines.map((each) => each.name).join(', ')}`);
  const plan = planOf(pipeline);
  const landing = createLanding(deps.pool, plan);
  await ensurePipeline(deps.pool, name);
  await landing.prepare();
  const topics = [...plan.tables.keys()].map((table) => `${deps.topicPrefix}.${table}`);
  const openReader = (): TopicReader =>
    createTopicReader({ brokers: deps.brokers, topics, clientId: `mkondo-${name}` });
  return {
    deps,
    pool: deps.pool,
    name,
    plan,
    landing,
    topics,
    parents,
    version: transformationVersion(name),
    reader: openReader(),
    openReader,
  };
}

/** Changes when the code of the pipeline's folder or of the steps that pipelines share changes. */
export function transformationVersion(pipeline: string): string {
  const root = join(import.meta.dirname, '..', 'pipelines');
  const files = [pipeline, 'steps'].flatMap((folder) => {
    try {
      return readdirSync(join(root, folder))
        .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|^examples\.ts$/.test(file))
        .sort()
        .map((file) => join(root, folder, file));
    } catch {
      return [];
    }
  });
  return hash('sha1', files.map((file) => readFileSync(file, 'utf8')).join('\0'), 'hex').slice(0, 12);
}
