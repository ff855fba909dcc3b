// What the bridge reads in our schema beside v3: positions, for the lag, and who has roots that are due. It writes nothing.
import type { Pool } from 'pg';
import type { Offsets } from '../activities/contract.ts';
import { MkondoError } from '../model/errors.ts';

export interface PipelineRow {
  readonly mode: string;
  readonly positions: Offsets;
  readonly hasDueRoots: boolean;
}

/**
 * Null where our schema is not there yet: the first worker makes it.
 * @throws MkondoError V3_UNAVAILABLE
 */
export async function readPipelines(pool: Pool): Promise<ReadonlyMap<string, PipelineRow> | null> {
  try {
    return await queryPipelines(pool);
  } catch (cause) {
    throw new MkondoError(
      'V3_UNAVAILABLE',
      `The positions could not be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      {
        advice:
          'The bridge tries again by itself, and claims go on meanwhile. If this lasts, look at the v3 database and at MKONDO_V3_URL.',
        cause,
      },
    );
  }
}

async function queryPipelines(pool: Pool): Promise<ReadonlyMap<string, PipelineRow> | null> {
  const { rows: found } = await pool.query<{ exists: boolean }>(
    `SELECT to_regclass('cdc.positions') IS NOT NULL AS exists`,
  );
  if (found[0]?.exists !== true) return null;
  const { rows } = await pool.query<{ name: string; mode: string; positions: Offsets | null; hasDueRoots: boolean }>(
    `SELECT p.name, p.mode,
            (SELECT json_object_agg(topic || '/' || partition, next_offset) FROM cdc.positions WHERE pipeline = p.name) AS positions,
            p.mode = 'running' AND EXISTS (SELECT FROM cdc.dirty WHERE pipeline = p.name AND not_before <= now()) AS "hasDueRoots"
     FROM cdc.pipelines p`,
  );
  return new Map(
    rows.map(({ name, mode, positions, hasDueRoots }) => [name, { mode, positions: positions ?? {}, hasDueRoots }]),
  );
}
