// `npm run bench:latency`: how long a change takes from v2's commit until v3's readers can see it, by our whole path and by
// Debezium's JDBC sink, both fed from the same Kafka in the same run, at a steady 200 changes a second.
//
// Method. PostgreSQL itself notes when each transaction committed (track_commit_timestamp), on all servers by the clock of
// this one machine. Each line is changed once, so the transaction that wrote its newest row version (xmin) is that of its
// change, in v2 as in v3 and in the sink's table. Nothing polls, and nothing is added to the flow. The time is taken just
// before the commit is flushed and becomes visible, on every server alike: an error well under a millisecond without fsync.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { withClient } from '../../infra/local/databases.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { idOf } from '../../model/ids.ts';
import { stackOptions, withStack } from './bench-stack.ts';
import type { Fsync } from './bench-stack.ts';
import { changeLines } from './change-lines.ts';
import type { Flowed } from './change-lines.ts';
import { experimentsWhile, SHARE, triedBy } from './experiments.ts';
import type { Tried } from './experiments.ts';
import { applyAll, startOurs } from './ours.ts';
import { loadAverage } from './process-figures.ts';
import { say, table, writeReport } from './report.ts';
import { makeSinkTable, sinkTunings, sinkUrl, startSink } from './sink.ts';
import type { SinkTuning } from './sink.ts';
import { LINES_TABLE, makeSource } from './source.ts';
import { latencyOf } from '../support/latency.ts';
import type { Latency } from '../support/latency.ts';

const { values } = parseArgs({
  options: {
    ...stackOptions,
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '200' },
    /** Lines of one requisition that a transaction changes. 1 makes as many requisitions to derive as rows change. */
    'per-transaction': { type: 'string', default: '1' },
    /** Lines in v2, of all ages; the changes are spread over all requisitions. */
    lines: { type: 'string', default: '40000' },
    seed: { type: 'string', default: '1' },
    /** So many single changes afterwards, each after 20 s of silence: what waking up costs. */
    silence: { type: 'string', default: '0' },
    /** Besides, so many times: the same flow alone, and while experiments on all requisitions run one after the other. */
    experiment: { type: 'string', default: '0' },
  },
});

const RATE = Number(values.rate);
const PER_TRANSACTION = Number(values['per-transaction']);
const ROUNDS = Number(values.experiment);
/** An experiment may cost the live flow less than this many times its p99. */
const MOST_TIMES = 2;
/** Both paths are awake and their code is warm when the measurement begins. */
const WARM_UP_SECONDS = 15;
const SILENCE_MS = 20_000;
const ARRIVED_WITHIN_MS = 120_000;

/** $1: ids, as text. */
const LINE_VERSIONS = `SELECT id::text AS id, xmin FROM ${LINES_TABLE} WHERE id = ANY($1::int[])`;

interface BesideExperiments {
  readonly without: Latency;
  readonly beside: Latency;
  readonly tried: Tried;
}

await withStack({ name: 'bench-latency', values }, bench);
process.exit(0);

async function bench(stack: Stack, fsync: Fsync): Promise<void> {
  await noteCommitTimes(stack);
  const changes = Math.round(RATE * Number(values.seconds));
  const warmUp = RATE * WARM_UP_SECONDS;
  // Each line is changed once only.
  const flows = 1 + 2 * ROUNDS;
  const lines = Math.max(Number(values.lines), changes * flows + warmUp + Number(values.silence));
  const source = await makeSource({ stack, lines, seed: Number(values.seed), linesPerRequisition: null, say });
  await applyAll(stack);
  say('everything is in v3');
  const tuning = sinkTunings[0] as SinkTuning;
  await makeSinkTable(stack, LINES_TABLE, tuning);
  const sink = await startSink({ stack, name: 'sink-latency', table: LINES_TABLE, tuning, from: 'latest' });
  const ours = await startOurs(stack);
  // What a fresh worker looks after first.
  await sleep(5_000);
  const paced = { stack, rowsPerSecond: RATE, linesPerTransaction: PER_TRANSACTION };
  await changeLines({ ...paced, seconds: WARM_UP_SECONDS, skipLines: 0 });
  const loadBefore = await loadAverage();
  say(`both paths are warm; ${RATE} changes a second for ${values.seconds} s ...`);
  const flow = await changeLines({ ...paced, seconds: Number(values.seconds), skipLines: warmUp });
  const oursSteady = latencyOf(await arrivals(stack, flow.lines, v3Commits));
  await sink.check();
  const sinkSteady = latencyOf(await arrivals(stack, flow.lines, sinkCommits));

  const experiments = ROUNDS === 0 ? null : await besideExperiments();

  const single: number[] = [];
  for (let at = 0; at < Number(values.silence); at += 1) {
    await sleep(SILENCE_MS);
    single.push(
      ...(await changeLines({ ...paced, seconds: 1 / RATE, skipLines: warmUp + changes * flows + at })).lines,
    );
  }
  const afterSilence = single.length === 0 ? null : latencyOf(await arrivals(stack, single, v3Commits));
  await ours.close();
  await sink.stop();

  /** One after the other, and the other way round the next time: what else goes on at this machine hits both alike. */
  async function besideExperiments(): Promise<BesideExperiments> {
    const without: number[] = [];
    const beside: number[] = [];
    let skipLines = warmUp + changes;
    const measure = async (isBeside: boolean): Promise<void> => {
      const change = (): Promise<Flowed> => changeLines({ ...paced, seconds: Number(values.seconds), skipLines });
      const { lines: changed } = await (isBeside ? experimentsWhile(ours.temporal, change) : change());
      skipLines += changes;
      const latencies = await arrivals(stack, changed, v3Commits);
      (isBeside ? beside : without).push(...latencies);
      say(`p99 ${isBeside ? 'beside experiments' : 'without'}: ${latencyOf(latencies).p99Ms.toFixed(1)} ms`);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      await measure(round % 2 === 1);
      await measure(round % 2 === 0);
    }
    return { without: latencyOf(without), beside: latencyOf(beside), tried: await triedBy(stack) };
  }

  const row = (name: string, each: Latency): readonly (string | number)[] => [
    name,
    ...[each.p50Ms, each.p90Ms, each.p99Ms, each.maxMs].map((ms) => ms.toFixed(1).padStart(8)),
  ];
  console.log(
    `\nms from v2's commit to the destination's, at ${flow.rowsPerSecond.toFixed(0)} changes/s, ${flow.lines.length} in all, ${PER_TRANSACTION} in a transaction, over ${source.requisitions} requisitions of ${Math.round(source.lines / source.requisitions)} lines; fsync ${fsync}; load of the machine before: ${loadBefore}\n`,
  );
  console.log(
    table([
      ['', '     p50', '     p90', '     p99', '     max'],
      row('ours: bridge, Temporal, landing, derive, ledger, v3', oursSteady),
      row("Debezium's JDBC sink, same Kafka", sinkSteady),
      ...(experiments === null
        ? []
        : [
            row(`ours without experiments, ${ROUNDS} times in turn with:`, experiments.without),
            row(
              `ours beside ${experiments.tried.experiments} experiments (${experiments.tried.roots} roots, share ${SHARE})`,
              experiments.beside,
            ),
          ]),
      ...(afterSilence === null
        ? []
        : [row(`ours, single changes after ${SILENCE_MS / 1000} s of silence`, afterSilence)]),
    ]),
  );
  console.log('\nAimed at: median under 150 ms, p99 under 500 ms.');
  if (experiments !== null) {
    const times = experiments.beside.p99Ms / experiments.without.p99Ms;
    console.log(`p99 beside experiments: ${times.toFixed(2)} times what it is without. Aimed at: under ${MOST_TIMES}.`);
  }
  const file = await writeReport('latency', {
    ours: oursSteady,
    sink: sinkSteady,
    experiments,
    afterSilence,
    rate: flow.rowsPerSecond,
    perTransaction: PER_TRANSACTION,
    source: { ...source, fsync },
    loadBefore,
  });
  console.log(`The figures: ${file}`);
}

async function noteCommitTimes(stack: Stack): Promise<void> {
  for (const name of ['v2', 'v3'] as const) {
    await withClient(stack.urls[name].admin, (client) => client.query('ALTER SYSTEM SET track_commit_timestamp = on'));
    await stack.part(name).stop();
    await stack.part(name).restart();
  }
}

/** Id of a v2 line -> microseconds since 1970 at which its newest version was committed. */
type Commits = (stack: Stack, ids: readonly number[]) => Promise<ReadonlyMap<number, number>>;

function v2Commits(stack: Stack, ids: readonly number[]): ReturnType<Commits> {
  return commits(stack.urls.v2.admin, LINE_VERSIONS, new Map(ids.map((id) => [String(id), id])));
}

function sinkCommits(stack: Stack, ids: readonly number[]): ReturnType<Commits> {
  return commits(sinkUrl(stack), LINE_VERSIONS, new Map(ids.map((id) => [String(id), id])));
}

function v3Commits(stack: Stack, ids: readonly number[]): ReturnType<Commits> {
  return commits(
    stack.urls.v3.admin,
    'SELECT id::text AS id, xmin FROM requisition.requisition_line_items WHERE id = ANY($1::uuid[])',
    new Map(ids.map((id) => [idOf('requisition_line_items', String(id)), id])),
  );
}

/** `names`: the row's id at the destination -> v2's. */
async function commits(
  url: string,
  rowsSql: string,
  names: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<number, number>> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ id: string; micros: string }>(
      `SELECT id, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint AS micros FROM (${rowsSql}) r`,
      [[...names.keys()]],
    );
    return new Map(rows.map((row) => [names.get(row.id) as number, Number(row.micros)]));
  });
}

/** Milliseconds from v2's commit to the destination's, per change; waits until all have arrived. */
async function arrivals(stack: Stack, lines: readonly number[], at: Commits): Promise<readonly number[]> {
  const left = await v2Commits(stack, lines);
  const deadline = Date.now() + ARRIVED_WITHIN_MS;
  for (;;) {
    const arrived = await at(stack, lines);
    // Before a change has arrived, its line has the commit of an earlier version, or is not there.
    const latencies = lines.map((id) => ((arrived.get(id) ?? 0) - (left.get(id) ?? 0)) / 1000);
    const missing = latencies.filter((ms) => ms <= 0).length;
    if (missing === 0) return latencies;
    if (Date.now() > deadline)
      throw new Error(`${missing} of ${lines.length} changes have not arrived after ${ARRIVED_WITHIN_MS / 1000} s`);
    await sleep(500);
  }
}
