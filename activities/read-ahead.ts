// The next batch, read from Kafka and decoded while the one before it is written.
import type { Offsets } from './contract.ts';
import { startDecoding } from './decode-chunk.ts';
import type { Decoded } from './decode-chunk.ts';
import type { Engine } from './engine.ts';

/** Longest wait in one fetch: also how soon roots that another pipeline released are seen. */
const POLL_MS = 250;
/** A batch has about so many bytes of messages at most. */
const BATCH_BYTES = 4 * 1024 * 1024;
/**
 * They are fetched in pieces, each of which is decoded as it comes: messages that waited for long would outlive the garbage
 * collector's young generation. In pieces of 1 MB nearly all did, and were 44 % of what a first load promoted to the old one; in
 * pieces of this size they are 4 %, and node's processor time is an eighth less (128 KB: no more gained).
 */
const PIECE_BYTES = 256 * 1024;

export interface Ahead {
  readonly from: Offsets;
  /** Where reading goes on, for every partition that was read. */
  readonly next: Offsets;
  /** So many more events Kafka holds already. */
  readonly behind: number;
  readonly decoded: Decoded;
}

/** @throws as TopicReader.read */
export async function readAhead(engine: Engine, from: Offsets): Promise<Ahead> {
  const read = (positions: Offsets): ReturnType<typeof engine.reader.read> =>
    engine.reader.read(positions, { maxWaitMs: POLL_MS, maxBytes: PIECE_BYTES });
  let { messages, next, behind } = await read(from);
  const decoding = await startDecoding(engine);
  for (let bytes = 0; ;) {
    for (const { value } of messages) bytes += value?.length ?? 0;
    const isEnough = behind === 0 || messages.length === 0 || bytes >= BATCH_BYTES;
    // Asked for before the piece is decoded: Kafka answers meanwhile. What it refuses, it refuses again when that is the next batch.
    const following = isEnough ? null : read({ ...from, ...next }).catch(() => null);
    await decoding.add(messages);
    const piece = await following;
    if (piece === null) return { from, next, behind, decoded: decoding.decoded };
    messages = piece.messages;
    next = { ...next, ...piece.next };
    behind = piece.behind;
  }
}
