// A chunk of Kafka messages -> the change events of each table, in offset order, and what could not be understood.
import type { KafkaMessage, RowEvent, TruncateEvent } from '../model/change-event.ts';
import { createDecode } from './decode.ts';
import type { Decoded as Event } from './decode.ts';
import type { Engine } from './engine.ts';
import type { FaultyEvent } from './quarantine.ts';
import { hasColumns } from './owned-rows.ts';
import { createTurns } from './turns.ts';

export interface Decoded {
  /** How many messages it is of. */
  readonly messages: number;
  readonly tables: ReadonlyMap<string, readonly (RowEvent | TruncateEvent)[]>;
  readonly faults: readonly FaultyEvent[];
  readonly messageOf: ReadonlyMap<RowEvent, KafkaMessage>;
  readonly lastCommittedAtMs: number;
}

interface Epoch {
  readonly epoch: number;
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
}

/** Decodes messages in offset order, by table. */
export async function decodeChunk(engine: Engine, messages: readonly KafkaMessage[]): Promise<Decoded> {
  const decoding = await startDecoding(engine);
  await decoding.add(messages);
  return decoding.decoded;
}

/** The same for messages that come in several pieces, of which none is kept. */
export async function startDecoding(
  engine: Engine,
): Promise<{ readonly decoded: Decoded; readonly add: (messages: readonly KafkaMessage[]) => Promise<void> }> {
  const epochs = await readEpochs(engine);
  const decode = createDecode({
    keys: new Map([...engine.plan.tables].map(([source, table]) => [source, table.key])),
    placeholder: engine.deps.placeholder,
    epochAt: (topic, partition, offset) =>
      epochs.reduce(
        (found, each) =>
          each.topic === topic && each.partition === partition && each.from <= offset
            ? Math.max(found, each.epoch)
            : found,
        0,
      ),
  });
  const tables = new Map<string, (RowEvent | TruncateEvent)[]>();
  const faults: FaultyEvent[] = [];
  const messageOf = new Map<RowEvent, KafkaMessage>();
  const decoded = { messages: 0, tables, faults, messageOf, lastCommittedAtMs: 0 };
  const keep = (event: Event, message: KafkaMessage): void => {
    if (event.kind === 'skip') return;
    if (event.kind === 'fault') {
      const { source, code, message: text, advice } = event;
      faults.push({ message, source, root: null, code, text, advice });
      return;
    }
    const events = tables.get(event.source);
    if (events === undefined) tables.set(event.source, [event]);
    else events.push(event);
    if (event.kind === 'row' && event.holes.length > 0) messageOf.set(event, message);
    if (event.committedAtMs > decoded.lastCommittedAtMs) decoded.lastCommittedAtMs = event.committedAtMs;
  };
  return {
    decoded,
    async add(messages) {
      const time = engine.deps.metrics.timeStage(engine.name, 'decode');
      const turn = createTurns();
      for (const [index, message] of messages.entries()) {
        if (index % 32 === 0) await turn();
        for (const event of decode(message)) keep(event, message);
      }
      decoded.messages += messages.length;
      time();
    },
  };
}

async function readEpochs(engine: Engine): Promise<readonly Epoch[]> {
  const { rows } = await engine.deps.pool.query<{ epoch: number; topic: string; partition: number; from: string }>(
    'SELECT epoch, topic, partition, from_offset AS from FROM cdc.epochs',
  );
  return rows.map((row) => ({ ...row, from: Number(row.from) }));
}

/** Adds columns that v2 has got since, before the transaction: an ALTER TABLE in it would hold its lock to the end. */
export async function widen(engine: Engine, decoded: Decoded): Promise<void> {
  for (const [source, events] of decoded.tables) {
    const columns = new Set<string>();
    let last: readonly string[] = [];
    for (const event of events) {
      if (event.kind !== 'row' || event.image === null || hasColumns(event.image, last)) continue;
      last = Object.keys(event.image);
      for (const name of last) columns.add(name);
    }
    await engine.landing.widen(source, columns);
  }
}
