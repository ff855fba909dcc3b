// What a verification asks of v2, counted: v2 belongs to others, who are to see what it cost them.
import type { Client } from 'pg';

export interface Load {
  readonly queries: number;
  readonly rows: number;
  /** That v2 was busy with it, and the way there and back. */
  readonly ms: number;
}

/** From here on the client counts what is asked of it; gives back how to read the count. */
export function countLoad(client: Client): () => Load {
  const load = { queries: 0, rows: 0, ms: 0 };
  const ask = client.query.bind(client) as (...given: unknown[]) => Promise<{ rowCount: number | null }>;
  const counting = async (...given: unknown[]): Promise<unknown> => {
    const began = performance.now();
    try {
      const result = await ask(...given);
      load.rows += result.rowCount ?? 0;
      return result;
    } finally {
      load.queries += 1;
      load.ms += performance.now() - began;
    }
  };
  Object.assign(client, { query: counting });
  return () => ({ ...load, ms: Math.round(load.ms) });
}
