// How the source does: Debezium's connector as Kafka Connect has it, and the replication slot as v2's own views show it to a role
// that may read nothing else. Asked at most every few seconds, however many want to know.
import { Client } from 'pg';
import { z } from 'zod';
import { under } from '../model/web-address.ts';

/** Whether a part is looked at, and answered. */
type Watch = 'watched' | 'not watched' | 'no answer';

export interface ConnectorHealth {
  readonly watch: Watch;
  readonly name: string;
  /** RUNNING, PAUSED, FAILED, ...; null when it is not known. */
  readonly state: string | null;
  readonly tasks: readonly { readonly id: number; readonly state: string; readonly trace: string | null }[];
  readonly message: string | null;
}

export interface SlotHealth {
  readonly watch: Watch;
  readonly name: string;
  /** Somebody reads it; null when it is not known, or there is no such slot. */
  readonly active: boolean | null;
  /** reserved, extended, unreserved or lost. */
  readonly walStatus: string | null;
  /** Log that v2 keeps for it. */
  readonly retainedBytes: number | null;
  /** Log that v2 has written since what the connector has confirmed. */
  readonly confirmedLagBytes: number | null;
  /** How much more v2 may write before it gives the slot up; null without limit. */
  readonly safeBytes: number | null;
  readonly message: string | null;
}

export interface SourceHealth {
  readonly connector: ConnectorHealth;
  readonly slot: SlotHealth;
}

export interface SourceSettings {
  readonly connectUrl: string | undefined;
  readonly connector: string;
  readonly v2Url: string | undefined;
  readonly slot: string;
}

const FRESH_MS = 5_000;
const ANSWER_MS = 3_000;

export function createSourceWatch(settings: SourceSettings): () => Promise<SourceHealth> {
  let last: { readonly atMs: number; readonly health: Promise<SourceHealth> } | null = null;
  return () => {
    if (last === null || Date.now() - last.atMs >= FRESH_MS) {
      const health = Promise.all([readConnector(settings), readSlot(settings)]).then(([connector, slot]) => ({
        connector,
        slot,
      }));
      last = { atMs: Date.now(), health };
    }
    return last.health;
  };
}

const statusSchema = z.object({
  connector: z.object({ state: z.string() }),
  tasks: z.array(z.object({ id: z.int(), state: z.string(), trace: z.string().optional() })),
});

/** Never throws: that it does not answer is an answer as well. */
async function readConnector({ connectUrl, connector: name }: SourceSettings): Promise<ConnectorHealth> {
  const nothing = { name, state: null, tasks: [] };
  if (connectUrl === undefined)
    return { ...nothing, watch: 'not watched', message: 'MKONDO_CONNECT_URL of the API says where Kafka Connect is.' };
  try {
    const url = under(connectUrl, `connectors/${encodeURIComponent(name)}/status`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (answer.status === 404)
      return { ...nothing, watch: 'watched', message: `Kafka Connect has no connector '${name}' (MKONDO_CONNECTOR).` };
    if (!answer.ok) return { ...nothing, watch: 'no answer', message: `Kafka Connect answers ${answer.status}.` };
    const { connector, tasks } = statusSchema.parse(await answer.json());
    return {
      name,
      watch: 'watched',
      state: connector.state,
      tasks: tasks.map(({ id, state, trace }) => ({ id, state, trace: trace?.split('\n')[0] ?? null })),
      message: null,
    };
  } catch (error) {
    return { ...nothing, watch: 'no answer', message: `Kafka Connect does not answer: ${reasonOf(error)}.` };
  }
}

interface SlotRow {
  readonly active: boolean;
  readonly walStatus: string | null;
  readonly retained: string | null;
  readonly lag: string | null;
  readonly safe: string | null;
}

/** Through JSON: older servers know fewer columns. */
const SLOT = `
  SELECT active, to_jsonb(s) ->> 'wal_status' AS "walStatus", to_jsonb(s) ->> 'safe_wal_size' AS safe,
         pg_wal_lsn_diff(here.lsn, restart_lsn) AS retained, pg_wal_lsn_diff(here.lsn, confirmed_flush_lsn) AS lag
  FROM pg_replication_slots s,
       (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn) here
  WHERE slot_name = $1`;

/** One short connection to v2, with the role that sees replication and no row. Never throws. */
async function readSlot({ v2Url, slot: name }: SourceSettings): Promise<SlotHealth> {
  const nothing = {
    name,
    active: null,
    walStatus: null,
    retainedBytes: null,
    confirmedLagBytes: null,
    safeBytes: null,
  };
  if (v2Url === undefined)
    return {
      ...nothing,
      watch: 'not watched',
      message: 'MKONDO_V2_MONITORING_URL of the API says who may look at v2.',
    };
  const client = new Client({
    connectionString: v2Url,
    application_name: 'mkondo-source-health',
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<SlotRow>(SLOT, [name]);
    const [row] = rows;
    if (row === undefined)
      return { ...nothing, watch: 'watched', message: `v2 has no replication slot '${name}' (MKONDO_V2_SLOT).` };
    return {
      name,
      watch: 'watched',
      active: row.active,
      walStatus: row.walStatus,
      retainedBytes: numberOf(row.retained),
      confirmedLagBytes: numberOf(row.lag),
      safeBytes: numberOf(row.safe),
      message: null,
    };
  } catch (error) {
    return { ...nothing, watch: 'no answer', message: `v2 does not answer: ${reasonOf(error)}.` };
  } finally {
    await client.end().catch(() => undefined);
  }
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}

function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  return inner.message === '' && 'code' in inner ? String(inner.code) : inner.message;
}
