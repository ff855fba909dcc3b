// One pipeline's moving parts, built once in a worker and kept warm: its plan, its landing, its way to Kafka.
import type { Pool } from 'pg';
import type { Logger } from '../model/log.ts';
import type { Metrics } from '../model/metrics.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import type { Links } from './contract.ts';
import { ensurePipeline } from './control.ts';
import type { DeriveBeside } from './derive-due.ts';
import { createDeleteMemory } from './forget-deletes.ts';
import type { DeleteMemory } from './forget-deletes.ts';
import { createDriftWatch } from './drift.ts';
import type { DriftWatch } from './drift.ts';
import { createLanding } from './landing.ts';
import type { Landing } from './landing.ts';
import { parentTables } from './parents.ts';
import type { ParentTables } from './parents.ts';
import { planOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { createTopicReader } from './topic-reader.ts';
import type { TopicReader } from './topic-reader.ts';
import { loadTransformation, promotedChange } from './transformation.ts';

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
  /** Derives elsewhere, at the same time as this thread. */
  readonly beside?: DeriveBeside;
}

export interface Engine {
  readonly deps: EngineDeps;
  readonly pool: Pool;
  readonly name: string;
  readonly plan: Plan;
  readonly landing: Landing;
  readonly drift: DriftWatch;
  readonly deletes: DeleteMemory;
  readonly topics: readonly string[];
  /** v2 table -> its topic. */
  readonly topicOf: (table: string) => string;
  readonly parents: ParentTables;
  /** The change with which its transformation was promoted; null as deployed. */
  readonly change: string | null;
  /** Hash of the transformation's code. */
  readonly version: string;
  /** The warm reader of the live flow; one apply at a time uses it. */
  readonly reader: TopicReader;
  /** A reader of its own, for a replay beside the live flow. */
  readonly openReader: () => TopicReader;
}

export type Engines = (pipeline: string) => Promise<Engine>;

interface Built {
  readonly change: string | null;
  readonly engine: Promise<Engine>;
}

/**
 * Builds each engine at its first use, and anew when its pipeline has got another transformation; a build that fails is
 * tried again at the next.
 */
export function createEngines(deps: EngineDeps): Engines {
  const built = new Map<string, Built>();
  const parents = parentTables(deps.pipelines);
  return async (name) => {
    const change = await promotedChange(deps.pool, name);
    const known = built.get(name);
    if (known?.change === change) return known.engine;
    const engine = build(deps, parents, { name, change });
    built.set(name, { change, engine });
    engine.then(
      // The former engine's way to Kafka; nobody applies with it any more.
      () => void known?.engine.then(({ reader }) => reader.close()).catch(() => undefined),
      () => built.delete(name),
    );
    return engine;
  };
}

async function build(
  deps: EngineDeps,
  parents: ParentTables,
  { name, change }: { readonly name: string; readonly change: string | null },
): Promise<Engine> {
  const deployed = deps.pipelines.find((each) => each.name === name);
  if (deployed === undefined)
    throw new Error(`There is no pipeline '${name}'; there are: ${deps.pipelines.map((each) => each.name).join(', ')}`);
  const { pipeline, version } = await loadTransformation(deployed, change);
  const plan = planOf(pipeline);
  const landing = createLanding(deps.pool, plan);
  await ensurePipeline(deps.pool, name);
  await landing.prepare();
  const topicOf = (table: string): string => `${deps.topicPrefix}.${table}`;
  const topics = [...plan.tables.keys()].map(topicOf);
  const openReader = (): TopicReader =>
    createTopicReader({ brokers: deps.brokers, topics, clientId: `mkondo-${name}` });
  const reader = openReader();
  return {
    deps,
    pool: deps.pool,
    name,
    plan,
    landing,
    drift: createDriftWatch(deps.pool, plan),
    deletes: createDeleteMemory({ deps, name, plan, topicOf, reader }),
    topics,
    topicOf,
    parents,
    change,
    version,
    reader,
    openReader,
  };
}
