// Mending what a verification found: the roots of the differing rows, and no other, are derived again. The ledger believes that
// v3 holds what we wrote, so it is told first of which rows that is not so; deriving then writes exactly those.
import type { ClientBase, Pool } from 'pg';
import type { OperationOutcome, OperationRequest } from '../../activities/contract.ts';
import { lockDerive, lockPipeline, markDirty } from '../../activities/control.ts';
import { readLedger } from '../../activities/ledger.ts';
import type { OwnedPieces } from '../../activities/owned-rows.ts';
import { HEAD } from '../../activities/scope.ts';
import { inTransaction } from '../../activities/transaction.ts';
import type { RowDifference } from './compare-roots.ts';
import { readMendable } from './results.ts';

/** No row has it: the row differs, whatever it is derived to. */
const UNKNOWN_HASH = '';

export async function mend(pool: Pool, request: OperationRequest): Promise<OperationOutcome> {
  return inTransaction(pool, async (client) => {
    const { pipeline } = request;
    await lockPipeline(client, pipeline);
    await lockDerive(client, pipeline);
    const differences = await readMendable(client, pipeline);
    const byRoot = Map.groupBy(differences, ({ root }) => root);
    const ledger = await readLedger(client, pipeline, [...byRoot.keys()]);
    const entries = [...byRoot].flatMap(([root, rows]) => {
      const doubted = doubt(ledger.get(root), rows);
      return doubted === null ? [] : [{ root, owned: doubted }];
    });
    await writeDoubted(client, { pipeline, run: request.id, entries });
    await markDirty(client, { pipeline, roots: byRoot.keys(), operation: request.id });
    await client.query(`SELECT pg_notify('cdc_wake', $1)`, [pipeline]);
    return {
      answer: `${differences.length} rows that differ, ${byRoot.size} roots to derive.`,
      counts: { rows: differences.length, roots: byRoot.size },
    };
  });
}

/**
 * The entry with its differing rows marked as not known to be right. A row that nobody owned is taken into it: the
 * operator has said that it is to go, and whatever derive does not make, goes. Null when nothing is to be noted.
 */
export function doubt(owned: OwnedPieces | undefined, rows: readonly RowDifference[]): OwnedPieces | null {
  let pieces = owned;
  for (const { kind, target, key } of rows) {
    if (kind === 'refused') continue;
    const holder = Object.entries(pieces ?? {}).find(([, hashes]) => key in (hashes[target] ?? {}))?.[0];
    // A missing row that the ledger does not know either is inserted as a new one.
    if (holder === undefined && kind === 'missing') continue;
    const piece = holder ?? HEAD;
    const hashes = pieces?.[piece] ?? {};
    pieces = { ...pieces, [piece]: { ...hashes, [target]: { ...hashes[target], [key]: UNKNOWN_HASH } } };
  }
  return pieces === owned ? null : (pieces ?? null);
}

async function writeDoubted(
  client: ClientBase,
  input: {
    readonly pipeline: string;
    readonly run: string;
    readonly entries: readonly { readonly root: string; readonly owned: OwnedPieces }[];
  },
): Promise<void> {
  if (input.entries.length === 0) return;
  // Without the digest the next derive compares row by row.
  await client.query(
    `INSERT INTO cdc.ledger (pipeline, root, owned, digest, version, run)
     SELECT $1, x.root, x.owned, '', '', $3 FROM json_to_recordset($2) AS x (root text, owned jsonb)
     ON CONFLICT (pipeline, root) DO UPDATE SET owned = excluded.owned, digest = '', run = excluded.run, written_at = now()`,
    [input.pipeline, JSON.stringify(input.entries), input.run],
  );
}
