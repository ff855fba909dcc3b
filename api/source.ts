// Source health over REST: whether v2's changes come, and how long what is in between keeps them.
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import type { Retention } from '../model/retention.ts';
import type { Pipeline } from '../pipelines/definition.ts';
import { query } from './control-schema.ts';
import { addRoute, time } from './route.ts';
import type { SourceHealth } from './source-watch.ts';

const watch = z
  .enum(['watched', 'not watched', 'no answer'])
  .describe('not watched: no setting says where it is; the message names it');

const sourceSchema = z.object({
  state: z
    .enum(['well', 'troubled', 'unknown'])
    .describe('unknown: nothing is wrong with what is known, but not all is'),
  findings: z.array(z.string()).describe('what is wrong, and what it leads to'),
  connector: z.object({
    watch,
    name: z.string(),
    state: z.string().nullable().describe('as Kafka Connect has it: RUNNING, PAUSED, FAILED, ...'),
    tasks: z.array(z.object({ id: z.int(), state: z.string(), trace: z.string().nullable() })),
    message: z.string().nullable(),
  }),
  slot: z.object({
    watch,
    name: z.string(),
    active: z.boolean().nullable().describe('somebody reads it'),
    walStatus: z.string().nullable().describe('reserved, extended, unreserved or lost'),
    retainedBytes: z.number().nullable().describe('log that v2 keeps for it'),
    confirmedLagBytes: z.number().nullable().describe('log that v2 has written since what the connector confirmed'),
    safeBytes: z.number().nullable().describe('what v2 may still write before it gives the slot up; null: no limit'),
    message: z.string().nullable(),
  }),
  heartbeat: z
    .object({ at: time, ageSeconds: z.int().min(0) })
    .nullable()
    .describe("Debezium's last, to about ten seconds; null where Kafka does not answer, or there was none yet"),
  lastEventAt: time.nullable().describe('when v2 committed the newest landed event of any pipeline'),
  retention: z
    .object({ until: time, topic: z.string(), pipeline: z.string() })
    .nullable()
    .describe('what Kafka forgets first of what a pipeline has not landed'),
});

export interface SourceApiDeps {
  readonly pool: Pool;
  readonly pipelines: readonly Pipeline[];
  readonly retentionOf: (pipeline: string) => Retention | null;
  readonly sourceHealth: () => Promise<SourceHealth>;
  /** ISO 8601; null when it is not known. */
  readonly heartbeatAt: () => string | null;
}

export function registerSource(app: FastifyInstance, deps: SourceApiDeps): void {
  const { pool, pipelines, retentionOf, sourceHealth, heartbeatAt } = deps;
  addRoute(app, {
    method: 'GET',
    url: '/source',
    tag: 'Source',
    summary: "Whether v2's changes come: connector, replication slot, heartbeat, and how long Kafka keeps them",
    answer: sourceSchema,
    handle: async () => {
      const [health, events] = await Promise.all([
        sourceHealth(),
        query<{ at: Date | null }>(pool, 'SELECT max(last_event_at) AS at FROM cdc.pipelines'),
      ]);
      const nowMs = Date.now();
      const at = heartbeatAt();
      const heartbeat =
        at === null ? null : { at, ageSeconds: Math.max(0, Math.round((nowMs - Date.parse(at)) / 1000)) };
      const retention =
        pipelines
          .flatMap(({ name }) => {
            const kept = retentionOf(name);
            return kept === null ? [] : [{ ...kept, pipeline: name }];
          })
          .toSorted((a, b) => a.until.localeCompare(b.until))[0] ?? null;
      return {
        ...judge(health, { heartbeatAgeSeconds: heartbeat?.ageSeconds ?? null }),
        ...health,
        heartbeat,
        lastEventAt: events[0]?.at ?? null,
        retention,
      };
    },
  });
}

/** Debezium sends one every five seconds, and is looked at every ten. */
const HEARTBEAT_LATE_S = 60;
const MUCH_WAL_BYTES = 1024 ** 3;

export function judge(
  { connector, slot }: SourceHealth,
  { heartbeatAgeSeconds }: { readonly heartbeatAgeSeconds: number | null },
): { readonly state: 'well' | 'troubled' | 'unknown'; readonly findings: readonly string[] } {
  const findings: string[] = [];
  for (const { watch: was, message } of [connector, slot])
    if (was !== 'not watched' && message !== null) findings.push(message);
  if (connector.state !== null && connector.state !== 'RUNNING')
    findings.push(`The connector is ${connector.state}: no change of v2 comes, and v2 keeps its log until it runs.`);
  for (const { id, state, trace } of connector.tasks)
    if (state !== 'RUNNING')
      findings.push(`Task ${id} of the connector is ${state}${trace === null ? '' : `: ${trace}`}.`);
  if (connector.state === 'RUNNING' && connector.tasks.length === 0) findings.push('The connector has no task.');
  if (slot.active === false) findings.push("Nobody reads v2's replication slot: v2 keeps its log for it.");
  if (slot.walStatus === 'lost')
    findings.push('v2 has given the slot up: what it wrote since is lost to us, and must be read anew by a snapshot.');
  if (slot.walStatus === 'unreserved')
    findings.push('v2 is about to give the slot up: the log that it may keep for it is used up.');
  if ((slot.retainedBytes ?? 0) > MUCH_WAL_BYTES)
    findings.push(`v2 keeps ${((slot.retainedBytes ?? 0) / MUCH_WAL_BYTES).toFixed(1)} GB of log for the slot.`);
  if (heartbeatAgeSeconds !== null && heartbeatAgeSeconds > HEARTBEAT_LATE_S)
    findings.push(`No heartbeat of Debezium has come for ${heartbeatAgeSeconds} s.`);
  if (findings.length > 0) return { state: 'troubled', findings };
  const isAllKnown = connector.watch === 'watched' && slot.watch === 'watched' && heartbeatAgeSeconds !== null;
  return { state: isAllKnown ? 'well' : 'unknown', findings };
}
