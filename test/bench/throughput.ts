// `npm run bench:throughput`: how fast requisition lines that Kafka holds come into PostgreSQL, by Debezium's JDBC sink (one
// table, copied as it is) and by our whole path (bridge, Temporal, landing, derive, ledger, seven v3 tables with their keys
// and triggers), one after the other, on the same machine and the same PostgreSQL server; the fastest sink before ours and
// after it. Then `reprocess` of all that is unchanged, and what a steady flow costs Temporal.
//
// Clocks. Both: from the first row that can be seen to the last; the sink's in its table, ours from the first that has landed, of
// whichever table, to the last root derived. What comes before is shown as the start: the sink's from its connector's request,
// ours from the start of the pipeline's workflow, which is when the bridge first hears of its topics. Reprocess: from the
// request to the end of its workflow.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { withClient } from '../../infra/local/databases.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { operationUpdates, pipelineWorkflowId } from '../../workflows/messages.ts';
import { stackOptions, withStack } from './bench-stack.ts';
import type { Fsync } from './bench-stack.ts';
import { changeLines } from './change-lines.ts';
import { applyAll, hasLanded, workflowBeganMs, historyOf, progressOf, rowsWritten, startOurs } from './ours.ts';
import type { Ours } from './ours.ts';
import { cpuSeconds, loadAverage, peakRssBytes, pidOf, postgresProcesses } from './process-figures.ts';
import { say, table, writeReport } from './report.ts';
import { makeSinkTable, sinkTunings, sinkUrl, startSink } from './sink.ts';
import type { SinkTuning } from './sink.ts';
import { FULL_STORE_LINES, LINES_TABLE, linesTopic, makeSource } from './source.ts';
import { logEnds } from './topic-ends.ts';

const { values } = parseArgs({
  options: {
    ...stackOptions,
    lines: { type: 'string', default: '500000' },
    seed: { type: 'string', default: '1' },
    /** 120 by default, 20 for a small run. */
    'steady-seconds': { type: 'string' },
    'steady-rate': { type: 'string', default: '50' },
  },
});

const LINES = Number(values.lines);
const STEADY_SECONDS = Number(values['steady-seconds'] ?? (LINES < 100_000 ? 20 : 120));
const STEADY_RATE = Number(values['steady-rate']);
const PIPELINE = 'requisitions';
const LONGEST_MS = 1_800_000;

interface Figures {
  /** Before the first row can be seen; null where that is not looked for. */
  readonly startSeconds: number | null;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** Processor seconds: of the process that applies, and of PostgreSQL for it. */
  readonly processCpuSeconds: number;
  readonly postgresCpuSeconds: number;
  readonly loadBefore: number;
}

await withStack({ name: 'bench-throughput', values }, bench);
process.exit(0);

async function bench(stack: Stack, fsync: Fsync): Promise<void> {
  const source = await makeSource({
    stack,
    lines: LINES,
    linesPerRequisition: FULL_STORE_LINES,
    seed: Number(values.seed),
    say,
  });

  const sinks: SinkFigures[] = [];
  const sink = async (tuning: SinkTuning, name: string): Promise<SinkFigures> => {
    const figures = await measureSink(stack, { tuning, name, lines: source.lines });
    const measured = { tuning: name, rawTypes: tuning.rawTypes, ...figures };
    sinks.push(measured);
    say(`the sink, ${name}: ${figures.rowsPerSecond} rows/s`);
    return measured;
  };
  for (const tuning of sinkTunings) await sink(tuning, tuning.name);
  await withClient(sinkUrl(stack), (client) => client.query(`DROP TABLE ${LINES_TABLE}`));
  // One that makes other types of v2's columns does less than a copy: it is shown, and not the measure.
  const peers = sinks.filter((each) => !each.rawTypes);
  const fastest = peers.reduce((best, each) => (each.rowsPerSecond > best.rowsPerSecond ? each : best));
  const tuning = sinkTunings.find(({ name }) => name === fastest.tuning) as SinkTuning;

  const waiting = await applyAll(stack, PIPELINE);
  say(`every pipeline but ${PIPELINE} is applied; paused, since they wait for it: ${waiting.join(', ')}`);
  await calm(stack);
  const ours = await startOurs(stack);
  const whole = await measureOurs(stack, ours, source.lines);
  say(`our whole path: ${whole.rowsPerSecond} rows/s`);
  const followers = await measureFollowers(stack, ours, waiting);
  say(`${waiting.join(', ')} resumed, and done after ${followers.seconds.toFixed(1)} s: ${followers.rowsWritten} rows`);
  const reprocess = await measureReprocess(stack, ours, source.lines);
  say(`reprocess: ${reprocess.rowsPerSecond} rows/s`);
  const best = mean(fastest, await sink(tuning, `${tuning.name}, after ours`));
  const steady = await measureSteady(stack, ours);
  const memory = {
    workerPeakBytes: await peakRssBytes(pidOf(ours.worker)),
    bridgePeakBytes: await peakRssBytes(pidOf(ours.bridge)),
  };
  await ours.close();

  const row = (name: string, figures: Figures): readonly (string | number)[] => [
    name,
    figures.rowsPerSecond,
    figures.seconds.toFixed(1),
    figures.startSeconds?.toFixed(1) ?? '-',
    figures.processCpuSeconds.toFixed(1),
    figures.postgresCpuSeconds.toFixed(1),
    `x ${(figures.rowsPerSecond / best.rowsPerSecond).toFixed(2)}`,
  ];
  console.log(
    `\n${source.lines} requisition lines of ${source.requisitions} requisitions, fsync ${fsync}; load of the machine before each: ${[...sinks, whole, reprocess].map(({ loadBefore }) => loadBefore).join(', ')}\n`,
  );
  console.log(
    table([
      ['', 'lines/s', 'seconds', 'start s', 'process CPU s', 'PostgreSQL CPU s', 'to the best sink (mean)'],
      ...sinks.map((each) =>
        row(
          `Debezium's JDBC sink, ${each.tuning}${each.rawTypes ? ' (decimals as text, times as numbers)' : ''}`,
          each,
        ),
      ),
      row('ours: bridge, Temporal, landing, derive, ledger, v3', whole),
      row('ours: reprocess, nothing changed', reprocess),
    ]),
  );
  const mb = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
  console.log(
    `\nPeak memory: worker ${mb(memory.workerPeakBytes)}, bridge ${mb(memory.bridgePeakBytes)} (each is to stay under 512 MB)`,
  );
  console.log(
    `Paused while ours was measured, since they wait for it (the sink copies one table): ${waiting.join(', ')}; resumed, they wrote ${followers.rowsWritten} rows in ${followers.seconds.toFixed(1)} s`,
  );
  console.log(`Reprocess wrote ${reprocess.rowsWritten} rows into v3 (nothing had changed: 0 is right)`);
  console.log(
    `Temporal, at ${STEADY_RATE} changes/s over ${STEADY_SECONDS} s: ${steady.eventsPerMinute.toFixed(0)} history events a minute for ${PIPELINE} (at most 120), longest history of any pipeline ${steady.longestHistory} events (at most 5,000)`,
  );
  const file = await writeReport('throughput', {
    ours: whole,
    sink: best,
    reprocess,
    followers: { pipelines: waiting, ...followers },
    sinks,
    memory,
    temporal: steady,
    source: { ...source, fsync },
  });
  console.log(`The figures: ${file}`);
}

type SinkFigures = Figures & { readonly tuning: string; readonly rawTypes: boolean };

/** What a machine does in a minute changes from one to the next: the peer is measured before ours and after it. */
function mean(before: SinkFigures, after: SinkFigures): SinkFigures {
  const of = (figure: keyof Omit<Figures, 'startSeconds'>): number => (before[figure] + after[figure]) / 2;
  const lines = before.rowsPerSecond * before.seconds;
  return {
    ...before,
    seconds: of('seconds'),
    rowsPerSecond: Math.round(lines / of('seconds')),
    processCpuSeconds: of('processCpuSeconds'),
    postgresCpuSeconds: of('postgresCpuSeconds'),
  };
}

async function measureSink(
  stack: Stack,
  task: { readonly tuning: SinkTuning; readonly name: string; readonly lines: number },
): Promise<Figures> {
  await makeSinkTable(stack, LINES_TABLE, task.tuning);
  const last = await withClient(stack.urls.v2.admin, async (client) => {
    const { rows } = await client.query<{ id: number }>(`SELECT max(id) AS id FROM ${LINES_TABLE}`);
    return rows[0]?.id;
  });
  await calm(stack);
  const watch = await startCpu(stack, pidOf(stack.part('connect')));
  const asked = performance.now();
  const sink = await startSink({
    stack,
    name: `sink-${task.name.replaceAll(/\W+/g, '-')}`,
    table: LINES_TABLE,
    tuning: task.tuning,
    from: 'earliest',
  });
  try {
    return await withClient(sinkUrl(stack), async (client) => {
      const seen = async (sql: string, parameters: readonly unknown[] = []): Promise<boolean> =>
        ((await client.query(sql, [...parameters])).rowCount ?? 0) > 0;
      await until('the first row of the sink', 20, async () => {
        await sink.check();
        return seen(`SELECT FROM ${LINES_TABLE} LIMIT 1`);
      });
      const began = performance.now();
      let checkedMs = Date.now();
      // One task applies in order: the last row of the topic comes last.
      await until('the last row of the sink', 50, async () => {
        if (Date.now() - checkedMs > 5_000) {
          await sink.check();
          checkedMs = Date.now();
        }
        return seen(`SELECT FROM ${LINES_TABLE} WHERE id = $1`, [last]);
      });
      const ended = performance.now();
      const figures = await watch.end({
        startSeconds: (began - asked) / 1000,
        seconds: (ended - began) / 1000,
        lines: task.lines,
      });
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${LINES_TABLE}`);
      if (Number(rows[0]?.count) !== task.lines)
        throw new Error(
          `The sink wrote ${rows[0]?.count} rows of ${task.lines}: its log is ${stack.part('connect').logFile}`,
        );
      return figures;
    });
  } finally {
    await sink.stop();
  }
}

async function measureOurs(stack: Stack, ours: Ours, lines: number): Promise<Figures> {
  const loadBefore = await loadAverage();
  const watch = await startCpu(stack, pidOf(ours.worker));
  const end = (await logEnds({ broker: stack.kafka, topics: [linesTopic] })).get(linesTopic) ?? 0;
  // On one connection, and not too often: the looking must not cost what is looked at.
  const { beganMs, endedMs } = await withClient(stack.urls.v3.admin, async (client) => {
    await until('the first row of ours', 20, () => hasLanded(client, PIPELINE));
    const beganMs = Date.now();
    await until('our whole path', 250, async () => {
      const { position, dirty, waiting } = await progressOf(client, PIPELINE, linesTopic);
      return position >= end && dirty === waiting;
    });
    return { beganMs, endedMs: Date.now() };
  });
  const askedMs = await workflowBeganMs(ours.temporal, pipelineWorkflowId(PIPELINE));
  const figures = await watch.end({
    startSeconds: (beganMs - askedMs) / 1000,
    seconds: (endedMs - beganMs) / 1000,
    lines,
  });
  const { rows } = await withClient(stack.urls.v3.admin, (client) =>
    client.query<{ count: string }>('SELECT count(*) FROM requisition.requisition_line_items'),
  );
  if (Number(rows[0]?.count) !== lines) {
    const { waiting, quarantined } = await withClient(stack.urls.v3.admin, (client) =>
      progressOf(client, PIPELINE, linesTopic),
    );
    throw new Error(
      `v3 holds ${rows[0]?.count} of ${lines} lines; ${waiting} roots wait, ${quarantined} are in quarantine`,
    );
  }
  return { ...figures, loadBefore };
}

/** What stood still until the lines were there. */
async function measureFollowers(
  stack: Stack,
  ours: Ours,
  names: readonly string[],
): Promise<{ readonly seconds: number; readonly rowsWritten: number }> {
  const written = async (): Promise<number> => {
    const counts = await Promise.all(names.map((name) => rowsWritten(ours.worker, name)));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const writtenBefore = await written();
  const began = performance.now();
  for (const name of names)
    await ours.temporal.workflow
      .getHandle(pipelineWorkflowId(name))
      .executeUpdate(operationUpdates.resume, { args: [{ reason: 'bench', by: 'bench' }] });
  await withClient(stack.urls.v3.admin, (client) =>
    until(names.join(', '), 250, async () => {
      for (const name of names) {
        const { dirty, waiting } = await progressOf(client, name, linesTopic);
        if (dirty > waiting) return false;
      }
      return true;
    }),
  );
  return { seconds: (performance.now() - began) / 1000, rowsWritten: (await written()) - writtenBefore };
}

async function measureReprocess(
  stack: Stack,
  ours: Ours,
  lines: number,
): Promise<Figures & { readonly rowsWritten: number }> {
  await calm(stack);
  const writtenBefore = await rowsWritten(ours.worker, PIPELINE);
  const watch = await startCpu(stack, pidOf(ours.worker));
  const began = performance.now();
  const { operation } = await ours.temporal.workflow
    .getHandle(pipelineWorkflowId(PIPELINE))
    .executeUpdate(operationUpdates.reprocess, { args: [{ reason: 'bench', by: 'bench' }] });
  if (operation.workflowId === null) throw new Error('reprocess has no workflow');
  await ours.temporal.workflow.getHandle(operation.workflowId).result();
  const figures = await watch.end({ startSeconds: null, seconds: (performance.now() - began) / 1000, lines });
  return { ...figures, rowsWritten: (await rowsWritten(ours.worker, PIPELINE)) - writtenBefore };
}

async function measureSteady(
  stack: Stack,
  ours: Ours,
): Promise<{ readonly eventsPerMinute: number; readonly longestHistory: number }> {
  const workflowId = pipelineWorkflowId(PIPELINE);
  const flow = { stack, rowsPerSecond: STEADY_RATE };
  await changeLines({ ...flow, seconds: 5, skipLines: 0 });
  const before = await historyOf(ours.temporal, workflowId);
  const began = performance.now();
  await changeLines({ ...flow, seconds: STEADY_SECONDS, skipLines: flow.rowsPerSecond * 5 });
  const after = await historyOf(ours.temporal, workflowId);
  const minutes = (performance.now() - began) / 60_000;
  return {
    eventsPerMinute: (after.events - before.events) / minutes,
    longestHistory: (await historyOf(ours.temporal)).longest,
  };
}

/** Dirty pages go to disk now, and not in the middle of the next measurement. */
async function calm(stack: Stack): Promise<void> {
  await withClient(stack.urls.v3.admin, (client) => client.query('CHECKPOINT'));
  await sleep(1_000);
}

async function startCpu(
  stack: Stack,
  pid: number,
): Promise<{
  readonly end: (done: Pick<Figures, 'startSeconds' | 'seconds'> & { readonly lines: number }) => Promise<Figures>;
}> {
  const measure = async (): Promise<{ readonly process: number; readonly postgres: number }> => ({
    process: await cpuSeconds([pid]),
    postgres: await cpuSeconds(await postgresProcesses(pidOf(stack.part('v3')))),
  });
  const [before, loadBefore] = [await measure(), await loadAverage()];
  return {
    async end({ startSeconds, seconds, lines }) {
      const after = await measure();
      return {
        startSeconds,
        seconds,
        rowsPerSecond: Math.round(lines / seconds),
        processCpuSeconds: after.process - before.process,
        postgresCpuSeconds: after.postgres - before.postgres,
        loadBefore,
      };
    },
  };
}

async function until(what: string, everyMs: number, isDone: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + LONGEST_MS;
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error(`${what} is not there after ${LONGEST_MS / 60_000} minutes`);
    await sleep(everyMs);
  }
}
