// The steps of a run, taken on the engine: what apply, the operations and a second worker would do, with crashes.
import { affectedRoots } from '../../activities/affected-roots.ts';
import type { ActivityScope } from '../../activities/apply.ts';
import { applyBatch, carryOn, landChunk } from '../../activities/batch.ts';
import { lockPipeline, markDirty, readPositions, setMode } from '../../activities/control.ts';
import { unavailable } from '../../activities/database-errors.ts';
import { decodeChunk, widen } from '../../activities/decode-chunk.ts';
import { deriveDue, deriveNewParts } from '../../activities/derive-due.ts';
import type { NewParts } from '../../activities/derive-due.ts';
import type { Engine } from '../../activities/engine.ts';
import { forgetDeletes } from '../../activities/forget-deletes.ts';
import { clearOwned, markAll } from '../../activities/operations.ts';
import { inTransaction } from '../../activities/transaction.ts';
import type { Bounds } from '../../activities/topic-reader.ts';
import { createRandom } from '../../infra/demo/random.ts';
import type { Random } from '../../infra/demo/random.ts';
import type { KafkaMessage } from '../../model/change-event.ts';
import { MkondoError } from '../../model/errors.ts';
import { act } from './actions.ts';
import type { Run, Step } from './runs.ts';
import { batchFrom } from './testbed.ts';
import type { Testbed } from './testbed.ts';
import { createV2Source } from './v2-source.ts';
import type { V2Source } from './v2-source.ts';
import { populate } from './worlds.ts';
import type { World } from './worlds.ts';

/** The history of a run, from its beginning to its end. */
export function play(world: World, run: Run): V2Source {
  const v2 = createV2Source();
  const random = createRandom(run.seed);
  if (run.hasSnapshot) {
    v2.load((transaction) => populate(transaction, world, random));
    v2.snapshot();
  } else v2.transaction((transaction) => populate(transaction, world, random));
  for (const happening of run.happenings) {
    if (happening.what === 'restart') v2.restart(happening);
    else if (happening.what === 'snapshot') v2.snapshot(happening.table);
    else {
      if (happening.isCut) v2.cutNext(random.integer(0, 3));
      v2.transaction((transaction) => happening.actions.forEach((action) => act(transaction, action)), happening);
    }
  }
  v2.finish();
  return v2;
}

interface Doing {
  readonly testbed: Testbed;
  readonly engine: Engine;
  readonly v2: V2Source;
  readonly step: Step;
}

/** One step of one pipeline; a crash in it is the end of an attempt. Returns whether it came. */
export async function take(doing: Doing): Promise<boolean> {
  const { crashing } = doing.testbed;
  if (doing.step.crash !== null) crashing.arm(doing.step.crash);
  try {
    await attempt(doing);
    return crashing.disarm();
  } catch (error) {
    if (!crashing.disarm()) throw error;
    // A fault that the activity knows, and that is tried again.
    const known = error instanceof MkondoError ? error : unavailable(error);
    if (known?.code !== 'V3_UNAVAILABLE') throw error;
    // Reading goes on with a later step, as it may; a reset is tried until it is done.
    if (doing.step.what === 'reset') await attempt(doing);
    return true;
  }
}

async function attempt(doing: Doing): Promise<void> {
  const { testbed, engine, v2, step } = doing;
  const random = createRandom(step.seed);
  switch (step.what) {
    case 'pause':
    case 'resume':
      await changeMode(engine, step.what === 'pause' ? 'paused' : 'running');
      return;
    case 'derive':
      await deriveDue(engine, { limit: random.integer(1, 5), quietMs: 0, run: 'test' });
      return;
    case 'lanes':
      await together(() => deriveDue(engine, { limit: random.integer(1, 3), quietMs: 0, run: 'test' }));
      return;
    case 'follow':
      await follow(engine);
      return;
    case 'beside': {
      // Another pipeline, at the same time.
      const steps = [engine, random.pick(testbed.engines)].map((each) => ({
        ...doing,
        engine: each,
        step: { ...step, what: random.pick(['read', 'derive'] as const), seed: random.integer(0, 1_000_000) },
      }));
      await together((isSecond) => attempt(steps[isSecond ? 1 : 0] ?? doing));
      return;
    }
    case 'replay':
      await replay(engine, v2, random);
      return;
    case 'forget':
      await forget(doing, random);
      return;
    case 'reset':
      await clearOwned(engine, operation(engine, 'reset'), scope);
      return;
    case 'reprocess':
      await markAll(engine, operation(engine, 'reprocess'));
      return;
    case 'read':
    case 'twins':
    case 'stale': {
      const from = await readPositions(engine.deps.pool, engine.name);
      const read = () => batchFrom(engine, { topics: v2.topics, from, take: () => random.integer(0, 12) });
      const batch = { ...(await read()), isDeferred: step.isDeferred, run: 'test', newPartsLeast: 1 };
      if (step.what === 'twins') {
        await together((isSecond) => applyBatch(engine, { ...batch, isDeferred: step.isDeferred !== isSecond }));
        return;
      }
      // An attempt that was thought dead comes back after another one has read on.
      if (step.what === 'stale') await applyBatch(engine, { ...batch, ...(await read()) });
      await readOn(engine, batch);
    }
  }
}

/** What an attempt still has in memory: new parts to be derived, of the last batch and of those before. */
const inMemory = new WeakMap<Engine, { readonly last: NewParts; readonly before: readonly NewParts[] }>();
const NOTHING = { last: new Map<string, never>(), before: [] };

/** As apply does it: new parts wait to be derived from memory, if no crash makes them forgotten. */
async function readOn(engine: Engine, batch: Parameters<typeof applyBatch>[1]): Promise<void> {
  const { last, before } = inMemory.get(engine) ?? NOTHING;
  inMemory.delete(engine);
  const { carried, complete } = carryOn(engine.plan, last, batch.decoded);
  const report = await applyBatch(engine, { ...batch, carried });
  inMemory.set(engine, { last: report.newParts, before: [...before, complete] });
}

/** Whatever has happened since they landed. */
async function follow(engine: Engine): Promise<void> {
  const { last, before } = inMemory.get(engine) ?? NOTHING;
  inMemory.delete(engine);
  await Promise.all([...before, last].map((each) => deriveNewParts(engine, { newParts: each, run: 'test' })));
}

const scope: ActivityScope = { run: 'test', signal: new AbortController().signal, heartbeat: () => undefined };

function operation(engine: Engine, name: 'reset' | 'reprocess') {
  return { id: name, pipeline: engine.name, name, reason: 'test', by: 'test', via: 'update' } as const;
}

async function changeMode(engine: Engine, mode: 'paused' | 'running'): Promise<void> {
  await inTransaction(engine.deps.pool, async (client) => {
    await lockPipeline(client, engine.name);
    await setMode(client, { pipeline: engine.name, mode, reason: 'test', by: 'test' });
  });
}

/** Twice at once. Both have ended when it returns, also when one of them failed. */
async function together(work: (isSecond: boolean) => Promise<unknown>): Promise<void> {
  const outcomes = await Promise.allSettled([work(false), work(true)]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason as Error;
}

/** As the operation does it: lands again from older positions; it may be cancelled before it is where the pipeline stands. */
async function replay(engine: Engine, v2: V2Source, random: Random): Promise<void> {
  const positions = await readPositions(engine.deps.pool, engine.name);
  const messages = Object.entries(positions).flatMap(([at, position]) => {
    const from = random.integer(begins.get(v2)?.[at]?.start ?? 0, position);
    return (v2.topics.get(at.slice(0, at.lastIndexOf('/'))) ?? []).slice(from, random.integer(from, position));
  });
  const decoded = await decodeChunk(engine, messages);
  await widen(engine, decoded);
  await inTransaction(engine.deps.pool, async (client) => {
    await lockPipeline(client, engine.name);
    const landed = await landChunk(client, engine, decoded);
    await markDirty(client, {
      pipeline: engine.name,
      roots: (await affectedRoots(client, engine.plan, landed.changes)).keys(),
    });
  });
}

/** Where the topics of a v2 begin, once Kafka has forgotten what lay before. */
const begins = new WeakMap<V2Source, Bounds>();

/** Kafka forgets what all pipelines have read, some of it, and this pipeline its deletes with it. */
async function forget(
  { testbed, engine, v2 }: Pick<Doing, 'testbed' | 'engine' | 'v2'>,
  random: Random,
): Promise<number> {
  const positions = await Promise.all(testbed.engines.map((each) => readPositions(each.deps.pool, each.name)));
  const bounds: Record<string, Bounds[string]> = { ...begins.get(v2) };
  for (const [topic, log] of v2.topics) {
    const at = `${topic}/0`;
    const readers = positions.filter((_, index) => testbed.engines[index]?.topics.includes(topic) === true);
    if (readers.length === 0) continue;
    const read = Math.min(...readers.map((each) => each[at] ?? 0));
    const most = random.chance(0.5) ? random.integer(0, read) : read;
    const start = Math.max(bounds[at]?.start ?? 0, startOf(log, most));
    bounds[at] = { start, end: endOf(log, start) };
  }
  begins.set(v2, bounds);
  return forgetDeletes(engine, bounds);
}

/** `most`, or the last place before it behind which nothing comes again that lay before: Kafka keeps longer than a connector repeats. */
function startOf(log: readonly KafkaMessage[], most: number): number {
  const places = log.map(placeOf);
  for (let start = most; start > 0; start -= 1) {
    const newest = Math.max(...places.slice(0, start).map((place) => place?.lsn ?? 0));
    if (places.slice(start).every((place) => place === null || place.lsn > newest)) return start;
  }
  return 0;
}

/** Behind the last event of every transaction that begins before `start`. */
function endOf(log: readonly KafkaMessage[], start: number): number {
  const places = log.map(placeOf);
  const begun = new Set(places.slice(0, start).map((place) => place?.tx));
  return Math.max(start, places.findLastIndex((place) => place !== null && begun.has(place.tx)) + 1);
}

/** Null of what has no place of its own: a row of a snapshot, a tombstone. */
function placeOf({ value }: KafkaMessage): { readonly lsn: number; readonly tx: number } | null {
  if (value === null) return null;
  const { source } = JSON.parse(value.toString()) as {
    readonly source: { readonly lsn?: number; readonly txId?: number };
  };
  return source.lsn === undefined || source.txId === undefined ? null : { lsn: source.lsn, tx: source.txId };
}

/**
 * Every pipeline is resumed and reads to the end, in any order, and time passes for roots that are to be tried later. Then Kafka
 * and landing forget, what is left is replayed, and that must come to its end as well. Returns how many deletes were forgotten.
 */
export async function finish(testbed: Testbed, v2: V2Source, random: Random): Promise<number> {
  await readToTheEnd(testbed, v2, random);
  let forgotten = 0;
  for (const engine of random.shuffle(testbed.engines)) {
    forgotten += await forget({ testbed, engine, v2 }, random);
    await replay(engine, v2, random);
  }
  await readToTheEnd(testbed, v2, random);
  return forgotten;
}

async function readToTheEnd(testbed: Testbed, v2: V2Source, random: Random): Promise<void> {
  const { client } = testbed;
  await client.query(`UPDATE cdc.pipelines SET mode = 'running' WHERE mode <> 'running'`);
  for (;;) {
    let isBusy = false;
    for (const engine of random.shuffle(testbed.engines)) {
      const from = await readPositions(engine.deps.pool, engine.name);
      const batch = await batchFrom(engine, { topics: v2.topics, from, take: () => random.integer(1, 40) });
      if (batch.decoded.messages > 0) {
        await readOn(engine, { ...batch, isDeferred: random.chance(0.3), run: 'test', newPartsLeast: 1 });
        isBusy = true;
      }
      if (random.chance(0.5)) await follow(engine);
      while ((await deriveDue(engine, { limit: random.integer(1, 20), quietMs: 0, run: 'test' })) !== null)
        isBusy = true;
    }
    if (isBusy) continue;
    // One of the roots that a row bars is due again; which one, nobody knows.
    const later = await client.query(
      `UPDATE cdc.dirty SET not_before = '-infinity' WHERE (pipeline, root) =
         (SELECT pipeline, root FROM cdc.dirty WHERE isfinite(not_before) ORDER BY hashtext(root || $1) LIMIT 1)`,
      [String(random.integer(1, 1_000_000))],
    );
    if (later.rowCount === 0) return;
  }
}
