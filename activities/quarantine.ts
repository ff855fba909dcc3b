// Quarantine: what could not be applied, with its position, its payload and a code, until it is fixed and tried again.
import type { ClientBase } from 'pg';
import type { KafkaMessage } from '../model/change-event.ts';
import type { MkondoError } from '../model/errors.ts';
import type { QuarantineFilter } from './contract.ts';

export interface FaultyEvent {
  readonly message: KafkaMessage;
  readonly source: string;
  /** Landing key of the row, when it is known: a later whole event of the same row resolves the quarantine. */
  readonly root: string | null;
  readonly code: string;
  readonly text: string;
  readonly advice: string;
}

/** Keeps the bytes of events. An event that comes again (a replay, a retry) counts as another attempt. */
export async function quarantineEvents(
  client: ClientBase,
  pipeline: string,
  events: readonly FaultyEvent[],
): Promise<void> {
  for (const { message, source, root, code, text, advice } of events) {
    const headers = message.headers.map(([name, value]) => [
      name?.toString('utf8') ?? null,
      value?.toString('utf8') ?? null,
    ]);
    await client.query(
      `INSERT INTO cdc.quarantine AS q (pipeline, kind, source, root, topic, partition, kafka_offset, code, message, advice, message_key, payload, headers)
       VALUES ($1, 'event', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
       ON CONFLICT (pipeline, topic, partition, kafka_offset) WHERE kind = 'event' DO UPDATE
       SET attempts = q.attempts + 1, last_at = now(), code = excluded.code, message = excluded.message, advice = excluded.advice, resolved_at = NULL,
           discarded_at = NULL, discarded_by = NULL, discarded_reason = NULL`,
      [
        pipeline,
        source,
        root,
        message.topic,
        message.partition,
        message.offset,
        code,
        text,
        advice,
        message.key,
        message.value,
        JSON.stringify(headers),
      ],
    );
  }
}

export async function quarantineRoots(
  client: ClientBase,
  input: { readonly pipeline: string; readonly source: string; readonly failed: ReadonlyMap<string, MkondoError> },
): Promise<void> {
  if (input.failed.size === 0) return;
  const rows = [...input.failed].map(([root, error]) => ({
    root,
    code: error.code,
    message: error.message,
    advice: error.advice,
  }));
  await client.query(
    `INSERT INTO cdc.quarantine AS q (pipeline, kind, source, root, code, message, advice)
     SELECT $1, 'root', $2, x.root, x.code, x.message, x.advice FROM json_to_recordset($3) AS x (root text, code text, message text, advice text)
     ON CONFLICT (pipeline, root) WHERE kind = 'root' AND resolved_at IS NULL DO UPDATE
     SET attempts = q.attempts + 1, last_at = now(), code = excluded.code, message = excluded.message, advice = excluded.advice,
         discarded_at = NULL, discarded_by = NULL, discarded_reason = NULL`,
    [input.pipeline, input.source, JSON.stringify(rows)],
  );
}

/** An entry that is counted, and tried when somebody asks for it. One that was discarded still says that v3 lacks the row. */
export const IS_OPEN = 'resolved_at IS NULL AND discarded_at IS NULL';

/** Open entries of a pipeline ($1), as `openValues` gives them. */
export const OPEN = `pipeline = $1 AND ${IS_OPEN} AND ($2::bigint[] IS NULL OR id = ANY($2))
  AND ($3::text[] IS NULL OR root = ANY($3)) AND ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR code = $5)
  AND ($6::text IS NULL OR source = $6)`;

export function openValues(pipeline: string, only: QuarantineFilter = {}): readonly unknown[] {
  return [pipeline, only.ids ?? null, only.roots ?? null, only.kind ?? null, only.code ?? null, only.source ?? null];
}

/**
 * Gives up entries, from the oldest on. Roots that stand among them are not tried again by themselves; one that v2 has changed
 * since, and that was not tried since, is. Returns how many.
 */
export async function discardEntries(
  client: ClientBase,
  input: {
    readonly pipeline: string;
    readonly only?: QuarantineFilter;
    readonly by: string;
    readonly reason: string;
    readonly limit: number;
  },
): Promise<{ readonly events: number; readonly roots: number }> {
  const { rows } = await client.query<{ kind: string; root: string | null }>(
    `UPDATE cdc.quarantine SET discarded_at = now(), discarded_by = $7, discarded_reason = $8
     WHERE id IN (SELECT id FROM cdc.quarantine WHERE ${OPEN} ORDER BY id LIMIT $9) RETURNING kind, root`,
    [...openValues(input.pipeline, input.only), input.by, input.reason, input.limit],
  );
  const roots = rows.filter(({ kind }) => kind === 'root').map(({ root }) => root);
  await client.query('DELETE FROM cdc.dirty WHERE pipeline = $1 AND root = ANY($2) AND attempts > 0', [
    input.pipeline,
    roots,
  ]);
  return { events: rows.length - roots.length, roots: roots.length };
}

/** Roots that went well this time. */
export async function resolveRoots(
  client: ClientBase,
  input: { readonly pipeline: string; readonly roots: readonly string[] },
): Promise<void> {
  await client.query(
    `UPDATE cdc.quarantine SET resolved_at = now(), last_at = now() WHERE pipeline = $1 AND kind = 'root' AND resolved_at IS NULL AND root = ANY($2)`,
    [input.pipeline, input.roots],
  );
}

/** Rows that landed whole: a quarantined event of such a row has nothing to add any more. */
export async function resolveEvents(
  client: ClientBase,
  input: { readonly pipeline: string; readonly source: string; readonly keys: readonly string[] },
): Promise<void> {
  await client.query(
    `UPDATE cdc.quarantine SET resolved_at = now(), last_at = now()
     WHERE pipeline = $1 AND kind = 'event' AND resolved_at IS NULL AND source = $2 AND root = ANY($3)`,
    [input.pipeline, input.source, input.keys],
  );
}
