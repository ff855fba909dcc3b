// `npm run test:experiment`: a change of requisitions is tried on the whole system and promoted while a simulated eLMIS goes on and
// a reader of v3 watches. It must never see a requisition missing or half changed, and at the end v3 must be what v2 and the
// change say, row by row. Prints what it cost, and what the live flow took meanwhile.
// Options: --lines 20000, --share 0.25 (of its time that the experiment works), --rate 2 (actions of the simulator a second),
// --seed 1, --port-base (free ones by default).
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadTransformation } from '../../activities/transformation.ts';
import type { ExperimentRecord } from '../../experiments/books.ts';
import { createSimulator } from '../../infra/demo/simulator.ts';
import { portsFrom } from '../../infra/local/ports.ts';
import { projectDir } from '../../infra/local/settings.ts';
import { reportText } from '../../infra/verify/report.ts';
import { idOf } from '../../model/ids.ts';
import { pipelines } from '../../pipelines/index.ts';
import { startSystem } from '../e2e/running-system.ts';
import type { RunningSystem } from '../e2e/running-system.ts';
import { freePorts } from '../support/free-ports.ts';
import type { Latency } from '../support/latency.ts';
import { openProbe } from './probe.ts';
import { openReader, readRoots } from './reader.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '20000' },
    share: { type: 'string', default: '0.25' },
    rate: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    'port-base': { type: 'string' },
  },
});
const PIPELINE = 'requisitions';
const CHANGE = 'code-before-remarks';
/** What the demo makes at scale 1. */
const DEMO_LINES = 37_000;
const QUIET_MS = 20_000;
const LONGEST_MS = 3 * 3_600_000;

const began = Date.now();
const seed = Number(values.seed);
const system = await startSystem({
  stateDir: '.run/experiment',
  ports: values['port-base'] === undefined ? await freePorts() : portsFrom(Number(values['port-base'])),
  demo: { scale: Number(values.lines) / DEMO_LINES, seed },
  log,
});
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void system.stop().then(() => process.exit(130)));
const faults = await run(system).catch((error: unknown) => {
  console.error(error);
  return [String(error)];
});
await system.stop();
process.exit(faults.length === 0 ? 0 : 1);

async function run({ stack, v2, v3, settle, verify }: RunningSystem): Promise<readonly string[]> {
  await settle(LONGEST_MS);
  const roots = await readRoots(v2, v3, (id) => idOf('requisitions', String(id)));
  const lines = roots.reduce((sum, root) => sum + root.lines, 0);
  log(`${roots.length} requisitions with ${lines} lines are in v3`);

  const urls = { v2Url: stack.urls.v2.application, v3Url: stack.urls.v3.admin };
  const simulator = createSimulator({
    v2Url: urls.v2Url,
    seed,
    log: { info: () => undefined, warn: (details: unknown) => log(`an action failed: ${JSON.stringify(details)}`) },
  });
  const simulating = new AbortController();
  const playing = simulator.run({ actionsPerSecond: Number(values.rate), signal: simulating.signal });
  const reader = openReader({ ...urls, roots });
  reader.start();
  const probe = openProbe(urls);

  const quiet = await timed(probe, () => sleep(QUIET_MS));
  const id = await start();
  const tried = await timed(probe, () => finished(id));
  const { report } = tried.result;
  if (report === null) throw new Error('The experiment has no report');
  log(
    `${report.roots.derived} roots derived, ${report.roots.differing} would change, ${report.roots.failed} fail, ${report.roots.skipped} put off`,
  );
  const promoted = await timed(probe, () => promote(id));
  const after = await timed(probe, () => sleep(QUIET_MS));

  simulating.abort();
  await playing;
  const { actions, rowChanges } = simulator.summary();
  await simulator.close();
  const seen = await reader.stop();
  await settle(LONGEST_MS);
  const { rows: books } = await v3.query<{ left: number; outdated: number }>(
    `SELECT (SELECT count(*)::int FROM requisition.requisitions WHERE extradata ->> 'remarks' IS NULL) AS "left",
            (SELECT count(*)::int FROM cdc.ledger WHERE pipeline = $1 AND version <> $2) AS outdated`,
    [PIPELINE, tried.result.version],
  );
  const verification = await verify({
    pipelines: await Promise.all(
      pipelines.map(async (each) =>
        each.name === PIPELINE ? (await loadTransformation(each, CHANGE)).pipeline : each,
      ),
    ),
    patienceMs: 30_000,
  });
  const figures = {
    requisitions: roots.length,
    lines,
    share: Number(values.share),
    experiment: {
      seconds: tried.seconds,
      roots: report.roots,
      rootsPerSecond: Math.round(report.roots.derived / tried.seconds),
      linesPerSecond: Math.round(lines / tried.seconds),
      tables: report.tables,
    },
    promotion: { seconds: promoted.seconds, linesPerSecond: Math.round(lines / promoted.seconds) },
    reader: seen,
    simulator: { actions, rowChanges },
    latency: { quiet: quiet.latency, experiment: tried.latency, promotion: promoted.latency, after: after.latency },
    differences: verification.differences,
  };
  const found = [
    ...seen.faults,
    ...(verification.differences === 0
      ? []
      : [`${verification.differences} differences:\n${reportText(verification)}`]),
    ...(books[0]?.left === 0 && books[0].outdated === 0
      ? []
      : [`not all is as the change has it: ${JSON.stringify(books[0])}`]),
    ...(report.roots.failed === 0 ? [] : [`${report.roots.failed} roots fail with the change`]),
    ...(seen.oldRoots > 0 && seen.changedRoots > 0 ? [] : ['the reader has not seen both sides of the promotion']),
  ];
  await mkdir(join(projectDir, '.run'), { recursive: true });
  await writeFile(join(projectDir, '.run', 'experiment.json'), `${JSON.stringify(figures, null, 2)}\n`);
  console.log(figuresText(figures));
  for (const fault of found) console.log(`FAULT: ${fault}`);
  console.log(found.length === 0 ? 'Passed.' : `${found.length} faults.`);
  return found;
}

async function start(): Promise<string> {
  const body = await post('/experiments', {
    pipeline: PIPELINE,
    change: CHANGE,
    share: Number(values.share),
    reason: 'a test',
  });
  return (body as { readonly id: string }).id;
}

/** When every root was looked at. */
async function finished(id: string): Promise<ExperimentRecord> {
  return until(async () => {
    const answer = await fetch(`${system.apiUrl}/experiments/${id}`);
    // A worker writes it down a moment after it was accepted.
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`GET /experiments/${id}: ${answer.status} ${await answer.text()}`);
    const record = (await answer.json()) as ExperimentRecord;
    if (record.state === 'failed') throw new Error(`The experiment failed: ${record.answer}`);
    return record.state === 'finished' ? record : undefined;
  });
}

/** When the reprocess that promotion asks for is over. */
async function promote(id: string): Promise<void> {
  await post(`/experiments/${id}/promote`, { reason: 'it is right' });
  await until(async () => {
    const { operations } = (await get(`/pipelines/${PIPELINE}`)) as {
      readonly operations: readonly { readonly id: string; readonly state: string; readonly answer: string }[];
    };
    const reprocess = operations.find((each) => each.id === `promote-${id}`);
    if (reprocess?.state === 'failed') throw new Error(`The reprocess failed: ${reprocess.answer}`);
    return reprocess?.state === 'done' ? reprocess : undefined;
  });
}

interface Timed<T> {
  readonly result: T;
  readonly seconds: number;
  readonly latency: Latency;
}

/** Does it, and measures the live flow as long as it takes. */
async function timed<T>(probe: (over: AbortSignal) => Promise<Latency>, act: () => Promise<T>): Promise<Timed<T>> {
  const over = new AbortController();
  const start = performance.now();
  const probing = probe(over.signal);
  probing.catch(() => undefined);
  try {
    const result = await act();
    const seconds = (performance.now() - start) / 1000;
    over.abort();
    return { result, seconds, latency: await probing };
  } finally {
    over.abort();
  }
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + LONGEST_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not so after ${LONGEST_MS / 60_000} minutes`);
    await sleep(250);
  }
}

async function get(path: string): Promise<unknown> {
  const answer = await fetch(`${system.apiUrl}${path}`);
  if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function post(path: string, body: object): Promise<unknown> {
  const answer = await fetch(`${system.apiUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

function figuresText({
  requisitions,
  lines,
  share,
  experiment,
  promotion,
  reader,
  simulator,
  latency,
  differences,
}: {
  readonly requisitions: number;
  readonly lines: number;
  readonly share: number;
  readonly experiment: {
    readonly seconds: number;
    readonly rootsPerSecond: number;
    readonly linesPerSecond: number;
    readonly roots: { readonly differing: number };
  };
  readonly promotion: { readonly seconds: number; readonly linesPerSecond: number };
  readonly reader: {
    readonly reads: number;
    readonly roots: number;
    readonly oldRoots: number;
    readonly changedRoots: number;
  };
  readonly simulator: { readonly actions: number; readonly rowChanges: number };
  readonly latency: Readonly<Record<string, Latency>>;
  readonly differences: number;
}): string {
  return [
    '',
    `${requisitions} requisitions with ${lines} lines; eLMIS changed ${simulator.rowChanges} rows meanwhile, in ${simulator.actions} actions`,
    `experiment  ${experiment.seconds.toFixed(1)} s at share ${share}: ${experiment.rootsPerSecond} roots (${experiment.linesPerSecond} lines) a second; ${experiment.roots.differing} roots would change`,
    `promotion   ${promotion.seconds.toFixed(1)} s: ${promotion.linesPerSecond} lines a second`,
    `reader      ${reader.reads} reads of ${reader.roots} requisitions: ${reader.oldRoots} wholly old, ${reader.changedRoots} wholly changed`,
    ...Object.entries(latency).map(
      ([when, { changes, p50Ms, p99Ms, maxMs }]) =>
        `latency     ${when.padEnd(10)}  p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms, most ${maxMs.toFixed(0)} ms, ${changes} changes`,
    ),
    `verify      ${differences} differences`,
  ].join('\n');
}

function log(line: string): void {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`);
}
